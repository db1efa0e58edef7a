package validate

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
)

// VirtualService validates networking.istio.io VirtualService. One without hosts is a delegate.
func VirtualService(v *networkingv1.VirtualService) []Fault {
	var l list
	s := &v.Spec
	delegate := len(s.Hosts) == 0
	mesh := len(s.Gateways) == 0 || slices.Contains(s.Gateways, "mesh")
	for i, h := range s.Hosts {
		at := spec.Field("hosts").Index(i)
		if !isAddress(h) {
			l.domain(at, h)
		}
		l.check(!mesh || h != "*", at, `"*" needs gateways: it is not allowed for clients inside the mesh`)
	}
	unique(&l, s.Hosts, func(i int) *Path { return spec.Field("hosts").Index(i) })
	for i, g := range s.Gateways {
		l.gatewayName(spec.Field("gateways").Index(i), g)
	}
	l.check(!delegate || len(s.Gateways) == 0, spec.Field("gateways"), "must be empty in a delegate (one without hosts)")
	l.check(!delegate || len(s.Tls)+len(s.Tcp) == 0, spec.Field("hosts"), "required: a delegate (one without hosts) has only http routes")
	l.check(len(s.Http)+len(s.Tls)+len(s.Tcp) > 0, spec, "http, tls or tcp required")
	for i, r := range s.Http {
		l.httpRoute(spec.Field("http").Index(i), r, delegate)
	}
	for i, r := range s.Tls {
		l.tlsRoute(spec.Field("tls").Index(i), r, s.Hosts)
	}
	for i, r := range s.Tcp {
		at := spec.Field("tcp").Index(i)
		for j, m := range r.Match {
			at := at.Field("match").Index(j)
			l.l4Match(at, m.Port, m.Gateways, m.SourceLabels)
			l.subnets(at, m.DestinationSubnets)
		}
		l.l4Route(at.Field("route"), r.Route)
	}
	l.exportTo(s.ExportTo)
	return l
}

// gatewayName demands mesh, name, or namespace/name.
func (l *list) gatewayName(at *Path, name string) {
	ns, rest, cut := strings.Cut(name, "/")
	if cut {
		l.check(ns == "." || label.MatchString(ns), at, "%q does not begin with a namespace", name)
		name = rest
	}
	l.pattern(at, name, 253, subdomain, "a gateway's name")
}

func (l *list) httpRoute(at *Path, r *networking.HTTPRoute, delegate bool) {
	l.exclusive(at, r, delegate)
	for i, m := range r.Match {
		l.istioMatch(at.Field("match").Index(i), m)
	}
	l.destinations(at.Field("route"), r.Route)
	l.redirect(at.Field("redirect"), r.Redirect)
	l.rewrite(at.Field("rewrite"), r.Rewrite)
	if d := r.DirectResponse; d != nil {
		at := at.Field("directResponse")
		between(l, at.Field("status"), d.Status, 100, 599)
		size := len(d.GetBody().GetString_()) + len(d.GetBody().GetBytes())
		l.check(size <= 1<<20, at.Field("body"), "is %d bytes long, at most 1 MiB is allowed", size)
	}
	l.istioHeaders(at.Field("headers"), r.Headers)
	l.span(at.Field("timeout"), r.Timeout, 0)
	l.retries(at.Field("retries"), r.Retries)
	l.fault(at.Field("fault"), r.Fault)
	l.istioCORS(at.Field("corsPolicy"), r.CorsPolicy)
	l.mirrors(at, r)
}

// exclusive demands one action: route, redirect, directResponse or delegate.
func (l *list) exclusive(at *Path, r *networking.HTTPRoute, delegate bool) {
	var set []string
	for _, a := range []struct {
		name string
		set  bool
	}{
		{"route", len(r.Route) > 0},
		{"redirect", r.Redirect != nil},
		{"directResponse", r.DirectResponse != nil},
		{"delegate", r.Delegate != nil},
	} {
		if a.set {
			set = append(set, a.name)
		}
	}
	switch {
	case len(set) == 0:
		l.add(at, "route, redirect, directResponse or delegate required")
	case len(set) > 1:
		l.add(at, "only one of %s may be set", strings.Join(set, ", "))
	}
	l.check(r.Redirect == nil || r.Rewrite == nil, at.Field("rewrite"), "must not be set beside redirect")
	l.check(r.Redirect == nil || r.Fault == nil, at.Field("fault"), "must not be set beside redirect")
	if r.Delegate != nil {
		l.check(!delegate, at.Field("delegate"), "a delegate must not delegate further")
		l.pattern(at.Field("delegate").Field("name"), r.Delegate.Name, 253, subdomain, "a VirtualService's name")
		l.check(r.Fault == nil, at.Field("fault"), "must not be set beside delegate")
	}
}

