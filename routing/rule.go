package routing

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/routing/pathtree"
	"github.com/fairlead-mesh/fairlead/routing/predicate"
)

// Rule is the compiled match side of one config.Route. It is made once for a version of
// a route and shared by all tables the route is attached to.
type Rule struct {
	name    string
	matches []match
}

// match is one alternative of a rule.
type match struct {
	path pathKey
	when *predicate.Predicate
	rank rank
}

// pathKey is a path condition: where it sits in the tree and what is left to check.
type pathKey struct {
	kind   pathtree.Kind
	key    string
	fold   bool           // the key is in lower case, in the tree of folded keys
	re     *regexp.Regexp // must match the whole path too
	rank   uint8
	length int
}

// anyPath is the absence of a path condition.
var anyPath = pathKey{kind: pathtree.Prefix, rank: pathNone}

// Compile prepares the matches of an HTTP route. Errors name the field.
func Compile(r *config.Route) (*Rule, error) {
	rule := &Rule{name: r.GetName()}
	matches := r.GetHttp().GetMatches()
	if len(matches) == 0 {
		rule.matches = []match{{path: anyPath, when: &predicate.Predicate{}, rank: rankOf(r, 0, anyPath)}}
		return rule, nil
	}
	for i, m := range matches {
		p, err := compilePath(m.GetPath())
		if err != nil {
			return nil, fmt.Errorf("http.matches[%d].path: %w", i, err)
		}
		when, err := predicate.Compile(m)
		if err != nil {
			return nil, fmt.Errorf("http.matches[%d].%w", i, err)
		}
		rule.matches = append(rule.matches, match{path: p, when: when, rank: rankOf(r, i, p)})
	}
	return rule, nil
}

func compilePath(m *config.PathMatch) (pathKey, error) {
	if m == nil {
		return anyPath, nil
	}
	p := pathKey{fold: m.GetIgnoreCase()}
	switch k := m.GetKind().(type) {
	case *config.PathMatch_Exact:
		p.kind, p.key, p.rank = pathtree.Exact, k.Exact, pathExact
	case *config.PathMatch_Prefix:
		p.kind, p.key, p.rank = pathtree.Prefix, k.Prefix, pathPrefix
	case *config.PathMatch_SegmentPrefix:
		p.kind, p.key, p.rank = pathtree.Segment, strings.TrimRight(k.SegmentPrefix, "/"), pathPrefix
		if !strings.HasPrefix(k.SegmentPrefix, "/") {
			return p, fmt.Errorf("segment_prefix: %q does not begin with /", k.SegmentPrefix)
		}
	case *config.PathMatch_Regex:
		re, err := predicate.CompilePattern(k.Regex)
		if err != nil {
			return p, err
		}
		if p.fold {
			return p, errors.New("ignore_case: not for regex; write (?i)")
		}
		// What every match begins with leads down the tree; the rest is checked there.
		literal, _ := regexp.MustCompile(k.Regex).LiteralPrefix()
		p.kind, p.key, p.re, p.rank = pathtree.Prefix, literal, re, pathRegex
		p.length = len(k.Regex)
		return p, nil
	default:
		return p, errors.New("kind: none is set")
	}
	p.length = len(p.key)
	if p.fold {
		p.key = strings.ToLower(p.key)
	}
	return p, nil
}

// taken returns how many bytes of the path a match of this key takes.
func (p *pathKey) taken(path []byte) int {
	switch {
	case p.re != nil || p.kind == pathtree.Exact:
		return len(path)
	case p.rank == pathNone:
		return 1
	}
	return max(1, len(p.key))
}

// holds reports whether the conditions that the tree did not decide hold.
func (m *match) holds(ex *exchange.Exchange) bool {
	if m.path.re != nil && !m.path.re.Match(ex.Path) {
		return false
	}
	return m.when.Matches(ex)
}

// lowerPath returns the path in lower case, copied only if it must be.
func lowerPath(ex *exchange.Exchange) []byte {
	if !bytes.ContainsFunc(ex.Path, func(r rune) bool { return 'A' <= r && r <= 'Z' }) {
		return ex.Path
	}
	b := ex.Concat(ex.Path)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return b
}
