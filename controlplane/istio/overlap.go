package istio

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// mostCompared bounds how many matches of one path are compared with another match, so that thousands of
// routes that differ in headers alone stay cheap.
const mostCompared = 128

// Overlaps reports which Routes take requests from others: routes that are attached to one port
// with one hostname, in any order. Only Routes of VirtualServices count. Place names port and
// hostname for messages: `"shop.example.com", port 80`.
//
// Routes are ranked as the proxy ranks them. For each match the earlier ones are looked up whose path holds
// its path, by the prefixes of it; so the cost grows with what really overlaps.
func Overlaps(place string, routes []*config.Route) []Finding {
	o := overlaps{place: place, exact: map[string][]int{}, prefix: map[string][]int{}, regex: map[string][]int{}}
	routes = slices.DeleteFunc(slices.Clone(routes), func(r *config.Route) bool { return r.GetOrigin().GetKind() != "VirtualService" })
	slices.SortFunc(routes, compareRoutes)
	for _, r := range routes {
		for i, m := range r.GetHttp().GetMatches() {
			o.entries = append(o.entries, entry{r, i, m})
		}
	}
	for i := range o.entries {
		o.compare(i)
		o.index(i)
	}
	o.reportDead(routes)
	return SortFindings(o.findings)
}

func compareRoutes(a, b *config.Route) int {
	return cmp.Or(
		cmp.Compare(a.GetHttp().GetPrecedence(), b.GetHttp().GetPrecedence()),
		compareOrder(a.GetOrder(), b.GetOrder()),
		cmp.Compare(a.GetName(), b.GetName()),
	)
}

// entry is one match of one route. Entries stand in the order in which they are tried.
type entry struct {
	route *config.Route
	index int
	match *config.HttpMatch
}

// literal returns the path that an entry's requests begin with or are. Without a path it is "/".
func (e entry) literal() (path string, exact, ok bool) {
	switch k := e.match.GetPath().GetKind().(type) {
	case nil:
		return "/", false, true
	case *config.PathMatch_Exact:
		return k.Exact, true, true
	case *config.PathMatch_Prefix:
		return k.Prefix, false, true
	}
	return "", false, false
}

type overlaps struct {
	report
	place                string
	entries              []entry
	exact, prefix, regex map[string][]int // of entries so far, by lower-case path or by expression
	taken                map[*config.Route][]int
}

func (o *overlaps) index(i int) {
	e := o.entries[i]
	path, exact, ok := e.literal()
	into, key := o.regex, e.match.GetPath().GetRegex()
	if ok {
		into, key = o.prefix, strings.ToLower(path)
		if exact {
			into = o.exact
		}
	}
	if len(into[key]) < mostCompared {
		into[key] = append(into[key], i)
	}
}

// candidates returns earlier entries that may take requests of this one.
func (o *overlaps) candidates(e entry) []int {
	out := slices.Clone(o.regex[".*"])
	path, exact, ok := e.literal()
	if !ok {
		out = append(out, o.prefix["/"]...)
		if expr := e.match.GetPath().GetRegex(); expr != ".*" {
			out = append(out, o.regex[expr]...)
		}
	} else {
		path = strings.ToLower(path)
		for n := 1; n <= len(path); n++ {
			out = append(out, o.prefix[path[:n]]...)
		}
		if exact {
			out = append(out, o.exact[path]...)
		}
	}
	slices.Sort(out)
	return out
}

// compare finds what earlier entries take from entry i.
func (o *overlaps) compare(i int) {
	e := o.entries[i]
	partial := map[string]bool{}
	for _, c := range o.candidates(e) {
		first := o.entries[c]
		switch {
		case covers(first.match, e.match):
			if o.taken == nil {
				o.taken = map[*config.Route][]int{}
			}
			o.taken[e.route] = append(o.taken[e.route], e.index)
			o.reportTaken(first, e)
			return
		case sameOwner(first.route, e.route) || partial[first.route.GetName()]:
		case first.route.GetHttp().GetPrecedence() != e.route.GetHttp().GetPrecedence(): // a catch-all gets the rest by design
		case !disjoint(first.match, e.match):
			partial[first.route.GetName()] = true
			o.at(e.route).info(Overlap, "requests that match %s too go there: it is older (%s)", nameOf(first.route), o.place)
		}
	}
}

// reportTaken reports a match all of whose requests go elsewhere. That a whole route is dead is said
// by reportDead.
func (o *overlaps) reportTaken(first, e entry) {
	if sameOwner(first.route, e.route) {
		if len(e.route.GetHttp().GetMatches()) > 1 {
			o.at(e.route).info(IneffectiveMatch, "its match %s is never used: %s takes every request of it before", describe(e.match), nameOf(first.route))
		}
		return
	}
	o.at(e.route).warn(Shadowed, "%s gets no request: %s takes every one before, as its object is older (%s)",
		describe(e.match), nameOf(first.route), o.place)
	o.at(first.route).info(Shadows, "takes every request of %s in %s, as this object is older (%s)",
		describe(e.match), nameOf(e.route), o.place)
}

// reportDead reports routes of which every match is taken, at least one by a route of the same object.
func (o *overlaps) reportDead(routes []*config.Route) {
	for _, r := range routes {
		if n := len(o.taken[r]); n > 0 && n == len(r.GetHttp().GetMatches()) {
			o.at(r).warn(Unreachable, "never used: earlier rules take every request of it")
		}
	}
}

func (o *overlaps) at(r *config.Route) at {
	origin := r.GetOrigin()
	return at{&o.report, Object{origin.GetKind(), origin.GetNamespace(), origin.GetName()}, origin.GetField()}
}

// sameOwner reports whether two routes are served for one VirtualService, delegates included.
func sameOwner(a, b *config.Route) bool { return a.GetOrder().GetKey() == b.GetOrder().GetKey() }

func nameOf(r *config.Route) string {
	o := r.GetOrigin()
	return fmt.Sprintf("%s of %s %s/%s", o.GetField(), o.GetKind(), o.GetNamespace(), o.GetName())
}

// describe returns a match for people: `prefix "/shop"`.
func describe(m *config.HttpMatch) string {
	text := "every path"
	switch k := m.GetPath().GetKind().(type) {
	case *config.PathMatch_Exact:
		text = fmt.Sprintf("path %q", k.Exact)
	case *config.PathMatch_Prefix:
		text = fmt.Sprintf("prefix %q", k.Prefix)
	case *config.PathMatch_Regex:
		text = fmt.Sprintf("regex %q", k.Regex)
	}
	if len(m.GetHeaders()) > 0 || len(m.GetQueryParams()) > 0 || m.GetMethod() != nil || m.GetAuthority() != nil || m.GetScheme() != nil {
		text += " with conditions"
	}
	return text
}

// Places returns a key for each port and hostname that a Route is attached to, for an index of
// what Overlaps compares. Port looks up a Listener's address and port as text, such as "80".
func Places(r *config.Route, port func(listener string) string) []string {
	var out []string
	for _, a := range r.GetAttachments() {
		hosts := a.GetHostnames()
		if len(hosts) == 0 {
			hosts = []string{"*"}
		}
		for _, h := range hosts {
			out = append(out, fmt.Sprintf("%q, port %s", h, port(a.GetListener())))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
