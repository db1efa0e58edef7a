package istio

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Rivals look up what Gateway API has where a Route of Istio's API stands. Its routes come
// first on a hostname that both have: they are ranked by how specific they are, which
// cannot be compared with the order of a VirtualService's rules.
type Rivals struct {
	// Place returns the Place of one of Istio's Listeners.
	Place func(listener string) string
	// Listeners returns Gateway API's with this Place and hostname.
	Listeners func(place, hostname string) []*config.Listener
	// Routes returns the Routes under one of their RivalKeys.
	Routes func(key string) []*config.Route
}

// RivalKeys returns the keys under which a Route of Gateway API is looked up: listener,
// hostname and path. So a Route is found by those whose requests it can take, and a change
// of one among thousands concerns no other.
func RivalKeys(r *config.Route) []string {
	var out []string
	for _, a := range r.GetAttachments() {
		for _, h := range attachedHosts(a) {
			for _, m := range matchesOf(r) {
				out = append(out, rivalKey(a.GetListener(), h, pathKey(m.GetPath())))
			}
		}
	}
	return out
}

func rivalKey(listener, hostname, path string) string {
	return listener + "\n" + hostname + "\n" + path
}

// regexKey begins the key of an expression; that of a literal begins with "/".
const regexKey = "~"

func pathKey(m *config.PathMatch) string {
	switch k := m.GetKind().(type) {
	case *config.PathMatch_Exact:
		return k.Exact
	case *config.PathMatch_Prefix:
		return k.Prefix
	case *config.PathMatch_SegmentPrefix:
		return cmp.Or(strings.TrimSuffix(k.SegmentPrefix, "/"), "/")
	case *config.PathMatch_Regex:
		return regexKey + k.Regex
	}
	return "/"
}

// rivalPaths returns the path keys of matches that can cover m.
func rivalPaths(m *config.PathMatch) []string {
	out := []string{"/", regexKey + ".*"}
	path := pathKey(m)
	if strings.HasPrefix(path, "/") {
		for i := 1; i < len(path); i++ {
			if path[i] == '/' {
				out = append(out, path[:i])
			}
		}
	}
	out = append(out, path)
	slices.Sort(out)
	return slices.Compact(out)
}

func matchesOf(r *config.Route) []*config.HttpMatch {
	if m := r.GetHttp().GetMatches(); len(m) > 0 {
		return m
	}
	return []*config.HttpMatch{{}}
}

func attachedHosts(a *config.Attachment) []string {
	if hosts := a.GetHostnames(); len(hosts) > 0 {
		return hosts
	}
	return []string{anyHost}
}

const anyHost = "*"

// OverlapsGatewayAPI reports which requests of a VirtualService's Route go to Gateway API's.
func OverlapsGatewayAPI(r *config.Route, rivals Rivals) []Finding {
	var o overlaps
	for _, a := range r.GetAttachments() {
		place := rivals.Place(a.GetListener())
		for _, host := range attachedHosts(a) {
			o.place = fmt.Sprintf("%q, port %s", host, place)
			o.rivals(r, place, host, rivals)
		}
	}
	return SortFindings(o.findings)
}

// rivals looks at the listeners that may have a host, the most specific first: it alone is
// asked by the proxy.
func (o *overlaps) rivals(r *config.Route, place, host string, rivals Rivals) {
	for _, hostname := range HostKeys(host) {
		listeners := rivals.Listeners(place, hostname)
		if hostname == anyHost {
			for _, l := range listeners {
				o.rivalRoutes(r, l.GetName(), host, rivals)
			}
			return
		}
		if len(listeners) > 0 {
			l := listeners[0].GetOrigin()
			o.at(r).warn(Shadowed, "gets no request to %q: %s of Gateway %s/%s, of Gateway API, has hostname %q, and no other listener gets requests to it (%s)",
				host, l.GetField(), l.GetNamespace(), l.GetName(), hostname, o.place)
			return
		}
	}
}

// rivalRoutes looks at the Routes with the same hostname in a listener for any host.
func (o *overlaps) rivalRoutes(r *config.Route, listener, host string, rivals Rivals) {
	for _, m := range matchesOf(r) {
		partly := map[string]bool{}
		for _, path := range rivalPaths(m.GetPath()) {
			for _, rival := range rivals.Routes(rivalKey(listener, host, path)) {
				for _, first := range matchesOf(rival) {
					if o.rival(rival, r, first, m, partly) {
						partly[rival.GetName()] = true
					}
				}
			}
		}
	}
}

