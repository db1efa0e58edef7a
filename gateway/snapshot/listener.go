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
	hostname string
}

// listenerState is a live listener.
type listenerState struct {
	cfg       *config.Listener
	port      PortKey
	hostnames []string
}

func (l *listenerState) site(hostname string) siteKey { return siteKey{l.port, hostname} }

func compileListener(cfg *config.Listener) (*listenerState, error) {
	l := &listenerState{cfg: cfg, hostnames: cfg.GetHostnames()}
	if len(l.hostnames) == 0 {
		l.hostnames = []string{hostmatch.Any}
	}
	if p := cfg.GetProtocol(); p != config.Protocol_PROTOCOL_HTTP {
		return nil, fmt.Errorf("protocol: %s is not served by this proxy", strings.TrimPrefix(p.String(), "PROTOCOL_"))
	}
	if p := cfg.GetPort(); p == 0 || p > 65535 {
		return nil, fmt.Errorf("port: %d is not between 1 and 65535", p)
	}
	if a := cfg.GetAddress(); a != "" {
		if _, err := netip.ParseAddr(a); err != nil {
			return nil, fmt.Errorf("address: %q is not an IP address", a)
		}
	}
	l.port = PortKey{Address: cfg.GetAddress(), Port: uint16(cfg.GetPort())}
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

// regroup builds a port out of the listeners that are on it now; nil if there is none.
func (c *Compiler) regroup(key PortKey) *Port {
	var members []*listenerState
	for name := range c.onPort[key] {
		members = append(members, c.listeners[name])
	}
	if len(members) == 0 {
		return nil
	}
	slices.SortFunc(members, func(a, b *listenerState) int {
		return cmp.Or(compareOrder(a.cfg.GetOrder(), b.cfg.GetOrder()), strings.Compare(a.cfg.GetName(), b.cfg.GetName()))
	})
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
