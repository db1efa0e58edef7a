package collect

import (
	"cmp"
	"slices"
)

// Dependencies are edges from an input key of one collection to a key (or the whole) of another. An edge is an
// element of a doubly linked list that hangs on what was fetched: adding one, dropping one and finding all that hang
// on a changed key cost what they touch, whether ten or ten thousand inputs fetched the same key.
//
//	services.watches["default/echo"] ── edge ── edge ── …
//	                                      │       └──── input "default/shop"  of routes
//	                                      └──────────── input "default/admin" of routes

// watch is one thing that can be fetched, and those who did.
type watch struct {
	on    *core
	key   string
	whole bool // the collection, not a key of it
	head  *edge
}

type edge struct {
	watch      *watch
	by         *input
	prev, next *edge
}

// input is an input key that fetched something.
type input struct {
	owner *core
	key   string
	edges []edge // in the order of compareRefs; never appended to, as lists point into it
}

// ref names what a transform fetched.
type ref struct {
	on    *core
	key   string
	whole bool
}

func compareRefs(a, b ref) int {
	if c := cmp.Compare(a.on.id, b.on.id); c != 0 {
		return c
	}
	if a.whole != b.whole {
		if a.whole {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.key, b.key)
}

func (w *watch) ref() ref { return ref{on: w.on, key: w.key, whole: w.whole} }

func (w *watch) mark() {
	for e := w.head; e != nil; e = e.next {
		e.by.owner.dirty = append(e.by.owner.dirty, e.by.key)
	}
}

// depend replaces the dependencies of an input key of c.
func (c *core) depend(key string, refs []ref) {
	old := c.tracked[key]
	if old == nil && len(refs) == 0 {
		return
	}
	slices.SortFunc(refs, compareRefs)
	refs = slices.Compact(refs)
	if old != nil {
		if old.fetched(refs) {
			return
		}
		old.unlink()
		delete(c.tracked, key)
	}
	if len(refs) == 0 {
		return
	}
	if c.tracked == nil {
		c.tracked, c.fetches = map[string]*input{}, map[*core]int{}
	}
	in := &input{owner: c, key: key, edges: make([]edge, len(refs))}
	for i, r := range refs {
		in.edges[i].by = in
		in.edges[i].link(r.on.watch(r))
		c.fetches[r.on]++
	}
	c.tracked[key] = in
}

// watch returns the watch for what r names, made if nobody had fetched it.
func (c *core) watch(r ref) *watch {
	if r.whole {
		return &c.whole
	}
	w := c.watches[r.key]
	if w == nil {
		if c.watches == nil {
			c.watches = map[string]*watch{}
		}
		w = &watch{on: c, key: r.key}
		c.watches[r.key] = w
	}
	return w
}

func (in *input) fetched(refs []ref) bool {
	return slices.EqualFunc(in.edges, refs, func(e edge, r ref) bool { return e.watch.ref() == r })
}

func (in *input) unlink() {
	for i := range in.edges {
		e := &in.edges[i]
		w := e.watch
		e.unlink()
		if w.head == nil && !w.whole {
			delete(w.on.watches, w.key)
		}
		if in.owner.fetches[w.on]--; in.owner.fetches[w.on] == 0 {
			delete(in.owner.fetches, w.on)
		}
	}
}

func (e *edge) link(w *watch) {
	e.watch, e.next = w, w.head
	if w.head != nil {
		w.head.prev = e
	}
	w.head = e
}

func (e *edge) unlink() {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		e.watch.head = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	}
}
