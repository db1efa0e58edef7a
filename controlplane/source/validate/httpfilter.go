package validate

import gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

// httpFilters checks a filter list of a rule or of one of its backends.
func (l *list) httpFilters(at *Path, filters []gatewayv1.HTTPRouteFilter, matches []gatewayv1.HTTPRouteMatch) {
	l.count(at, len(filters), 0, 16, "filters")
	seen := make(map[gatewayv1.HTTPRouteFilterType]bool, len(filters))
	for i := range filters {
		f := &filters[i]
		switch f.Type {
		case gatewayv1.HTTPRouteFilterRequestMirror, gatewayv1.HTTPRouteFilterExtensionRef, gatewayv1.HTTPRouteFilterExternalAuth:
		default:
			l.check(!seen[f.Type], at.Index(i), "a %s filter cannot be repeated", f.Type)
		}
		seen[f.Type] = true
		l.httpFilter(at.Index(i), f, matches)
	}
	l.check(!seen[gatewayv1.HTTPRouteFilterRequestRedirect] || !seen[gatewayv1.HTTPRouteFilterURLRewrite], at,
		"RequestRedirect and URLRewrite exclude each other")
}

// member is one field of a filter that belongs to one type.
type member struct {
	kind, field string
	set         bool
}

// union demands that exactly the field that belongs to the type is set.
func (l *list) union(at *Path, kind string, members ...member) {
	known := false
	for _, m := range members {
		known = known || m.kind == kind
		switch {
		case m.kind == kind && !m.set:
			l.add(at.Field(m.field), "required for type %s", kind)
		case m.kind != kind && m.set:
			l.add(at.Field(m.field), "must not be set for type %q", kind)
		}
	}
	l.check(known, at.Field("type"), "%q is not a filter type", kind)
}

func (l *list) httpFilter(at *Path, f *gatewayv1.HTTPRouteFilter, matches []gatewayv1.HTTPRouteMatch) {
	l.union(at, string(f.Type),
		member{"RequestHeaderModifier", "requestHeaderModifier", f.RequestHeaderModifier != nil},
		member{"ResponseHeaderModifier", "responseHeaderModifier", f.ResponseHeaderModifier != nil},
		member{"RequestMirror", "requestMirror", f.RequestMirror != nil},
		member{"RequestRedirect", "requestRedirect", f.RequestRedirect != nil},
		member{"URLRewrite", "urlRewrite", f.URLRewrite != nil},
		member{"CORS", "cors", f.CORS != nil},
		member{"ExternalAuth", "externalAuth", f.ExternalAuth != nil},
		member{"ExtensionRef", "extensionRef", f.ExtensionRef != nil})
	l.headerFilter(at.Field("requestHeaderModifier"), f.RequestHeaderModifier)
	l.headerFilter(at.Field("responseHeaderModifier"), f.ResponseHeaderModifier)
	l.mirror(at.Field("requestMirror"), f.RequestMirror)
	if r := f.RequestRedirect; r != nil {
		at := at.Field("requestRedirect")
		if r.Scheme != nil {
			oneOf(l, at.Field("scheme"), *r.Scheme, "http", "https")
		}
		l.preciseHostname(at.Field("hostname"), r.Hostname)
		l.port(at.Field("port"), r.Port)
		l.pathModifier(at.Field("path"), r.Path, matches)
		switch code := deref(r.StatusCode); code {
		case 301, 302, 303, 307, 308:
		default:
			l.add(at.Field("statusCode"), "%d is not one of [301 302 303 307 308]", code)
		}
	}
	if r := f.URLRewrite; r != nil {
		l.preciseHostname(at.Field("urlRewrite").Field("hostname"), r.Hostname)
		l.pathModifier(at.Field("urlRewrite").Field("path"), r.Path, matches)
	}
	l.cors(at.Field("cors"), f.CORS)
	l.externalAuth(at.Field("externalAuth"), f.ExternalAuth)
	if r := f.ExtensionRef; r != nil {
		l.reference(at.Field("extensionRef"), r.Group, r.Kind, string(r.Name))
	}
}

func (l *list) headerFilter(at *Path, f *gatewayv1.HTTPHeaderFilter) {
	if f == nil {
		return
	}
	for _, op := range []struct {
		name    string
		headers []gatewayv1.HTTPHeader
	}{{"set", f.Set}, {"add", f.Add}} {
		l.count(at.Field(op.name), len(op.headers), 0, 16, "headers")
		for i, h := range op.headers {
			l.headerName(at.Field(op.name).Index(i).Field("name"), string(h.Name))
			l.size(at.Field(op.name).Index(i).Field("value"), h.Value, 4096)
			l.headerValue(at.Field(op.name).Index(i).Field("value"), h.Value)
		}
	}
	l.count(at.Field("remove"), len(f.Remove), 0, 16, "headers")
	unique(l, f.Remove, func(i int) *Path { return at.Field("remove").Index(i) })
}

