package validate

import (
	"strings"
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

var spec = (*Path)(nil).Field("spec")

// HTTPRoute validates apis/v1/httproute_types.go.
func HTTPRoute(r *gatewayv1.HTTPRoute) []Fault {
	var l list
	l.parents(r.Spec.ParentRefs)
	l.hostnames(r.Spec.Hostnames)
	at := spec.Field("rules")
	l.count(at, len(r.Spec.Rules), 1, 16, "rules")
	matches := 0
	var names ruleNames
	for i := range r.Spec.Rules {
		rule := &r.Spec.Rules[i]
		matches += len(rule.Matches)
		names.add(&l, at.Index(i), rule.Name)
		l.httpRule(at.Index(i), rule)
	}
	l.check(matches <= 128, at, "have %d matches together, at most 128 are allowed", matches)
	return l
}

// ruleNames demands that the rules of a route that have a name have different ones.
type ruleNames map[gatewayv1.SectionName]bool

func (n *ruleNames) add(l *list, at *Path, name *gatewayv1.SectionName) {
	if name == nil {
		return
	}
	l.sectionName(at.Field("name"), name)
	l.check(!(*n)[*name], at.Field("name"), "%q is the name of another rule of this route", *name)
	if *n == nil {
		*n = make(ruleNames)
	}
	(*n)[*name] = true
}

func (l *list) hostnames(names []gatewayv1.Hostname) {
	at := spec.Field("hostnames")
	l.count(at, len(names), 0, 16, "hostnames")
	for i, h := range names {
		l.hostname(at.Index(i), h)
	}
}

func (l *list) httpRule(at *Path, r *gatewayv1.HTTPRouteRule) {
	l.count(at.Field("matches"), len(r.Matches), 0, 64, "matches")
	for i := range r.Matches {
		l.httpMatch(at.Field("matches").Index(i), &r.Matches[i])
	}
	l.httpFilters(at.Field("filters"), r.Filters, r.Matches)
	l.count(at.Field("backendRefs"), len(r.BackendRefs), 0, 16, "backendRefs")
	for i := range r.BackendRefs {
		b := at.Field("backendRefs").Index(i)
		l.backend(b, &r.BackendRefs[i].BackendRef)
		l.httpFilters(b.Field("filters"), r.BackendRefs[i].Filters, r.Matches)
	}
	if len(r.BackendRefs) > 0 {
		for i := range r.Filters {
			l.check(r.Filters[i].RequestRedirect == nil, at.Field("filters").Index(i),
				"a RequestRedirect filter must not be used together with backendRefs")
		}
	}
	l.timeouts(at.Field("timeouts"), r.Timeouts)
	l.retry(at.Field("retry"), r.Retry)
	l.session(at.Field("sessionPersistence"), r.SessionPersistence)
}

func (l *list) httpMatch(at *Path, m *gatewayv1.HTTPRouteMatch) {
	if m.Path != nil {
		l.pathMatch(at.Field("path"), m.Path)
	}
	l.count(at.Field("headers"), len(m.Headers), 0, 16, "headers")
	for i, h := range m.Headers {
		l.valueMatch(at.Field("headers").Index(i), string(h.Name), string(deref(h.Type)), h.Value, 4096)
	}
	l.count(at.Field("queryParams"), len(m.QueryParams), 0, 16, "queryParams")
	for i, q := range m.QueryParams {
		l.valueMatch(at.Field("queryParams").Index(i), string(q.Name), string(deref(q.Type)), q.Value, 1024)
	}
	if m.Method != nil {
		oneOf(l, at.Field("method"), *m.Method, "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
	}
}

// valueMatch checks a header or query parameter match: kind is Exact or RegularExpression.
func (l *list) valueMatch(at *Path, name, kind, value string, size int) {
	l.headerName(at.Field("name"), name)
	oneOf(l, at.Field("type"), kind, "Exact", "RegularExpression")
	l.size(at.Field("value"), value, size)
	if kind == "RegularExpression" {
		l.regex(at.Field("value"), value)
	}
}

// pathMatch checks HTTPPathMatch's CEL rules.
func (l *list) pathMatch(at *Path, m *gatewayv1.HTTPPathMatch) {
	kind, value := deref(m.Type), deref(m.Value)
	oneOf(l, at.Field("type"), kind, gatewayv1.PathMatchExact, gatewayv1.PathMatchPathPrefix, gatewayv1.PathMatchRegularExpression)
	at = at.Field("value")
	l.check(len(value) <= 1024, at, "is %d bytes long, at most 1024 are allowed", len(value))
	if kind == gatewayv1.PathMatchRegularExpression {
		l.regex(at, value)
		return
	}
	if !strings.HasPrefix(value, "/") {
		l.add(at, `must start with "/"`)
		return
	}
	for _, bad := range []string{"//", "/./", "/../", "%2f", "%2F", "#"} {
		l.check(!strings.Contains(value, bad), at, "must not contain %q", bad)
	}
	for _, bad := range []string{"/..", "/."} {
		l.check(!strings.HasSuffix(value, bad), at, "must not end with %q", bad)
	}
	l.check(strings.Contains(value, "#") || pathChars.MatchString(value), at,
		"%q has characters that a path must percent-encode", value)
}

func (l *list) timeouts(at *Path, t *gatewayv1.HTTPRouteTimeouts) {
	if t == nil {
		return
	}
	request := l.duration(at.Field("request"), t.Request)
	backend := l.duration(at.Field("backendRequest"), t.BackendRequest)
	l.check(request == 0 || backend <= request, at.Field("backendRequest"), "must not be longer than the request timeout")
}

// duration checks GEP-2257's grammar and gives the value.
func (l *list) duration(at *Path, d *gatewayv1.Duration) time.Duration {
	if d == nil {
		return 0
	}
	v, err := time.ParseDuration(string(*d))
	l.check(err == nil && duration.MatchString(string(*d)), at, "%q is not a duration like 1h30m, 10s or 500ms", *d)
	return v
}

func (l *list) retry(at *Path, r *gatewayv1.HTTPRouteRetry) {
	if r == nil {
		return
	}
	for i, c := range r.Codes {
		between(l, at.Field("codes").Index(i), int(c), 400, 599)
	}
	unique(l, r.Codes, func(i int) *Path { return at.Field("codes").Index(i) })
	l.check(deref(r.Attempts) >= 0, at.Field("attempts"), "must not be negative")
	l.duration(at.Field("backoff"), r.Backoff)
}
