package istio

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	api "istio.io/api/networking/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// ruleMatch is one match of a rule.
type ruleMatch struct {
	source *api.HTTPMatchRequest
	at     at
	match  *config.HttpMatch
}

// everything is the match of a rule without matches, as Istio sees it.
func everything() *config.HttpMatch { return &config.HttpMatch{} }

// matches translates the matches of a rule.
func (t *vsTranslation) matches(r *rule) {
	if len(r.http.GetMatch()) == 0 {
		r.matches = []ruleMatch{{at: r.at, match: everything()}}
		return
	}
	named := 0
	for i, m := range r.http.GetMatch() {
		a := r.at.in("match[%d]", i)
		t.checkGateways(a, r, m)
		if out, ok := httpMatch(a, m); ok {
			r.matches = append(r.matches, ruleMatch{m, a, out})
		}
		if m.GetName() != "" {
			named++
		}
	}
	if named > 0 && len(r.http.GetMatch()) > 1 {
		r.at.in("match").info(NotEnforced, "names of single matches are not logged: the rule is named %q there", r.displayName(t.vs.Name))
	}
	if len(r.matches) == 0 {
		r.at.fail(Invalid, "not served: none of its matches can be used")
	}
}

// checkGateways reports gateways of a match that the VirtualService does not name.
func (t *vsTranslation) checkGateways(a at, r *rule, m *api.HTTPMatchRequest) {
	for i, g := range m.GetGateways() {
		ns, name := gatewayRef(g, r.owner.Namespace)
		if !slices.ContainsFunc(t.vs.Spec.GetGateways(), func(h string) bool {
			hns, hname := gatewayRef(h, t.vs.Namespace)
			return g == h || g != meshGateway && ns == hns && name == hname
		}) {
			a.in("gateways[%d]", i).warn(NotBound, "%q is not among spec.gateways, so it has no effect", g)
		}
	}
}

// httpMatch translates a match. It returns false if the match can never hold or must not.
func httpMatch(a at, in *api.HTTPMatchRequest) (*config.HttpMatch, bool) {
	out := everything()
	path, ok := pathMatch(a.in("uri"), in.GetUri(), in.GetIgnoreUriCase())
	out.Path = path
	for _, f := range []struct {
		name string
		in   *api.StringMatch
		into **config.StringMatch
	}{{"method", in.GetMethod(), &out.Method}, {"scheme", in.GetScheme(), &out.Scheme}, {"authority", in.GetAuthority(), &out.Authority}} {
		m, good := stringMatch(a.in("%s", f.name), f.in)
		if ok = ok && good; f.in != nil && !m.GetPresent() { // every request has one
			*f.into = m
		}
	}
	lowerAuthority(out.Authority)
	for _, name := range slices.Sorted(maps.Keys(in.GetHeaders())) {
		ok = headerMatch(a.in("headers[%s]", name), out, name, in.GetHeaders()[name]) && ok
	}
	for _, name := range slices.Sorted(maps.Keys(in.GetWithoutHeaders())) {
		ok = withoutHeader(a.in("withoutHeaders[%s]", name), out, name, in.GetWithoutHeaders()[name]) && ok
	}
	for _, name := range slices.Sorted(maps.Keys(in.GetQueryParams())) {
		m, good := stringMatch(a.in("queryParams[%s]", name), in.GetQueryParams()[name])
		ok = ok && good
		out.QueryParams = append(out.QueryParams, &config.QueryMatch{Name: name, Value: m})
	}
	return out, ok
}

// pathMatch translates uri. Nil without a fault: every path.
func pathMatch(a at, in *api.StringMatch, ignoreCase bool) (*config.PathMatch, bool) {
	out := &config.PathMatch{}
	switch k := in.GetMatchType().(type) {
	case nil:
		return nil, true
	case *api.StringMatch_Regex:
		out.Kind = &config.PathMatch_Regex{Regex: k.Regex}
		return out, checkRegex(a.in("regex"), k.Regex)
	case *api.StringMatch_Exact:
		out.Kind = &config.PathMatch_Exact{Exact: k.Exact}
		out.IgnoreCase = ignoreCase
		return out, checkPath(a.in("exact"), k.Exact)
	case *api.StringMatch_Prefix:
		if k.Prefix == "" {
			return nil, true
		}
		out.Kind = &config.PathMatch_Prefix{Prefix: k.Prefix}
		out.IgnoreCase = ignoreCase
		return out, checkPath(a.in("prefix"), k.Prefix)
	}
	a.fail(NotEnforced, "a kind of match that is not known: the match is not used")
	return nil, false
}

