package routing

import (
	"cmp"
	"strings"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Tiers of config.Precedence.
const (
	tierSpecific uint8 = iota
	tierInOrder
	tierLast
)

// Kinds of paths, best first (config.PRECEDENCE_BY_SPECIFICITY).
const (
	pathExact uint8 = iota
	pathPrefix
	pathRegex
	pathNone
)

// rank is the place of an entry among those of its hostname: a total order.
type rank struct {
	tier    uint8
	path    uint8
	length  int  // of the path; longer first
	method  bool // with a method first
	headers int  // more first
	queries int  // more first
	created int64
	key     string
	index   uint32 // rule in the object
	match   int    // match in the rule
	name    string // of the route: a last resort, never equal
}

// compare returns less than 0 if a goes before b.
func (a *rank) compare(b *rank) int {
	return cmp.Or(
		cmp.Compare(a.tier, b.tier),
		cmp.Compare(a.path, b.path),
		cmp.Compare(b.length, a.length),
		trueFirst(a.method, b.method),
		cmp.Compare(b.headers, a.headers),
		cmp.Compare(b.queries, a.queries),
		cmp.Compare(a.created, b.created),
		strings.Compare(a.key, b.key),
		cmp.Compare(a.index, b.index),
		cmp.Compare(a.match, b.match),
		strings.Compare(a.name, b.name),
	)
}

func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// rankOf ranks one match of a route, whose path has been looked at already.
func rankOf(r *config.Route, matchIndex int, p pathKey) rank {
	order := r.GetOrder()
	k := rank{
		created: order.GetCreatedUnixSeconds(), key: order.GetKey(), index: order.GetIndex(),
		match: matchIndex, name: r.GetName(),
	}
	switch r.GetHttp().GetPrecedence() {
	case config.Precedence_PRECEDENCE_IN_ORDER:
		k.tier = tierInOrder
		return k
	case config.Precedence_PRECEDENCE_IN_ORDER_LAST:
		k.tier = tierLast
		return k
	default: // by specificity
	}
	k.path, k.length = p.rank, p.length
	if matches := r.GetHttp().GetMatches(); matchIndex < len(matches) {
		m := matches[matchIndex]
		k.method = m.GetMethod() != nil
		k.headers, k.queries = len(m.GetHeaders()), len(m.GetQueryParams())
	}
	return k
}
