package collect

import "reflect"

// Map makes one object of each object of in, under the same key. fn returns false to make none.
//
// fn must be pure: what it returns may depend on the object and on what it fetches through the context, and on
// nothing else; it must not change anything, nor keep the context.
func Map[I, O any](
	name string, in Collection[I], fn func(*Context, I) (O, bool), opts ...Option[O],
) Collection[O] {
	plain := func(ctx *Context, object I) (O, bool, struct{}) {
		output, ok := fn(ctx, object)
		return output, ok, struct{}{}
	}
	m := mapping[I, O, struct{}]{name: name, in: in.self(), fn: plain}
	m.wire(opts, false)
	return m.out
}

// MapStatus is [Map] with a status for each input object, in a second collection, named with "/status" appended,
// under the key of the input. A zero status (a nil pointer, an empty struct) is none.
func MapStatus[I, O, S any](
	name string, in Collection[I], fn func(*Context, I) (O, bool, S), opts ...Option[O],
) (Collection[O], Collection[S]) {
	m := mapping[I, O, S]{name: name, in: in.self(), fn: fn}
	m.wire(opts, true)
	return m.out, m.status
}

type mapping[I, O, S any] struct {
	name   string
	in     *table[I]
	fn     func(*Context, I) (O, bool, S)
	out    *table[O]
	status *table[S] // nil without status
}

func (m *mapping[I, O, S]) wire(opts []Option[O], status bool) {
	g := m.in.graph
	g.wire(func() {
		m.out = newTable(g, m.name, "map", opts)
		m.out.settle = m.settle
		if status {
			m.status = newTable[S](g, m.name+statusSuffix, "status", nil)
		}
		m.in.feed(&m.out.core)
	})
}

func (m *mapping[I, O, S]) settle(keys []string) {
	for _, key := range keys {
		object, ok := m.in.pending.get(key)
		if !ok {
			m.out.forget(key)
			m.out.drop(key)
			m.status.dropStatus(key)
			continue
		}
		var output O
		var status S
		if !m.out.run(key, func(ctx *Context) { output, ok, status = m.fn(ctx, object) }) {
			continue
		}
		m.out.putOrDrop(key, output, ok)
		m.status.putStatus(key, status)
	}
}

const singleKey = ""

// Single is a collection of at most one object, under the key "". Read it with [Value].
type Single[T any] struct {
	*table[T]
}

// Value returns the object as of the last commit.
func (s *Single[T]) Value() (T, bool) { return s.Get(singleKey) }

// Singleton makes one object of what fn fetches; fn returns false to make none. fn must be pure, as in [Map].
func Singleton[O any](g *Graph, name string, fn func(*Context) (O, bool), opts ...Option[O]) *Single[O] {
	plain := func(ctx *Context) (O, bool, struct{}) {
		output, ok := fn(ctx)
		return output, ok, struct{}{}
	}
	out, _ := singleton(g, name, plain, opts, false)
	return out
}

// SingletonStatus is [Singleton] with a status, as [MapStatus] is to Map.
func SingletonStatus[O, S any](
	g *Graph, name string, fn func(*Context) (O, bool, S), opts ...Option[O],
) (*Single[O], *Single[S]) {
	return singleton(g, name, fn, opts, true)
}

func singleton[O, S any](
	g *Graph, name string, fn func(*Context) (O, bool, S), opts []Option[O], withStatus bool,
) (*Single[O], *Single[S]) {
	out, status := &Single[O]{}, &Single[S]{}
	g.wire(func() {
		out.table = newTable(g, name, "singleton", opts)
		if withStatus {
			status.table = newTable[S](g, name+statusSuffix, "status", nil)
		}
		out.dirty = []string{singleKey}
		out.settle = func([]string) {
			var output O
			var ok bool
			var about S
			if out.run(singleKey, func(ctx *Context) { output, ok, about = fn(ctx) }) {
				out.putOrDrop(singleKey, output, ok)
				status.putStatus(singleKey, about)
			}
		}
	})
	return out, status
}

const statusSuffix = "/status"

func (t *table[T]) putOrDrop(key string, value T, ok bool) {
	if ok {
		t.put(key, value)
	} else {
		t.drop(key)
	}
}

// putStatus is put for a table that may not be there and that holds no zero values.
func (t *table[T]) putStatus(key string, status T) {
	if t != nil {
		t.putOrDrop(key, status, !reflect.ValueOf(&status).Elem().IsZero())
	}
}

func (t *table[T]) dropStatus(key string) {
	if t != nil {
		t.drop(key)
	}
}