// headerValue refuses bytes that would let a value end its own line (RFC 9110 §5.5).
func (l *list) headerValue(at *Path, v string) {
	for i := range len(v) {
		if v[i] == '\r' || v[i] == '\n' || v[i] == 0 {
			l.add(at, "must not contain CR, LF or NUL")
			return
		}
	}
}

func (l *list) pathModifier(at *Path, m *gatewayv1.HTTPPathModifier, matches []gatewayv1.HTTPRouteMatch) {
	if m == nil {
		return
	}
	l.union(at, string(m.Type),
		member{"ReplaceFullPath", "replaceFullPath", m.ReplaceFullPath != nil},
		member{"ReplacePrefixMatch", "replacePrefixMatch", m.ReplacePrefixMatch != nil})
	full, prefix := deref(m.ReplaceFullPath), deref(m.ReplacePrefixMatch)
	l.check(len(full) <= 1024, at.Field("replaceFullPath"), "is %d bytes long, at most 1024 are allowed", len(full))
	l.check(len(prefix) <= 1024, at.Field("replacePrefixMatch"), "is %d bytes long, at most 1024 are allowed", len(prefix))
	if m.ReplacePrefixMatch == nil {
		return
	}
	ok := len(matches) == 1 && matches[0].Path != nil && deref(matches[0].Path.Type) == gatewayv1.PathMatchPathPrefix
	l.check(ok, at.Field("replacePrefixMatch"), "needs exactly one match in the rule, of type PathPrefix")
}

func (l *list) mirror(at *Path, m *gatewayv1.HTTPRequestMirrorFilter) {
	if m == nil {
		return
	}
	l.backendObject(at.Field("backendRef"), &m.BackendRef)
	l.check(m.Percent == nil || m.Fraction == nil, at, "only one of percent and fraction may be set")
	if m.Percent != nil {
		between(l, at.Field("percent"), *m.Percent, 0, 100)
	}
	if f := m.Fraction; f != nil {
		l.check(f.Numerator >= 0, at.Field("fraction").Field("numerator"), "must not be negative")
		l.check(deref(f.Denominator) >= 1, at.Field("fraction").Field("denominator"), "must be at least 1")
		l.check(f.Numerator <= deref(f.Denominator), at.Field("fraction"), "numerator must not exceed denominator")
	}
}

func (l *list) cors(at *Path, c *gatewayv1.HTTPCORSFilter) {
	if c == nil {
		return
	}
	l.count(at.Field("allowOrigins"), len(c.AllowOrigins), 0, 64, "origins")
	for i, o := range c.AllowOrigins {
		l.pattern(at.Field("allowOrigins").Index(i), string(o), 253, corsOrigin, "an origin like https://*.example.com or *")
		l.check(o != "*" || len(c.AllowOrigins) == 1, at.Field("allowOrigins").Index(i), `"*" must stand alone`)
	}
	l.count(at.Field("allowMethods"), len(c.AllowMethods), 0, 9, "methods")
	for i, m := range c.AllowMethods {
		oneOf(l, at.Field("allowMethods").Index(i), m,
			"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*")
		l.check(m != "*" || len(c.AllowMethods) == 1, at.Field("allowMethods").Index(i), `"*" must stand alone`)
	}
	l.count(at.Field("allowHeaders"), len(c.AllowHeaders), 0, 64, "headers")
	for i, h := range c.AllowHeaders {
		l.headerName(at.Field("allowHeaders").Index(i), string(h))
		l.check(h != "*" || len(c.AllowHeaders) == 1, at.Field("allowHeaders").Index(i), `"*" must stand alone`)
	}
	l.count(at.Field("exposeHeaders"), len(c.ExposeHeaders), 0, 64, "headers")
	for i, h := range c.ExposeHeaders {
		l.headerName(at.Field("exposeHeaders").Index(i), string(h))
	}
	l.check(c.MaxAge >= 1, at.Field("maxAge"), "must be at least 1")
}

func (l *list) externalAuth(at *Path, a *gatewayv1.HTTPExternalAuthFilter) {
	if a == nil {
		return
	}
	l.backendObject(at.Field("backendRef"), &a.BackendRef)
	oneOf(l, at.Field("protocol"), a.ExternalAuthProtocol, "HTTP", "GRPC")
	l.check((a.GRPCAuthConfig != nil) == (a.ExternalAuthProtocol == "GRPC"), at.Field("grpc"),
		"must be set for protocol GRPC and only for it")
	l.check((a.HTTPAuthConfig != nil) == (a.ExternalAuthProtocol == "HTTP"), at.Field("http"),
		"must be set for protocol HTTP and only for it")
}
