package istio

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// covers reports whether every request that matches b matches a. It may say no where the truth is yes
// (expressions are compared as text), never the other way.
func covers(a, b *config.HttpMatch) bool {
	return coversPath(a.GetPath(), b.GetPath()) &&
		coversString(a.GetMethod(), b.GetMethod()) &&
		coversString(a.GetScheme(), b.GetScheme()) &&
		coversString(a.GetAuthority(), b.GetAuthority()) &&
		all(a.GetHeaders(), b.GetHeaders(), coversHeader) &&
		all(a.GetQueryParams(), b.GetQueryParams(), func(x, y *config.QueryMatch) bool {
			return x.GetName() == y.GetName() && coversString(x.GetValue(), y.GetValue())
		})
}

// all reports whether each condition of a follows from one of b.
func all[T any](a, b []T, follows func(x, y T) bool) bool {
	return !slices.ContainsFunc(a, func(x T) bool {
		return !slices.ContainsFunc(b, func(y T) bool { return follows(x, y) })
	})
}

func coversPath(a, b *config.PathMatch) bool {
	switch k := a.GetKind().(type) {
	case nil:
		return true
	case *config.PathMatch_Regex:
		return k.Regex == ".*" || k.Regex == b.GetRegex()
	case *config.PathMatch_Prefix:
		if k.Prefix == "/" {
			return true
		}
	case *config.PathMatch_SegmentPrefix:
		return coversSegments(k.SegmentPrefix, b)
	}
	if b.GetIgnoreCase() && !a.GetIgnoreCase() || b.GetKind() == nil {
		return false
	}
	whole, ours := fold(a, a.GetExact()), fold(a, a.GetPrefix())
	switch k := b.GetKind().(type) {
	case *config.PathMatch_Exact:
		path := fold(a, k.Exact)
		return whole != "" && path == whole || ours != "" && strings.HasPrefix(path, ours)
	case *config.PathMatch_Prefix:
		return ours != "" && strings.HasPrefix(fold(a, k.Prefix), ours)
	}
	return false
}

// coversSegments is coversPath for a prefix of whole segments, as Gateway API's are.
func coversSegments(prefix string, b *config.PathMatch) bool {
	if prefix == "/" {
		return true
	}
	if b.GetIgnoreCase() {
		return false
	}
	prefix = strings.TrimSuffix(prefix, "/")
	below := prefix + "/"
	switch k := b.GetKind().(type) {
	case *config.PathMatch_Exact:
		return k.Exact == prefix || strings.HasPrefix(k.Exact, below)
	case *config.PathMatch_SegmentPrefix:
		return strings.HasPrefix(strings.TrimSuffix(k.SegmentPrefix, "/")+"/", below)
	case *config.PathMatch_Prefix:
		return strings.HasPrefix(k.Prefix, below)
	}
	return false
}

func fold(m *config.PathMatch, s string) string {
	if m.GetIgnoreCase() {
		return strings.ToLower(s)
	}
	return s
}

// coversString compares conditions on one string; nil is none.
func coversString(a, b *config.StringMatch) bool {
	if a == nil || proto.Equal(a, b) {
		return true
	}
	if b == nil {
		return false
	}
	switch k := a.GetKind().(type) {
	case *config.StringMatch_Present:
		return true
	case *config.StringMatch_Prefix:
		switch l := b.GetKind().(type) {
		case *config.StringMatch_Exact:
			return strings.HasPrefix(l.Exact, k.Prefix)
		case *config.StringMatch_Prefix:
			return strings.HasPrefix(l.Prefix, k.Prefix)
		}
	}
	return false
}

func coversHeader(a, b *config.HeaderMatch) bool {
	if a.GetName() != b.GetName() || a.GetInvert() != b.GetInvert() {
		return false
	}
	if a.GetInvert() {
		return proto.Equal(a, b)
	}
	return coversString(a.GetValue(), b.GetValue())
}

// disjoint reports whether no request can match both, as far as literal conditions tell. Paths are not
// looked at.
func disjoint(a, b *config.HttpMatch) bool {
	return differ(a.GetMethod(), b.GetMethod()) || differ(a.GetScheme(), b.GetScheme()) || differ(a.GetAuthority(), b.GetAuthority()) ||
		slices.ContainsFunc(a.GetHeaders(), func(x *config.HeaderMatch) bool {
			return slices.ContainsFunc(b.GetHeaders(), func(y *config.HeaderMatch) bool { return disjointHeaders(x, y) })
		}) ||
		slices.ContainsFunc(a.GetQueryParams(), func(x *config.QueryMatch) bool {
			return slices.ContainsFunc(b.GetQueryParams(), func(y *config.QueryMatch) bool {
				return x.GetName() == y.GetName() && differ(x.GetValue(), y.GetValue())
			})
		})
}

func disjointHeaders(a, b *config.HeaderMatch) bool {
	switch {
	case a.GetName() != b.GetName():
		return false
	case a.GetInvert() && b.GetInvert():
		return false
	case a.GetInvert():
		return coversString(a.GetValue(), b.GetValue())
	case b.GetInvert():
		return coversString(b.GetValue(), a.GetValue())
	}
	return differ(a.GetValue(), b.GetValue())
}

func differ(a, b *config.StringMatch) bool {
	x, exactA := a.GetKind().(*config.StringMatch_Exact)
	y, exactB := b.GetKind().(*config.StringMatch_Exact)
	return exactA && exactB && x.Exact != y.Exact
}