// whyFirst ends the messages about Gateway API's routes.
const whyFirst = "routes of Gateway API go before those of VirtualServices"

// rival compares two matches and reports whether it said something that holds for all of
// the rival's.
func (o *overlaps) rival(rival, r *config.Route, first, m *config.HttpMatch, said map[string]bool) bool {
	switch a := o.at(r); {
	case said[rival.GetName()]:
	case covers(first, m):
		a.warn(Shadowed, "%s gets no request: %s takes every one before, as %s (%s)", describe(m), nameOf(rival), whyFirst, o.place)
		return true
	case covers(first, bySegment(m)):
		a.warn(Overlap, "%s gets no request but to paths that go on within its last segment: %s takes the path and all below it, as %s (%s)",
			describe(m), nameOf(rival), whyFirst, o.place)
		return true
	case coversPath(first.GetPath(), bySegment(m).GetPath()) && !disjoint(first, m):
		a.info(Overlap, "requests that match %s too go there: %s (%s)", nameOf(rival), whyFirst, o.place)
		return true
	}
	return false
}

// bySegment returns what of a match Gateway API would write: a prefix of whole segments.
func bySegment(m *config.HttpMatch) *config.HttpMatch {
	p, ok := m.GetPath().GetKind().(*config.PathMatch_Prefix)
	if !ok || strings.HasSuffix(p.Prefix, "/") {
		return m
	}
	return &config.HttpMatch{
		Path:   &config.PathMatch{Kind: &config.PathMatch_SegmentPrefix{SegmentPrefix: p.Prefix}, IgnoreCase: m.GetPath().GetIgnoreCase()},
		Method: m.GetMethod(), Headers: m.GetHeaders(), QueryParams: m.GetQueryParams(),
		Authority: m.GetAuthority(), Scheme: m.GetScheme(),
	}
}

// SharedPorts reports the servers of a Gateway that have a port and a host together with a
// Gateway of Gateway API. Listeners looks up that API's by Place.
func SharedPorts(b *Binding, listeners func(place string) []*config.Listener) []Finding {
	var r report
	for i, s := range b.Servers {
		if s.Listener == "" {
			continue
		}
		a := at{&r, Object{"Gateway", b.Namespace, b.Name}, fmt.Sprintf("spec.servers[%d].hosts", i)}
		for _, l := range listeners(placeOf(bindAddress(s.Bind), s.Port, s.Protocol)) {
			both := intersect(l.GetHostnames(), bareHosts(s.Hosts))
			if o := l.GetOrigin(); len(both) > 0 {
				a.warn(GatewayConflict, "%s of Gateway %s/%s, of Gateway API, has port %d for %s too; both serve, and %s",
					o.GetField(), o.GetNamespace(), o.GetName(), s.Port, quoted(both), whyFirst)
			}
		}
		for _, l := range listeners(placeOf(bindAddress(s.Bind), s.Port, otherThan(s.Protocol))) {
			o := l.GetOrigin()
			a.warn(PortConflict, "%s of Gateway %s/%s, of Gateway API, has port %d with another protocol: a proxy serves the older alone",
				o.GetField(), o.GetNamespace(), o.GetName(), s.Port)
		}
	}
	return SortFindings(r.findings)
}

// otherThan returns the protocol that cannot share a port with p.
func otherThan(p config.Protocol) config.Protocol {
	if p == config.Protocol_PROTOCOL_HTTPS {
		return config.Protocol_PROTOCOL_HTTP
	}
	return config.Protocol_PROTOCOL_HTTPS
}

// placeOf names an address, empty for all, and a port: "80", "10.0.0.1:80", "443, HTTPS".
func placeOf(address string, port uint32, protocol config.Protocol) string {
	place := strconv.FormatUint(uint64(port), 10)
	if address != "" {
		place = net.JoinHostPort(address, place)
	}
	if protocol == config.Protocol_PROTOCOL_HTTPS {
		place += ", HTTPS"
	}
	return place
}
