package istio

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Stands returns a key for each place and literal path of a Route of Gateway API, for an index that Overtaken
// looks up. Port is as in Places.
func Stands(r *config.Route, port func(listener string) string) []string {
	var out []string
	for _, place := range Places(r, port) {
		for _, m := range r.GetHttp().GetMatches() {
			if path, ok := foreignPath(m); ok {
				out = append(out, place+" "+path)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// foreignPath returns the path that the requests of a match of Gateway API begin with or are; a prefix ends with
// "/", so that one of segments is one of the string.
func foreignPath(m *config.HttpMatch) (string, bool) {
	switch k := m.GetPath().GetKind().(type) {
	case nil:
		return "/", true
	case *config.PathMatch_Exact:
		return k.Exact, true
	case *config.PathMatch_SegmentPrefix:
		return strings.TrimSuffix(k.SegmentPrefix, "/") + "/", true
	}
	return "", false
}

// Overtaken reports which matches of a VirtualService's Route lose the requests to their path to Routes of
// Gateway API that stand in the same place: those are tried before. The same port may serve both APIs, and nobody
// who reads one object sees the other. Lookup returns the Routes under a key of Stands.
func Overtaken(r *config.Route, port func(listener string) string, lookup func(key string) []*config.Route) []Finding {
	o := overlaps{}
	for _, place := range Places(r, port) {
		o.place = place
		for i, m := range r.GetHttp().GetMatches() {
			o.overtaken(entry{r, i, m}, func(path string) []*config.Route { return lookup(place + " " + path) })
		}
	}
	return SortFindings(o.findings)
}

// overtaken reports the first Route that takes every request to an entry's path or, if there is none, those that take some.
func (o *overlaps) overtaken(e entry, lookup func(path string) []*config.Route) {
	path, _, ok := e.literal()
	if !ok {
		path = "/" // an expression: only what takes every path is sure to take its
	}
	for _, stand := range standsOver(path) {
		for _, first := range lookup(stand) {
			for _, m := range first.GetHttp().GetMatches() {
				if p, ok := foreignPath(m); !ok || p != stand {
					continue
				}
				switch {
				case covers(withoutPath(m), withoutPath(e.match)):
					o.at(e.route).warn(ForeignRoute, "requests to the path of %s go to %s: routes of Gateway API come first (%s)",
						describe(e.match), nameOf(first), o.place)
					return
				case !disjoint(m, e.match):
					o.at(e.route).info(ForeignRoute, "some requests to the path of %s go to %s: routes of Gateway API come first (%s)",
						describe(e.match), nameOf(first), o.place)
				}
			}
		}
	}
}

// standsOver returns the paths under which a match stands that takes requests to path: itself, and the
// prefixes of its segments.
func standsOver(path string) []string {
	out := []string{path}
	if !strings.HasSuffix(path, "/") {
		out = append(out, path+"/")
	}
	for i := range path {
		if path[i] == '/' && path[:i+1] != path {
			out = append(out, path[:i+1])
		}
	}
	return out
}

func withoutPath(m *config.HttpMatch) *config.HttpMatch {
	out := proto.CloneOf(m)
	out.Path = nil
	return out
}
