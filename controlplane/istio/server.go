package istio

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	api "istio.io/api/networking/v1"
	networking "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Claim is a server's wish for a port. Gateways that select this proxy share its ports; the
// older server decides what a port speaks.
type Claim struct {
	Gateway  Object
	Index    int
	Port     uint32
	Bind     string
	Protocol string
	Hosts    []string
	Selector map[string]string
	Order    *config.Order
}

// Claims returns the claims of a Gateway, none if it selects other proxies.
func (p Proxy) Claims(gw *networking.Gateway) []Claim {
	if !p.selected(gw.Spec.GetSelector()) {
		return nil
	}
	var out []Claim
	for i, s := range gw.Spec.GetServers() {
		out = append(out, Claim{
			Gateway: object("Gateway", gw), Index: i, Port: s.GetPort().GetNumber(), Bind: bindAddress(s.GetBind()),
			Protocol: protocolName(s), Hosts: s.GetHosts(), Selector: gw.Spec.GetSelector(), Order: order(gw, i),
		})
	}
	return out
}

func protocolName(s *api.Server) string { return strings.ToUpper(s.GetPort().GetProtocol()) }

// speech is what the first bytes on a port are; servers share a port if theirs are alike.
type speech uint8

const (
	speaksHTTP speech = iota + 1
	speaksTLS
	speaksOther
)

func speechOf(protocol string) speech {
	switch {
	case isHTTP(protocol):
		return speaksHTTP
	case protocol == "HTTPS" || protocol == "TLS":
		return speaksTLS
	}
	return speaksOther
}

// isHTTP reports whether servers of the protocol are plain-text HTTP; such servers share a port.
func isHTTP(protocol string) bool {
	switch protocol {
	case "HTTP", "HTTP2", "GRPC", "GRPC-WEB", "HTTP_PROXY":
		return true
	}
	return false
}

func bindAddress(bind string) string {
	if bind == "0.0.0.0" || bind == "::" {
		return ""
	}
	return bind
}

// checkServer reports whether a server can be served, and if not, why.
func (t *gatewayTranslation) checkServer(a at, s *api.Server) bool {
	ok := true
	if n := s.GetPort().GetNumber(); n < 1 || n > 65535 {
		a.in("port.number").fail(Invalid, "%d is not a port", n)
		ok = false
	}
	if b := s.GetBind(); b != "" {
		if _, err := netip.ParseAddr(b); err != nil {
			a.in("bind").fail(NotServed, "%q is not an IP address; sockets in the file system are not served", b)
			ok = false
		}
	}
	if len(s.GetHosts()) == 0 {
		a.in("hosts").fail(Invalid, "is empty: no VirtualService can attach")
		ok = false
	}
	for i, h := range s.GetHosts() {
		_, host, qualified := strings.Cut(h, "/")
		if !qualified {
			host = h
		}
		if fault := hostFault(host); fault != "" {
			a.in("hosts[%d]", i).fail(Invalid, "%q %s", h, fault)
		}
	}
	return ok && t.checkProtocol(a, s) && t.checkPort(a, s) && t.checkNames(a, s)
}

func (t *gatewayTranslation) checkProtocol(a at, s *api.Server) bool {
	a = a.in("port.protocol")
	switch name := protocolName(s); name {
	case "HTTP", "HTTPS":
		return true
	case "HTTP2", "GRPC", "GRPC-WEB", "HTTP_PROXY":
		a.warn(NotEnforced, "%s is served as HTTP/1.1 yet", name)
		return true
	case "TLS", "TCP", "MONGO":
		a.fail(NotServed, "%s is not served yet: nothing listens for this server", name)
	case "":
		a.fail(Invalid, "is empty")
	default:
		a.fail(Invalid, "%q is not a protocol that Istio knows", name)
	}
	return false
}