func (l *list) istioMatch(at *Path, m *networking.HTTPMatchRequest) {
	l.stringMatch(at.Field("uri"), m.Uri)
	l.stringMatch(at.Field("scheme"), m.Scheme)
	l.stringMatch(at.Field("method"), m.Method)
	l.stringMatch(at.Field("authority"), m.Authority)
	for _, f := range []struct {
		name    string
		headers map[string]*networking.StringMatch
	}{{"headers", m.Headers}, {"withoutHeaders", m.WithoutHeaders}} {
		for _, k := range sortedKeys(f.headers) {
			at := at.Field(f.name).Field(k)
			if !strings.HasPrefix(k, "@request.auth.claims") {
				l.headerName(at, k)
			}
			l.fieldMatch(at, f.headers[k])
		}
	}
	for _, k := range sortedKeys(m.QueryParams) {
		l.check(k != "", at.Field("queryParams"), "a parameter's name must not be empty")
		l.fieldMatch(at.Field("queryParams").Field(k), m.QueryParams[k])
	}
	l.l4Match(at, m.Port, m.Gateways, m.SourceLabels)
}

func (l *list) l4Match(at *Path, port uint32, gateways []string, source map[string]string) {
	l.check(port <= 65535, at.Field("port"), "must be between 1 and 65535, is %d", port)
	for i, g := range gateways {
		l.gatewayName(at.Field("gateways").Index(i), g)
	}
	l.labels(at.Field("sourceLabels"), source)
}

// destinations demands weights that a share can be computed from.
func (l *list) destinations(at *Path, route []*networking.HTTPRouteDestination) {
	var total int64
	for i, d := range route {
		at := at.Index(i)
		l.check(d.Weight >= 0, at.Field("weight"), "must not be negative")
		total += int64(max(d.Weight, 0))
		l.destination(at.Field("destination"), d.Destination)
		l.istioHeaders(at.Field("headers"), d.Headers)
	}
	l.check(len(route) < 2 || total > 0, at, "the weights of all destinations are 0")
}

func (l *list) destination(at *Path, d *networking.Destination) {
	if d == nil {
		l.add(at, "required")
		return
	}
	if d.Host == "*" {
		l.add(at.Field("host"), `"*" is not a destination`)
	} else if !isAddress(d.Host) {
		l.domain(at.Field("host"), d.Host)
	}
	if d.Subset != "" {
		l.pattern(at.Field("subset"), d.Subset, 63, subsetName, "a subset's name")
	}
	if d.Port != nil {
		between(l, at.Field("port").Field("number"), d.Port.Number, 1, 65535)
	}
}

func (l *list) tlsRoute(at *Path, r *networking.TLSRoute, hosts []string) {
	l.check(len(r.Match) > 0, at.Field("match"), "required")
	for i, m := range r.Match {
		at := at.Field("match").Index(i)
		l.check(len(m.SniHosts) > 0, at.Field("sniHosts"), "required")
		for j, s := range m.SniHosts {
			at := at.Field("sniHosts").Index(j)
			l.domain(at, s)
			covered := slices.ContainsFunc(hosts, func(h string) bool { return covers(h, s) })
			l.check(covered, at, "%q is not covered by spec.hosts", s)
		}
		l.subnets(at, m.DestinationSubnets)
		l.l4Match(at, m.Port, m.Gateways, m.SourceLabels)
	}
	l.l4Route(at.Field("route"), r.Route)
}

// covers reports whether a host pattern takes in every name of another.
func covers(pattern, name string) bool {
	if pattern == "*" || pattern == name {
		return true
	}
	suffix, wild := strings.CutPrefix(pattern, "*")
	return wild && strings.HasSuffix(name, suffix)
}

func (l *list) l4Route(at *Path, route []*networking.RouteDestination) {
	l.check(len(route) > 0, at, "required")
	var total int64
	for i, d := range route {
		l.check(d.Weight >= 0, at.Index(i).Field("weight"), "must not be negative")
		total += int64(max(d.Weight, 0))
		l.destination(at.Index(i).Field("destination"), d.Destination)
	}
	l.check(len(route) < 2 || total > 0, at, "the weights of all destinations are 0")
}
