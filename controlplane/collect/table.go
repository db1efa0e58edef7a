package collect

import (
	"fmt"
	"iter"
	"runtime/debug"
	"sync/atomic"
)

// Collection is a set of objects of one type under string keys, as the last commit left it. All its methods are safe
// for use by many goroutines. In a transform, read with [Get], [List] and [Lookup] instead: what the methods return
// there is the state before the commit, and nothing notices.
//
// Objects are shared by all who read them: they must not be changed.
type Collection[T any] interface {
	Name() string
	Get(key string) (T, bool)
	List() []T                 // by ascending key
	All() iter.Seq2[string, T] // by ascending key
	Len() int
	Stats() Stats

	// Subscribe calls sink with the present state (as additions, if there is any), and then once for each commit that
	// changed the collection, in order, until stop is called; a call under way at that moment still finishes.
	//
	// A sink runs inside the commit, when the new state is already visible. It may read collections, and must not
	// wait; it must not call Update, AfterCommit, Dump or Stats of its own graph, nor Subscribe, nor add collections,
	// all of which wait for the commit to end. A panic of a sink reaches the caller of Update, and sinks that were to
	// come after it are not told: it is not something to go on from.
	Subscribe(sink func(Batch[T])) (stop func())

	self() *table[T]
}

// Op says what happened to an object.
type Op uint8

// What may happen to an object in a commit.
const (
	Added Op = iota + 1
	Updated
	Deleted
)

func (o Op) String() string {
	switch o {
	case Added:
		return "added"
	case Updated:
		return "updated"
	case Deleted:
		return "deleted"
	}
	return fmt.Sprintf("op(%d)", uint8(o))
}

// Event is the net change that one commit made to one object.
type Event[T any] struct {
	Op  Op
	Key string
	Old T // zero if Added
	New T // zero if Deleted
}

// Batch is all that one commit did to one collection.
type Batch[T any] struct {
	Version uint64     // of the state it led to
	Events  []Event[T] // by ascending key, one for each key; shared by all sinks
}

// Option changes how a collection of T behaves.
type Option[T any] func(*table[T])

// WithEqual makes the collection use same to tell whether an object was changed, instead of the default: proto.Equal
// for protobuf messages (also for those inside structs, slices and maps), the method Equal(T) bool of types that
// have it, and else what reflect.DeepEqual does.
func WithEqual[T any](same func(a, b T) bool) Option[T] {
	return func(t *table[T]) { t.equal = same }
}

// table holds the objects of any kind of collection.
type table[T any] struct {
	core
	equal   func(a, b T) bool
	base    tree[T] // the last committed state
	pending tree[T] // the state being computed; shares what base has
	sinks   []*sink[T]
}

type sink[T any] struct {
	call    func(Batch[T])
	stopped atomic.Bool
}

// newTable makes a table in the graph. The caller holds Graph.mu.
func newTable[T any](g *Graph, name, kind string, opts []Option[T]) *table[T] {
	t := &table[T]{}
	g.add(&t.core, name, kind, t)
	for _, opt := range opts {
		opt(t)
	}
	if t.equal == nil {
		t.equal = equalOf[T]()
	}
	return t
}

func (t *table[T]) self() *table[T] { return t }

func (t *table[T]) Name() string { return t.name }

func (t *table[T]) Get(key string) (T, bool) { return t.seenBy(t.graph.View()).get(key) }

func (t *table[T]) List() []T { return t.seenBy(t.graph.View()).values() }

func (t *table[T]) All() iter.Seq2[string, T] { return t.seenBy(t.graph.View()).all() }

func (t *table[T]) Len() int { return t.seenBy(t.graph.View()).size }

// seenBy returns the objects of the table in a view, or those being computed if there is no view.
func (t *table[T]) seenBy(v *View) tree[T] {
	if v == nil {
		return t.pending
	}
	if root, ok := v.root(t.id).(*tree[T]); ok {
		return *root
	}
	return tree[T]{}
}

// put makes value the object under key. An equal object stays as it is, which ends the propagation here.
func (t *table[T]) put(key string, value T) {
	old, had := t.pending.get(key)
	if had && t.same(key, old, value) {
		t.counters.suppressed.Add(1)
		return
	}
	t.pending = t.pending.set(&t.graph.editor, key, value)
	t.note(key)
}

func (t *table[T]) drop(key string) {
	if _, had := t.pending.get(key); had {
		t.pending = t.pending.unset(&t.graph.editor, key)
		t.note(key)
	}
}

func (t *table[T]) note(key string) {
	t.changed = append(t.changed, key)
	t.counters.emitted.Add(1)
}

// same compares. An equality that panics has not found them equal; it is reported, and not kept among the faults of
// the collection, as the object is in place.
func (t *table[T]) same(key string, a, b T) (same bool) {
	defer func() {
		if thrown := recover(); thrown != nil {
			fault := Fault{Collection: t.name, Key: key, Panic: thrown, Stack: debug.Stack()}
			t.graph.faults = append(t.graph.faults, fault)
		}
	}()
	return t.equal(a, b)
}

// feed makes every change of t, and everything in it now, reach the consumer.
func (t *table[T]) feed(consumer *core) {
	t.feedsInto(consumer)
	for key := range t.pending.all() {
		consumer.dirty = append(consumer.dirty, key)
	}
}

func (t *table[T]) publish() any {
	t.base = t.pending
	root := t.base
	return &root
}

func (t *table[T]) discard() { t.pending = t.base }

func (t *table[T]) deliver(b batch, version uint64) {
	if len(t.sinks) == 0 {
		return
	}
	var before tree[T]
	if root, ok := b.old.(*tree[T]); ok {
		before = *root
	}
	events := make([]Event[T], len(b.keys))
	for i, key := range b.keys {
		events[i] = eventOf(key, before, t.base)
	}
	live := t.sinks[:0]
	for _, s := range t.sinks {
		if !s.stopped.Load() {
			s.call(Batch[T]{Version: version, Events: events})
			live = append(live, s)
		}
	}
	clear(t.sinks[len(live):])
	t.sinks = live
}

func eventOf[T any](key string, before, after tree[T]) Event[T] {
	e := Event[T]{Op: Updated, Key: key}
	var had, has bool
	e.Old, had = before.get(key)
	e.New, has = after.get(key)
	switch {
	case !had:
		e.Op = Added
	case !has:
		e.Op = Deleted
	}
	return e
}

func (t *table[T]) Subscribe(call func(Batch[T])) (stop func()) {
	t.graph.mu.Lock()
	defer t.graph.mu.Unlock()
	s := &sink[T]{call: call}
	if t.base.size > 0 {
		events := make([]Event[T], 0, t.base.size)
		for key, value := range t.base.all() {
			events = append(events, Event[T]{Op: Added, Key: key, New: value})
		}
		call(Batch[T]{Version: t.graph.View().version, Events: events})
	}
	t.sinks = append(t.sinks, s)
	return func() { s.stopped.Store(true) }
}