// checkPort reports whether the server has its port: the oldest on a port decides its protocol.
func (t *gatewayTranslation) checkPort(a at, s *api.Server) bool {
	claims := t.rivals(s)
	if len(claims) == 0 || speechOf(claims[0].Protocol) == speechOf(protocolName(s)) {
		return true
	}
	first := claims[0]
	a.in("port").fail(PortConflict, "port %d is taken by %s servers[%d] with protocol %s, which is older: nothing of this server is served",
		first.Port, first.Gateway, first.Index, first.Protocol)
	return false
}

// rivals returns the claims to a server's port and address, its own included, the oldest first.
func (t *gatewayTranslation) rivals(s *api.Server) []Claim {
	bind := bindAddress(s.GetBind())
	claims := slices.DeleteFunc(slices.Clone(t.look.Claims(s.GetPort().GetNumber())), func(c Claim) bool { return c.Bind != bind })
	slices.SortFunc(claims, func(c, d Claim) int { return compareOrder(c.Order, d.Order) })
	return claims
}

// checkNames reports whether an HTTPS server has its names: of servers that are told apart by
// SNI, the oldest has a name, and one that lacks any of its names is not served at all. One that
// is not served takes no name from others.
func (t *gatewayTranslation) checkNames(a at, s *api.Server) bool {
	if speechOf(protocolName(s)) != speaksTLS {
		return true
	}
	if len(sniHosts(s.GetHosts())) == 0 {
		a.in("hosts").fail(Invalid, "has no host that can be a server name: nothing of this server is served")
		return false
	}
	taken := map[string]Claim{}
	for _, c := range t.rivals(s) {
		if speechOf(c.Protocol) != speaksTLS {
			continue
		}
		hosts := sniHosts(c.Hosts)
		i := slices.IndexFunc(hosts, func(h string) bool { _, ok := taken[h]; return ok })
		if c.Gateway == t.object && a.field == fmt.Sprintf("spec.servers[%d]", c.Index) {
			if i < 0 {
				return true
			}
			first := taken[hosts[i]]
			a.in("hosts").fail(GatewayConflict, "%s servers[%d] has %q on port %d too, and is older: nothing of this server is served",
				first.Gateway, first.Index, hosts[i], c.Port)
			return false
		}
		if i < 0 {
			for _, h := range hosts {
				taken[h] = c
			}
		}
	}
	return true
}

// reportSharing reports other Gateways with the same selector that have a host on this port too.
func (t *gatewayTranslation) reportSharing(a at, s *api.Server) {
	if !isHTTP(protocolName(s)) {
		return // see checkNames
	}
	for _, c := range t.look.Claims(s.GetPort().GetNumber()) {
		if c.Gateway == t.object || c.Bind != bindAddress(s.GetBind()) || !isHTTP(c.Protocol) ||
			!maps.Equal(c.Selector, t.gw.Spec.GetSelector()) {
			continue
		}
		if both := intersect(bareHosts(c.Hosts), bareHosts(s.GetHosts())); len(both) > 0 {
			a.in("hosts").warn(GatewayConflict, "%s servers[%d] has port %d for %s too; both serve, and VirtualServices of both are merged, the older first",
				c.Gateway, c.Index, c.Port, quoted(both))
		}
	}
}

// bareHosts returns the hosts of a server without their namespaces.
func bareHosts(hosts []string) []string {
	var out []string
	for _, h := range hosts {
		_, host, ok := strings.Cut(h, "/")
		if !ok {
			host = h
		}
		if hostFault(host) == "" {
			out = append(out, strings.ToLower(host))
		}
	}
	return out
}

// sniHosts returns those of a server's hosts that SNI can hold, in order, each once. Addresses
// are not among them (RFC 6066 §3).
func sniHosts(hosts []string) []string {
	out := slices.DeleteFunc(bareHosts(hosts), isAddress)
	slices.SortFunc(out, compareHosts)
	return slices.Compact(out)
}

// quoted lists names for a message, at most five.
func quoted(names []string) string {
	const most = 5
	var b strings.Builder
	for i, n := range names {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(names)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", n)
	}
	return b.String()
}
