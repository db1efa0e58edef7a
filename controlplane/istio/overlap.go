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
	o := overlaps{
		place: place, exact: map[string][]int{}, prefix: map[string][]int{}, regex: map[string][]int{},
		matches: map[ruleID]int{}, taken: map[ruleID]int{},
	}
	routes = slices.DeleteFunc(slices.Clone(routes), func(r *config.Route) bool { return r.GetOrigin().GetKind() != "VirtualService" })
	slices.SortFunc(routes, compareRoutes)
	for _, r := range routes {
		for i, m := range r.GetHttp().GetMatches() {
			o.entries = append(o.entries, entry{r, i, m})
			o.matches[idOf(r)]++
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

// ruleID is a rule, whose catch-all match may be a Route of its own.
type ruleID struct {
	key   string
	index uint32
}

func idOf(r *config.Route) ruleID { return ruleID{r.GetOrder().GetKey(), r.GetOrder().GetIndex()} }

type overlaps struct {
	report
	place                string
	entries              []entry
	exact, prefix, regex map[string][]int // of entries so far, by lower-case path or by expression
	matches, taken       map[ruleID]int   // counts: of all, and of those that rules of the same object take
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
			o.reportTaken(first, e)
			return
		case sameOwner(first.route, e.route) || partial[first.route.GetName()]:
		case first.route.GetHttp().GetPrecedence() != e.route.GetHttp().GetPrecedence(): // a catch-all gets the rest by design
		case !disjoint(first.match, e.match):
			partial[first.route.GetName()] = true
			o.at(e.route).info(Overlap, "requests that match %s too go there: its object %s (%s)",
				nameOf(first.route), reason(first.route, e.route), o.place)
		}
	}
}

// reportTaken reports a match all of whose requests go elsewhere. That a rule is dead within its own
// object is said by reportDead.
func (o *overlaps) reportTaken(first, e entry) {
	if id := idOf(e.route); sameOwner(first.route, e.route) {
		o.taken[id]++
		if o.matches[id] > 1 {
			o.at(e.route).info(IneffectiveMatch, "its match %s is never used: %s takes every request of it before", describe(e.match), nameOf(first.route))
		}
		return
	}
	why := reason(first.route, e.route)
	o.at(e.route).warn(Shadowed, "%s gets no request: %s takes every one before, as its object %s (%s)",
		describe(e.match), nameOf(first.route), why, o.place)
	o.at(first.route).info(Shadows, "takes every request of %s in %s, as this object %s (%s)",
		describe(e.match), nameOf(e.route), why, o.place)
}

// reason says why the first object ranks before the other.
func reason(first, other *config.Route) string {
	if first.GetOrder().GetCreatedUnixSeconds() == other.GetOrder().GetCreatedUnixSeconds() {
		return "is of the same age and its name sorts first"
	}
	return "is older"
}

// reportDead reports rules of which earlier ones of the same object take every match.
func (o *overlaps) reportDead(routes []*config.Route) {
	for _, r := range routes {
		if id := idOf(r); o.taken[id] == o.matches[id] {
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

// Place names the port of a Listener: "80", with an address "10.0.0.1:80", with TLS
// "443, HTTPS". Listeners whose places differ have no request in common.
func Place(l *config.Listener) string { return placeOf(l.GetAddress(), l.GetPort(), l.GetProtocol()) }

// Table names the routes that are ranked together, for Places: those of a port, and with TLS those
// of one server of it, as SNI has chosen that before any route is looked at.
func Table(l *config.Listener) string {
	if l.GetProtocol() != config.Protocol_PROTOCOL_HTTPS {
		return Place(l)
	}
	o := l.GetOrigin()
	return fmt.Sprintf("%s, %s of Gateway %s/%s", Place(l), o.GetField(), o.GetNamespace(), o.GetName())
}

// Places returns a key for each port and hostname that a Route is attached to, for an index of
// what Overlaps compares. Table looks up the Table of a Listener.
func Places(r *config.Route, table func(listener string) string) []string {
	var out []string
	for _, a := range r.GetAttachments() {
		for _, h := range attachedHosts(a) {
			out = append(out, fmt.Sprintf("%q, port %s", h, table(a.GetListener())))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
