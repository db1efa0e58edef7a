package snapshot

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/routing"
	"github.com/fairlead-mesh/fairlead/routing/hostmatch"
	"github.com/fairlead-mesh/fairlead/tls/certs"
	"github.com/fairlead-mesh/fairlead/tls/handshake"
)

// protocols are what can be agreed on by ALPN, the preferred first: those that have a codec.
var protocols = []string{"http/1.1"}

// listenerTLS is the TLS side of a live listener.
type listenerTLS struct {
	terminator *handshake.Terminator
	index      *certs.Index
	// names are the server names that lead to the listener.
	names []string
	// group sets listeners apart whose server names are not their hostnames: a connection
	// that came by one of them sees the tables of its group alone. Others are in the
	// group "".
	group string
}

// secure is a listener as its connections see it.
type secure struct {
	choice handshake.Choice
	owner  *config.Listener
	group  string
}

// secureSite is a hostname's table, and whose it is.
type secureSite struct {
	table *routing.Table[*Action]
	owner *config.Listener
}

// secureHosts is what there is on a port that terminates TLS.
type secureHosts struct {
	names  hostmatch.Map[*secure]                // by server name
	groups map[string]*hostmatch.Map[secureSite] // by group, then by hostname
}

func compileListenerTLS(cfg *config.Listener) (*listenerTLS, error) {
	settings, err := handshake.Compile(cfg.GetTls(), protocols)
	if err != nil {
		return nil, err
	}
	l := &listenerTLS{names: cfg.GetTls().GetSniHosts()}
	for i, name := range l.names {
		if err := hostmatch.Check(name); err != nil {
			return nil, fmt.Errorf("tls.sni_hosts[%d]: %w", i, err)
		}
	}
	if len(l.names) > 0 {
		l.group = strings.Join(slices.Sorted(slices.Values(l.names)), ",")
	} else if l.names = cfg.GetHostnames(); len(l.names) == 0 {
		l.names = []string{hostmatch.Any}
	}
	l.terminator = handshake.NewTerminator(settings)
	return l, nil
}

// keepSessions lets clients resume what they began on the version of the listener before.
func (l *listenerTLS) keepSessions(before *listenerTLS) {
	if before != nil && before.terminator.Settings().Equal(l.terminator.Settings()) &&
		before.group == l.group && slices.Equal(before.names, l.names) {
		l.terminator = before.terminator
	}
}

// applyCertificate puts a certificate where the listeners that name it find it. No route is
// touched.
func (c *Compiler) applyCertificate(ch *change, cfg *config.Certificate) error {
	certificate, err := certs.Parse(cfg)
	if err == nil {
		c.certificates[cfg.GetName()] = certificate
		c.touchCertificate(ch, cfg.GetName())
	}
	return err
}

func (c *Compiler) touchCertificate(ch *change, name string) {
	for listener := range c.byCertificate.of(name) {
		l := c.listeners[listener]
		l.tls.index = c.certificateIndex(l.tls)
		ch.ports[l.port] = struct{}{}
	}
}

// certificateIndex returns the certificates of a listener that there are.
func (c *Compiler) certificateIndex(l *listenerTLS) *certs.Index {
	var found []*certs.Certificate
	for _, name := range l.terminator.Settings().Certificates() {
		found = append(found, c.certificates[name])
	}
	return certs.NewIndex(found)
}

// Certificates returns when each live certificate expires, in no order.
func (c *Compiler) Certificates() iter.Seq2[string, time.Time] {
	return func(yield func(string, time.Time) bool) {
		for name, certificate := range c.certificates {
			if !yield(name, certificate.NotAfter()) {
				return
			}
		}
	}
}

// regroupTLS builds what a port needs to know of its listeners, the oldest first. What two of
// them both claim, a server name or a hostname, is the older one's.
func (c *Compiler) regroupTLS(members []*listenerState) *secureHosts {
	out := &secureHosts{groups: make(map[string]*hostmatch.Map[secureSite])}
	for _, l := range members {
		s := &secure{
			choice: handshake.Choice{Terminator: l.tls.terminator, Certificates: l.tls.index},
			owner:  l.cfg, group: l.tls.group,
		}
		for _, name := range l.tls.names {
			if _, taken := out.names.Get(name); !taken {
				out.names.Set(name, s)
			}
		}
		hosts := out.groups[l.tls.group]
		if hosts == nil {
			hosts = new(hostmatch.Map[secureSite])
			out.groups[l.tls.group] = hosts
		}
		for _, name := range l.hostnames {
			if _, taken := hosts.Get(name); !taken {
				hosts.Set(name, secureSite{table: c.table(l.site(name)), owner: l.cfg})
			}
		}
	}
	return out
}

// ChooseTLS implements handshake.Chooser: the listener with the most specific hostname for the
// server name; that for every host if there is none, or no name.
func (p *Port) ChooseTLS(name string) (handshake.Choice, bool) {
	if p.secure == nil {
		return handshake.Choice{}, false
	}
	if s := p.secure.find(name); s != nil {
		return s.choice, true
	}
	return handshake.Choice{}, false
}

func (h *secureHosts) find(name string) *secure {
	var room [256]byte // longer names are nobody's, and refused before
	s, _ := h.names.Best(append(room[:0], name...))
	return s
}

// match finds the route for a request on a connection that came by ex.SNI. The host must lead to
// the listener that the connection belongs to. One that leads to another is misdirected
// (RFC 9110 §15.5.20): that other may ask more of its clients.
func (h *secureHosts) match(ex *exchange.Exchange) (*Action, *exchange.Error) {
	own := h.find(ex.SNI)
	if own == nil {
		return nil, errMisdirected // the listener is gone since the handshake
	}
	site, ok := h.groups[own.group].Best(ex.Host)
	switch {
	case !ok:
		return nil, errNoRoute
	case site.owner != own.owner && own.group == "":
		return nil, errMisdirected
	}
	if action, ok := site.table.Match(ex); ok {
		return action, nil
	}
	return nil, errNoRoute
}

var (
	errNoRoute = &exchange.Error{
		Kind: exchange.KindNoRoute, Source: exchange.SourceClient, Reason: "route_not_found",
	}
	errMisdirected = &exchange.Error{
		Kind: exchange.KindMisdirected, Source: exchange.SourceClient, Reason: "misdirected",
	}
)

// split takes out of a port's listeners, the oldest first, those that do not speak what the
// oldest does, as plain HTTP and TLS cannot share a port. They are refused for as long as
// that is so.
func (c *Compiler) split(members []*listenerState) (kept []*listenerState) {
	for _, l := range members {
		name := config.Name{Kind: config.KindListener, Name: l.cfg.GetName()}
		oldest := members[0]
		if l.port.Secure == oldest.port.Secure {
			delete(c.conflicts, name)
			kept = append(kept, l)
			continue
		}
		c.conflicts[name] = config.Rejection{Name: name, Origin: l.cfg.GetOrigin(), Reason: fmt.Sprintf(
			"protocol: %s cannot share port %d with %s of the older listener %s",
			protocolName(l.cfg), l.port.Port, protocolName(oldest.cfg), oldest.cfg.GetName())}
	}
	return kept
}

func protocolName(l *config.Listener) string {
	return strings.TrimPrefix(l.GetProtocol().String(), "PROTOCOL_")
}

func compareMembers(a, b *listenerState) int {
	return cmp.Or(compareOrder(a.cfg.GetOrder(), b.cfg.GetOrder()), strings.Compare(a.cfg.GetName(), b.cfg.GetName()))
}