func checkPath(a at, path string) bool {
	switch {
	case !strings.HasPrefix(path, "/"):
		a.warn(Invalid, "%q never matches: paths begin with \"/\"", path)
		return false
	case strings.ContainsAny(path, "?#"):
		a.warn(Invalid, "%q never matches: a query is not part of the path; use queryParams", path)
		return false
	}
	return true
}

func checkRegex(a at, expr string) bool {
	if _, err := regexp.Compile(expr); err != nil {
		a.fail(InvalidRegex, "%v: the match is not used", err)
		return false
	}
	return true
}

// stringMatch translates a condition. One without a kind, and the expression "*", ask for presence.
func stringMatch(a at, in *api.StringMatch) (*config.StringMatch, bool) {
	switch k := in.GetMatchType().(type) {
	case nil:
		return present(), true
	case *api.StringMatch_Exact:
		return &config.StringMatch{Kind: &config.StringMatch_Exact{Exact: k.Exact}}, true
	case *api.StringMatch_Prefix:
		return &config.StringMatch{Kind: &config.StringMatch_Prefix{Prefix: k.Prefix}}, true
	case *api.StringMatch_Regex:
		if k.Regex == "*" {
			return present(), true
		}
		return &config.StringMatch{Kind: &config.StringMatch_Regex{Regex: k.Regex}}, checkRegex(a.in("regex"), k.Regex)
	}
	a.fail(NotEnforced, "a kind of match that is not known: the match is not used")
	return nil, false
}

func present() *config.StringMatch {
	return &config.StringMatch{Kind: &config.StringMatch_Present{Present: true}}
}

// lowerAuthority makes an authority's condition fit the lower-case form that the proxy compares.
func lowerAuthority(m *config.StringMatch) {
	switch k := m.GetKind().(type) {
	case *config.StringMatch_Exact:
		k.Exact = strings.ToLower(k.Exact)
	case *config.StringMatch_Prefix:
		k.Prefix = strings.ToLower(k.Prefix)
	}
}

const claims = "@request.auth.claims"

func headerMatch(a at, out *config.HttpMatch, name string, in *api.StringMatch) bool {
	if isClaim(a, name) {
		return false
	}
	m, ok := stringMatch(a, in)
	for pseudo, into := range map[string]**config.StringMatch{
		":method": &out.Method, ":scheme": &out.Scheme, ":authority": &out.Authority,
	} {
		if !strings.EqualFold(name, pseudo) {
			continue
		}
		if *into != nil {
			a.fail(Invalid, "contradicts the match's own field %s: the match is not used", pseudo[1:])
			return false
		}
		if !m.GetPresent() {
			*into = m
		}
		lowerAuthority(out.Authority)
		return ok
	}
	if !isToken(name) {
		a.fail(Invalid, "%q is not a field name: the match is not used", name)
		return false
	}
	out.Headers = append(out.Headers, &config.HeaderMatch{Name: strings.ToLower(name), Value: m})
	return ok
}

func withoutHeader(a at, out *config.HttpMatch, name string, in *api.StringMatch) bool {
	if isClaim(a, name) {
		return false
	}
	if !isToken(name) {
		a.fail(Invalid, "%q is not a field name: the match is not used", name)
		return false
	}
	m, ok := stringMatch(a, in)
	out.Headers = append(out.Headers, &config.HeaderMatch{
		Name: strings.ToLower(name), Value: m, Invert: true, MissingIsEmpty: !m.GetPresent(),
	})
	return ok
}

// isClaim reports whether a header's name stands for a claim of a token. Without a check of tokens
// such a match must not hold.
func isClaim(a at, name string) bool {
	if !strings.HasPrefix(strings.ToLower(name), claims) {
		return false
	}
	a.fail(FailClosed, "routing by claims is not enforced yet: the match is not used")
	return true
}

// isToken reports whether s is a token (RFC 9110 §5.6.2), as field names are.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}
