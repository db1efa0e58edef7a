package validate

import (
	"net/netip"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// GRPCRoute validates apis/v1/grpcroute_types.go.
func GRPCRoute(r *gatewayv1.GRPCRoute) []Fault {
	var l list
	l.parents(r.Spec.ParentRefs)
	l.hostnames(r.Spec.Hostnames)
	at := spec.Field("rules")
	l.count(at, len(r.Spec.Rules), 0, 16, "rules")
	matches := 0
	var names ruleNames
	for i := range r.Spec.Rules {
		rule := &r.Spec.Rules[i]
		matches += len(rule.Matches)
		names.add(&l, at.Index(i), rule.Name)
		l.grpcRule(at.Index(i), rule)
	}
	l.check(matches <= 128, at, "have %d matches together, at most 128 are allowed", matches)
	return l
}

func (l *list) grpcRule(at *Path, r *gatewayv1.GRPCRouteRule) {
	l.count(at.Field("matches"), len(r.Matches), 0, 64, "matches")
	for i := range r.Matches {
		m, at := &r.Matches[i], at.Field("matches").Index(i)
		l.grpcMethod(at.Field("method"), m.Method)
		l.count(at.Field("headers"), len(m.Headers), 0, 16, "headers")
		for j, h := range m.Headers {
			l.valueMatch(at.Field("headers").Index(j), string(h.Name), string(deref(h.Type)), h.Value, 4096)
		}
	}
	l.grpcFilters(at.Field("filters"), r.Filters)
	l.count(at.Field("backendRefs"), len(r.BackendRefs), 0, 16, "backendRefs")
	for i := range r.BackendRefs {
		b := at.Field("backendRefs").Index(i)
		l.backend(b, &r.BackendRefs[i].BackendRef)
		l.grpcFilters(b.Field("filters"), r.BackendRefs[i].Filters)
	}
	l.session(at.Field("sessionPersistence"), r.SessionPersistence)
}

func (l *list) grpcMethod(at *Path, m *gatewayv1.GRPCMethodMatch) {
	if m == nil {
		return
	}
	kind := deref(m.Type)
	oneOf(l, at.Field("type"), kind, gatewayv1.GRPCMethodMatchExact, gatewayv1.GRPCMethodMatchRegularExpression)
	l.check(m.Service != nil || m.Method != nil, at, "service, method or both must be set")
	for _, f := range []struct {
		name  string
		value *string
		exact func(string) bool
	}{{"service", m.Service, grpcService.MatchString}, {"method", m.Method, grpcMethod.MatchString}} {
		if f.value == nil {
			continue
		}
		at, v := at.Field(f.name), *f.value
		l.check(len(v) <= 1024, at, "is %d bytes long, at most 1024 are allowed", len(v))
		if kind == gatewayv1.GRPCMethodMatchRegularExpression {
			l.regex(at, v)
		} else {
			l.check(f.exact(v), at, "%q is not a gRPC %s name", v, f.name)
		}
	}
}

func (l *list) grpcFilters(at *Path, filters []gatewayv1.GRPCRouteFilter) {
	l.count(at, len(filters), 0, 16, "filters")
	seen := make(map[gatewayv1.GRPCRouteFilterType]bool, len(filters))
	for i := range filters {
		f, at := &filters[i], at.Index(i)
		modifier := f.Type == gatewayv1.GRPCRouteFilterRequestHeaderModifier ||
			f.Type == gatewayv1.GRPCRouteFilterResponseHeaderModifier
		l.check(!modifier || !seen[f.Type], at, "a %s filter cannot be repeated", f.Type)
		seen[f.Type] = true
		l.union(at, string(f.Type),
			member{"RequestHeaderModifier", "requestHeaderModifier", f.RequestHeaderModifier != nil},
			member{"ResponseHeaderModifier", "responseHeaderModifier", f.ResponseHeaderModifier != nil},
			member{"RequestMirror", "requestMirror", f.RequestMirror != nil},
			member{"ExtensionRef", "extensionRef", f.ExtensionRef != nil})
		l.headerFilter(at.Field("requestHeaderModifier"), f.RequestHeaderModifier)
		l.headerFilter(at.Field("responseHeaderModifier"), f.ResponseHeaderModifier)
		l.mirror(at.Field("requestMirror"), f.RequestMirror)
		if r := f.ExtensionRef; r != nil {
			l.reference(at.Field("extensionRef"), r.Group, r.Kind, string(r.Name))
		}
	}
}

// TLSRoute validates apis/v1/tlsroute_types.go. Its v1alpha2 and v1alpha3 forms are held to the same rules.
func TLSRoute(r *gatewayv1.TLSRoute) []Fault {
	var l list
	l.parents(r.Spec.ParentRefs)
	at := spec.Field("hostnames")
	l.count(at, len(r.Spec.Hostnames), 1, 1024, "hostnames")
	for i, h := range r.Spec.Hostnames {
		l.hostname(at.Index(i), h)
		_, err := netip.ParseAddr(string(h))
		l.check(err != nil, at.Index(i), "must not be an IP address")
	}
	l.count(spec.Field("rules"), len(r.Spec.Rules), 1, 1, "rules")
	for i, rule := range r.Spec.Rules {
		l.l4Rule(spec.Field("rules").Index(i), rule.Name, rule.BackendRefs)
	}
	return l
}

// TCPRoute validates apis/v1/tcproute_types.go.
func TCPRoute(r *gatewayv1.TCPRoute) []Fault {
	var l list
	l.parents(r.Spec.ParentRefs)
	l.count(spec.Field("rules"), len(r.Spec.Rules), 1, 1, "rules")
	for i, rule := range r.Spec.Rules {
		l.l4Rule(spec.Field("rules").Index(i), rule.Name, rule.BackendRefs)
	}
	return l
}

// UDPRoute validates apis/v1/udproute_types.go.
func UDPRoute(r *gatewayv1.UDPRoute) []Fault {
	var l list
	l.parents(r.Spec.ParentRefs)
	l.count(spec.Field("rules"), len(r.Spec.Rules), 1, 1, "rules")
	for i, rule := range r.Spec.Rules {
		l.l4Rule(spec.Field("rules").Index(i), rule.Name, rule.BackendRefs)
	}
	return l
}

func (l *list) l4Rule(at *Path, name *gatewayv1.SectionName, backends []gatewayv1.BackendRef) {
	l.sectionName(at.Field("name"), name)
	l.count(at.Field("backendRefs"), len(backends), 1, 16, "backendRefs")
	for i := range backends {
		l.backend(at.Field("backendRefs").Index(i), &backends[i])
	}
}
