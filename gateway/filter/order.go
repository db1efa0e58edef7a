package filter

import "slices"

// Kind names a kind of filter. The constants are the order of the request pass, and
// there is no other: who checks before who changes, who changes headers before who
// rewrites the target. The response pass is the reverse.
type Kind uint8

// Kinds in order.
const (
	// KindUnavailable refuses everything: a policy that cannot be enforced.
	KindUnavailable Kind = iota
	// KindRequestHeaders edits request fields.
	KindRequestHeaders
	// KindRewrite makes the target the origin sees.
	KindRewrite
	// KindResponseHeaders edits response fields: last in the request pass, so first to
	// see the response, wide levels after narrow ones.
	KindResponseHeaders
)

func ordered(placed []Placed) []Filter {
	sorted := slices.Clone(placed)
	slices.SortStableFunc(sorted, func(a, b Placed) int {
		if a.Filter.Kind() != b.Filter.Kind() {
			return int(a.Filter.Kind()) - int(b.Filter.Kind())
		}
		return int(a.Level) - int(b.Level)
	})
	out := make([]Filter, len(sorted))
	for i := range sorted {
		out[i] = sorted[i].Filter
	}
	return out
}
