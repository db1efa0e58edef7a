package snapshot

import (
	"iter"
	"maps"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/listener"
	"github.com/fairlead-mesh/fairlead/routing"
	"github.com/fairlead-mesh/fairlead/routing/hostmatch"
)

// PortKey identifies a socket in the configuration.
type PortKey struct {
	Address string // IP address; empty for all
	Port    uint16 // before any offset
	// Secure: TLS is terminated. A socket never changes from one to the other.
	Secure bool
}

// Snapshot is one whole configuration, compiled.
type Snapshot struct {
	// Version is the version of the delta that made it.
	Version string

	ports map[PortKey]*Port
}

// Port returns what is configured for a socket, or nil.
func (s *Snapshot) Port(key PortKey) *Port { return s.ports[key] }

// Ports returns every socket there is to be.
func (s *Snapshot) Ports() iter.Seq[*Port] { return maps.Values(s.ports) }

// Port is one socket: the listeners that share an address and a port.
type Port struct {
	Key      PortKey
	Settings *listener.Settings
	// Listeners are the names of its listeners, the oldest first.
	Listeners []string

	hosts hostmatch.Map[*routing.Table[*Action]]
	only  *routing.Table[*Action] // set if the one listener is for every host

	secure *secureHosts // instead of both, if TLS is terminated
}

// Match returns what to do with a request whose facts are set: the route in the listener
// with the most specific hostname. The error says that there is none, or that the request
// belongs on another connection.
func (p *Port) Match(ex *exchange.Exchange) (*Action, *exchange.Error) {
	if p.secure != nil {
		return p.secure.match(ex)
	}
	table, ok := p.only, p.only != nil
	if !ok {
		table, ok = p.hosts.Best(ex.Host)
	}
	if !ok {
		return nil, errNoRoute
	}
	if action, ok := table.Match(ex); ok {
		return action, nil
	}
	return nil, errNoRoute
}
