package gatewayapi

import (
	"regexp"
	"strings"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// maxRegexBytes bounds an expression: matching is linear in the input and the expression.
const maxRegexBytes = 1024

// matchSet is a rule's matches.
type matchSet struct {
	matches []*config.HttpMatch
	// onlyPrefixes: every match is by PathPrefix, so a prefix can be replaced.
	onlyPrefixes bool
	// faulty: at least one match is not in matches.
	faulty bool
}

// httpMatches leaves faulty matches out. A rule without matches takes every request.
func httpMatches(in []gwv1.HTTPRouteMatch, field string, out *faults) matchSet {
	set := matchSet{onlyPrefixes: true}
	for i := range in {
		m, wrong := httpMatch(&in[i], fieldAt(field, i))
		if len(wrong) > 0 {
			*out = append(*out, wrong...)
			set.faulty = true
			continue
		}
		if p := in[i].Path; p != nil && derefOr(p.Type, gwv1.PathMatchPathPrefix) != gwv1.PathMatchPathPrefix {
			set.onlyPrefixes = false
		}
		set.matches = append(set.matches, m)
	}
	return set
}

func httpMatch(in *gwv1.HTTPRouteMatch, field string) (*config.HttpMatch, faults) {
	var wrong faults
	out := &config.HttpMatch{
		Path:        pathMatch(in.Path, field+".path", &wrong),
		Headers:     headerMatches(in.Headers, field+".headers", &wrong),
		QueryParams: queryMatches(in.QueryParams, field+".queryParams", &wrong),
	}
	if in.Method != nil {
		if !isToken(string(*in.Method)) {
			wrong.add(unsupported(field+".method", "%q is not a method", *in.Method))
		}
		out.Method = &config.StringMatch{Kind: &config.StringMatch_Exact{Exact: string(*in.Method)}}
	}
	return out, wrong
}

func unsupported(field, format string, args ...any) *Fault {
	return faultf(string(gwv1.RouteReasonUnsupportedValue), field, format, args...)
}

// pathMatch returns nil for the prefix "/": it takes every path, and so ranks after
// regular expressions.
func pathMatch(in *gwv1.HTTPPathMatch, field string, out *faults) *config.PathMatch {
	if in == nil {
		return nil
	}
	value := derefOr(in.Value, "/")
	switch t := derefOr(in.Type, gwv1.PathMatchPathPrefix); t {
	case gwv1.PathMatchExact:
		out.add(pathFault(value, field+".value"))
		return &config.PathMatch{Kind: &config.PathMatch_Exact{Exact: value}}
	case gwv1.PathMatchPathPrefix:
		if value == "/" {
			return nil
		}
		out.add(pathFault(value, field+".value"))
		return &config.PathMatch{Kind: &config.PathMatch_SegmentPrefix{SegmentPrefix: value}}
	case gwv1.PathMatchRegularExpression:
		out.add(regexFault(value, field+".value"))
		return &config.PathMatch{Kind: &config.PathMatch_Regex{Regex: value}}
	default:
		out.add(unsupported(field+".type", "%q is not known", t))
		return nil
	}
}

// neverInPath are parts that a normalised path does not have; an API server refuses them.
var neverInPath = []string{"//", "/./", "/../", "%2f", "%2F", "#"}

func pathFault(path, field string) *Fault {
	if !strings.HasPrefix(path, "/") {
		return unsupported(field, "%q does not begin with \"/\"", path)
	}
	for _, part := range neverInPath {
		if strings.Contains(path, part) {
			return unsupported(field, "%q holds %q", path, part)
		}
	}
	if strings.HasSuffix(path, "/.") || strings.HasSuffix(path, "/..") {
		return unsupported(field, "%q ends with a dot segment", path)
	}
	return textFault(path, field, "?")
}

// textFault refuses what cannot stand in a path: control bytes, spaces, bytes above 126
// and those named.
func textFault(value, field, also string) *Fault {
	for i := range len(value) {
		if c := value[i]; c <= ' ' || c > '~' || strings.IndexByte(also, c) >= 0 {
			return unsupported(field, "%q holds %q", value, c)
		}
	}
	return nil
}

func regexFault(expr, field string) *Fault {
	if len(expr) > maxRegexBytes {
		return unsupported(field, "regular expression is longer than %d bytes", maxRegexBytes)
	}
	// The expression alone must be valid, and as proxies compile it.
	for _, e := range []string{expr, "^(?:" + expr + ")$"} {
		if _, err := regexp.Compile(e); err != nil {
			return unsupported(field, "%s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
	}
	return nil
}

// headerMatches skips names that came before: only the first of them counts.
func headerMatches(in []gwv1.HTTPHeaderMatch, field string, out *faults) []*config.HeaderMatch {
	var matches []*config.HeaderMatch
	seen := map[string]bool{}
	for i, h := range in {
		at := fieldAt(field, i)
		name := strings.ToLower(string(h.Name))
		if !isToken(name) {
			out.add(unsupported(at+".name", "%q is not a field name", h.Name))
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		kind := derefOr(h.Type, gwv1.HeaderMatchExact)
		matches = append(matches, &config.HeaderMatch{Name: string(h.Name), Value: stringMatch(string(kind), h.Value, at, out)})
	}
	return matches
}

// queryMatches skips names that came before, as headerMatches does, but with case.
func queryMatches(in []gwv1.HTTPQueryParamMatch, field string, out *faults) []*config.QueryMatch {
	var matches []*config.QueryMatch
	seen := map[gwv1.HTTPHeaderName]bool{}
	for i, q := range in {
		at := fieldAt(field, i)
		if q.Name == "" {
			out.add(unsupported(at+".name", "is empty"))
		}
		if seen[q.Name] {
			continue
		}
		seen[q.Name] = true
		kind := derefOr(q.Type, gwv1.QueryParamMatchExact)
		matches = append(matches, &config.QueryMatch{Name: string(q.Name), Value: stringMatch(string(kind), q.Value, at, out)})
	}
	return matches
}

// stringMatch serves header and query matches: their types have the same names.
func stringMatch(kind, value, field string, out *faults) *config.StringMatch {
	switch kind {
	case string(gwv1.HeaderMatchExact):
		return &config.StringMatch{Kind: &config.StringMatch_Exact{Exact: value}}
	case string(gwv1.HeaderMatchRegularExpression):
		out.add(regexFault(value, field+".value"))
		return &config.StringMatch{Kind: &config.StringMatch_Regex{Regex: value}}
	}
	out.add(unsupported(field+".type", "%q is not known", kind))
	return nil
}

// isToken reports an RFC 9110 §5.6.2 token.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alnum && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}
