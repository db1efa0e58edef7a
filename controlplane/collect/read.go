package collect

import (
	"iter"
)

// Reader is where Get, List, All, Value and Lookup read: a [Context] inside a transform, where what is read becomes
// a dependency, or a [View] anywhere else.
type Reader interface {
	// observe returns the roots to read from; nil means the state being computed.
	observe(on *core, key string, whole bool) *View
}

// View is the state of a whole graph as one commit left it. It never changes, and is safe for use by many
// goroutines. Holding one keeps its objects alive.
type View struct {
	version uint64
	roots   []any // *tree[T] of each collection by id; nil while a collection has never had an object
}

// View returns the last committed state. It does not wait for a commit under way.
func (g *Graph) View() *View { return g.state.Load() }

// Version is the number of commits that led to this state.
func (v *View) Version() uint64 { return v.version }

func (v *View) observe(*core, string, bool) *View { return v }

func (v *View) root(id int) any {
	if id < len(v.roots) {
		return v.roots[id]
	}
	return nil
}

// Context is what a transform reads through. It is good until the transform returns, for the transform's own
// goroutine.
type Context struct {
	core   *core
	key    string
	refs   []ref
	closed bool
}

// Key is the key of the input object ("" in a Singleton).
func (c *Context) Key() string { return c.key }

func (c *Context) observe(on *core, key string, whole bool) *View {
	switch {
	case c.closed:
		misuse("%s fetches with the context of a transform that has returned", c.core.name)
	case on.graph != c.core.graph:
		misuse("%s fetches from %s, which is of another graph", c.core.name, on.name)
	case on.id >= c.core.id:
		misuse("%s fetches from %s, which was not created before it", c.core.name, on.name)
	}
	c.refs = append(c.refs, ref{on: on, key: key, whole: whole})
	return nil
}

func (c *Context) close() []ref {
	c.closed = true
	return c.refs
}

// Get returns the object under the key. In a transform it is a dependency on that key, also while there is no
// object under it.
func Get[T any](r Reader, from Collection[T], key string) (T, bool) {
	t := from.self()
	return t.seenBy(r.observe(&t.core, key, false)).get(key)
}

// List returns all objects, by ascending key. In a transform it is a dependency on the whole collection: each change
// in it recomputes the transform for this input. Where there are many inputs, an [Index] is the way.
func List[T any](r Reader, from Collection[T]) []T {
	t := from.self()
	return t.seenBy(r.observe(&t.core, "", true)).values()
}

// All is [List] with keys, and without a slice. The dependency is made when All is called.
func All[T any](r Reader, from Collection[T]) iter.Seq2[string, T] {
	t := from.self()
	return t.seenBy(r.observe(&t.core, "", true)).all()
}

// Value returns the object of a singleton. In a transform it is a dependency on it.
func Value[T any](r Reader, from *Single[T]) (T, bool) {
	return Get(r, from, singleKey)
}

// Lookup returns the objects that the index holds under the key, by ascending key of the objects. In a transform it
// is a dependency on that index key alone, also while there is nothing under it.
func Lookup[T any](r Reader, in *Index[T], key string) []T {
	group, _ := Get(r, in, key)
	return group.List()
}
