package defaults

import gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

// HTTPRoute fills apis/v1/httproute_types.go's defaults.
func HTTPRoute(r *gatewayv1.HTTPRoute) {
	parents(r.Spec.ParentRefs)
	if r.Spec.Rules == nil { // HTTPRouteSpec.rules
		r.Spec.Rules = []gatewayv1.HTTPRouteRule{{}}
	}
	for i := range r.Spec.Rules {
		rule := &r.Spec.Rules[i]
		if rule.Matches == nil { // HTTPRouteRule.matches
			rule.Matches = []gatewayv1.HTTPRouteMatch{{}}
		}
		for j := range rule.Matches {
			httpMatch(&rule.Matches[j])
		}
		for j := range rule.Filters {
			httpFilter(&rule.Filters[j])
		}
		for j := range rule.BackendRefs {
			backend(&rule.BackendRefs[j].BackendRef)
			for k := range rule.BackendRefs[j].Filters {
				httpFilter(&rule.BackendRefs[j].Filters[k])
			}
		}
		if rule.Retry != nil {
			fill(&rule.Retry.Attempts, 1) // HTTPRouteRetry.attempts
		}
		session(rule.SessionPersistence)
	}
}

func httpMatch(m *gatewayv1.HTTPRouteMatch) {
	fill(&m.Path, gatewayv1.HTTPPathMatch{})          // HTTPRouteMatch.path
	fill(&m.Path.Type, gatewayv1.PathMatchPathPrefix) // HTTPPathMatch.type
	fill(&m.Path.Value, "/")                          // HTTPPathMatch.value
	for i := range m.Headers {
		fill(&m.Headers[i].Type, gatewayv1.HeaderMatchExact)
	}
	for i := range m.QueryParams {
		fill(&m.QueryParams[i].Type, gatewayv1.QueryParamMatchExact)
	}
}

func httpFilter(f *gatewayv1.HTTPRouteFilter) {
	mirror(f.RequestMirror)
	if f.RequestRedirect != nil {
		fill(&f.RequestRedirect.StatusCode, 302) // HTTPRequestRedirectFilter.statusCode
	}
	if f.CORS != nil && f.CORS.MaxAge == 0 {
		f.CORS.MaxAge = 5 // HTTPCORSFilter.maxAge; a written 0 is below the minimum and cannot be told from none
	}
	if f.ExternalAuth != nil {
		backendObject(&f.ExternalAuth.BackendRef)
	}
}

func mirror(m *gatewayv1.HTTPRequestMirrorFilter) {
	if m == nil {
		return
	}
	backendObject(&m.BackendRef)
	if m.Fraction != nil {
		fill(&m.Fraction.Denominator, 100) // Fraction.denominator
	}
}

// GRPCRoute fills apis/v1/grpcroute_types.go's defaults.
func GRPCRoute(r *gatewayv1.GRPCRoute) {
	parents(r.Spec.ParentRefs)
	for i := range r.Spec.Rules {
		rule := &r.Spec.Rules[i]
		for j := range rule.Matches {
			m := &rule.Matches[j]
			if m.Method != nil {
				fill(&m.Method.Type, gatewayv1.GRPCMethodMatchExact)
			}
			for k := range m.Headers {
				fill(&m.Headers[k].Type, gatewayv1.GRPCHeaderMatchExact)
			}
		}
		for j := range rule.Filters {
			mirror(rule.Filters[j].RequestMirror)
		}
		for j := range rule.BackendRefs {
			backend(&rule.BackendRefs[j].BackendRef)
			for k := range rule.BackendRefs[j].Filters {
				mirror(rule.BackendRefs[j].Filters[k].RequestMirror)
			}
		}
		session(rule.SessionPersistence)
	}
}

// TLSRoute fills apis/v1/tlsroute_types.go's defaults.
func TLSRoute(r *gatewayv1.TLSRoute) {
	parents(r.Spec.ParentRefs)
	for i := range r.Spec.Rules {
		backends(r.Spec.Rules[i].BackendRefs)
	}
}

// TCPRoute fills apis/v1/tcproute_types.go's defaults.
func TCPRoute(r *gatewayv1.TCPRoute) {
	parents(r.Spec.ParentRefs)
	for i := range r.Spec.Rules {
		backends(r.Spec.Rules[i].BackendRefs)
	}
}

// UDPRoute fills apis/v1/udproute_types.go's defaults.
func UDPRoute(r *gatewayv1.UDPRoute) {
	parents(r.Spec.ParentRefs)
	for i := range r.Spec.Rules {
		backends(r.Spec.Rules[i].BackendRefs)
	}
}

// parents fills ParentReference.group and kind (apis/v1/shared_types.go).
func parents(refs []gatewayv1.ParentReference) {
	for i := range refs {
		fill(&refs[i].Group, gatewayv1.GroupName)
		fill(&refs[i].Kind, "Gateway")
	}
}

func backends(refs []gatewayv1.BackendRef) {
	for i := range refs {
		backend(&refs[i])
	}
}

// backend fills BackendRef.weight (apis/v1/shared_types.go).
func backend(r *gatewayv1.BackendRef) {
	backendObject(&r.BackendObjectReference)
	fill(&r.Weight, 1)
}

// backendObject fills BackendObjectReference.group and kind (apis/v1/object_reference_types.go).
func backendObject(r *gatewayv1.BackendObjectReference) {
	fill(&r.Group, "")
	fill(&r.Kind, "Service")
}

// session fills SessionPersistence's defaults (apis/v1/shared_types.go).
func session(s *gatewayv1.SessionPersistence) {
	if s == nil {
		return
	}
	fill(&s.Type, gatewayv1.CookieBasedSessionPersistence)
	if s.Cookie != nil {
		fill(&s.Cookie.Path, "/")
		fill(&s.Cookie.LifetimeType, gatewayv1.SessionCookieLifetimeType)
	}
}
