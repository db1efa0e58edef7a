package snapshot

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/listener"
	"github.com/fairlead-mesh/fairlead/routing"
	"github.com/fairlead-mesh/fairlead/routing/hostmatch"
)

// siteKey is the place of a table: one hostname of one port. Listeners with the same
// address, port and hostname share it.
type siteKey struct {
	port     PortKey
	group    string // see listenerTLS
	hostname string
}

// listenerState is a live listener.
type listenerState struct {
	cfg       *config.Listener
	port      PortKey
	hostnames []string
	tls       *listenerTLS // nil unless the protocol is HTTPS
}

func (l *listenerState) site(hostname string) siteKey {
	site := siteKey{port: l.port, hostname: hostname}
	if l.tls != nil {
		site.group = l.tls.group
	}
	return site
}

func compileListener(cfg *config.Listener) (*listenerState, error) {
	l := &listenerState{cfg: cfg, hostnames: cfg.GetHostnames()}
	if len(l.hostnames) == 0 {
		l.hostnames = []string{hostmatch.Any}
	}
	switch cfg.GetProtocol() {
	case config.Protocol_PROTOCOL_HTTP:
	case config.Protocol_PROTOCOL_HTTPS:
		var err error
		if l.tls, err = compileListenerTLS(cfg); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("protocol: %s is not served by this proxy", protocolName(cfg))
	}
	if p := cfg.GetPort(); p == 0 || p > 65535 {
		return nil, fmt.Errorf("port: %d is not between 1 and 65535", p)
	}
	if a := cfg.GetAddress(); a != "" {
		if _, err := netip.ParseAddr(a); err != nil {
			return nil, fmt.Errorf("address: %q is not an IP address", a)
		}
	}
	l.port = PortKey{Address: cfg.GetAddress(), Port: uint16(cfg.GetPort()), Secure: l.tls != nil}
	for i, h := range l.hostnames {
		if err := hostmatch.Check(h); err != nil {
			return nil, fmt.Errorf("hostnames[%d]: %w", i, err)
		}
	}
	if _, err := listener.NewSettings(cfg.GetHttp()); err != nil {
		return nil, err
	}
	return l, nil
}

// regroup builds a port anew out of the listeners that are on it now, which all speak with TLS
// or all without.
func (c *Compiler) regroup(key PortKey) {
	var members []*listenerState
	for _, key.Secure = range []bool{false, true} {
		delete(c.ports, key)
		for name := range c.onPort[key] {
			members = append(members, c.listeners[name])
		}
	}
	if len(members) == 0 {
		return
	}
	slices.SortFunc(members, compareMembers)
	members = c.split(members)
	key = members[0].port
	c.ports[key] = c.group(key, members)
}

// group builds a port out of its listeners, the oldest first.
func (c *Compiler) group(key PortKey, members []*listenerState) *Port {
	p := &Port{Key: key}
	oldest := members[0].cfg
	settings, err := listener.NewSettings(c.defaults, c.gatewayHTTP(oldest.GetGateway()), oldest.GetHttp())
	if err != nil {
		// Each layer was accepted alone; what they say together is refused with the
		// listener's own layer left out.
		c.reject(config.Wrap(oldest), err.Error())
		settings, _ = listener.NewSettings(c.defaults)
	}
	p.Settings = settings
	for _, l := range members {
		p.Listeners = append(p.Listeners, l.cfg.GetName())
	}
	if key.Secure {
		p.secure = c.regroupTLS(members)
		return p
	}
	for _, l := range members {
		for _, h := range l.hostnames {
			p.hosts.Set(h, c.table(l.site(h)))
		}
	}
	if p.hosts.Len() == 1 {
		p.only, _ = p.hosts.Get(hostmatch.Any)
	}
	return p
}

// table returns the table of a site, which may be empty.
func (c *Compiler) table(site siteKey) *routing.Table[*Action] {
	if t := c.tables[site]; t != nil {
		return t
	}
	return &routing.Table[*Action]{}
}

func (c *Compiler) gatewayHTTP(name string) *config.HttpSettings {
	return c.live[config.Name{Kind: config.KindGateway, Name: name}].GetGateway().GetHttp()
}

func compareOrder(a, b *config.Order) int {
	return cmp.Or(
		cmp.Compare(a.GetCreatedUnixSeconds(), b.GetCreatedUnixSeconds()),
		strings.Compare(a.GetKey(), b.GetKey()),
		cmp.Compare(a.GetIndex(), b.GetIndex()),
	)
}
