package collect

import (
	"iter"
	"slices"
)

// Index groups the objects of a collection by keys taken from them. Read it with [Lookup]; or take it as a
// collection of groups, under the index keys: a [Map] over an index computes one object for all that share a key.
type Index[T any] struct {
	*table[Group[T]]
	in      *table[T]
	extract func(T) []string
	filed   map[string][]string // key of an object → index keys it is filed under
}

// Group is the objects that share an index key. It never changes, and is never empty in an index.
type Group[T any] struct {
	members tree[T]
}

// Len returns the number of objects.
func (g Group[T]) Len() int { return g.members.size }

// List returns the objects by ascending key.
func (g Group[T]) List() []T { return g.members.values() }

// All yields keys and objects by ascending key.
func (g Group[T]) All() iter.Seq2[string, T] { return g.members.all() }

// NewIndex files each object of in under the keys that extract takes from it, be they none or many. extract must
// depend on nothing but the object. A change costs what the object's own keys cost, however large the groups are.
func NewIndex[T any](name string, in Collection[T], extract func(T) []string) *Index[T] {
	ix := &Index[T]{in: in.self(), extract: extract, filed: map[string][]string{}}
	g := ix.in.graph
	g.wire(func() {
		// Groups share the objects' nodes: a group with another root holds another object.
		same := func(a, b Group[T]) bool { return a.members.root == b.members.root }
		ix.table = newTable(g, name, "index", []Option[Group[T]]{WithEqual(same)})
		ix.settle = ix.settleKeys
		ix.in.feed(&ix.core)
	})
	return ix
}

func (ix *Index[T]) settleKeys(keys []string) {
	touched := map[string]tree[T]{}
	for _, key := range keys {
		object, ok := ix.in.pending.get(key)
		if !ok {
			ix.forget(key)
			ix.unfile(touched, key, nil)
			continue
		}
		var under []string
		if !ix.run(key, func(*Context) { under = slices.Clone(ix.extract(object)) }) {
			continue
		}
		slices.Sort(under)
		under = slices.Compact(under)
		ix.unfile(touched, key, under)
		ix.file(touched, key, under, object)
	}
	groups := make([]string, 0, len(touched))
	for group := range touched {
		groups = append(groups, group)
	}
	slices.Sort(groups)
	for _, group := range groups {
		members := touched[group]
		ix.putOrDrop(group, Group[T]{members: members}, members.size > 0)
	}
}

// unfile takes the object out of the groups it was in and is not to be in.
func (ix *Index[T]) unfile(touched map[string]tree[T], key string, under []string) {
	for _, group := range ix.filed[key] {
		if _, stays := slices.BinarySearch(under, group); !stays {
			touched[group] = ix.group(touched, group).unset(&ix.graph.editor, key)
		}
	}
	delete(ix.filed, key)
}

func (ix *Index[T]) file(touched map[string]tree[T], key string, under []string, object T) {
	for _, group := range under {
		touched[group] = ix.group(touched, group).set(&ix.graph.editor, key, object)
	}
	if len(under) > 0 {
		ix.filed[key] = under
	}
}

func (ix *Index[T]) group(touched map[string]tree[T], group string) tree[T] {
	if members, ok := touched[group]; ok {
		return members
	}
	committed, _ := ix.pending.get(group)
	return committed.members
}
