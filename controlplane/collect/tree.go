package collect

import (
	"hash/maphash"
	"iter"
)

// A tree is a persistent ordered map: a treap whose ranks are hashes of the keys. Changing it copies the path from
// the root to the change and shares the rest, so an older tree stays whole and readable for as long as anybody
// holds it, without a lock.
//
//	before:    m          after set(d):   m'
//	          / \                        / \
//	         c   t                      c'  t   (t and all below it shared)
//	                                     \
//	                                      d
//
// Within one edit a node is copied once: nodes born in this edit are not published yet and are changed in place.
// Ranks are salted for each graph, so that chosen names cannot unbalance the tree.
type tree[T any] struct {
	root *node[T]
	size int
}

type node[T any] struct {
	key         string
	value       T
	left, right *node[T]
	rank        uint32 // a parent's rank is never below its children's
	edit        uint64 // the edit in which the node was born
}

// editor names the edit under way. It belongs to whoever holds the graph's commit lock.
type editor struct {
	seed maphash.Seed
	edit uint64
}

func (t tree[T]) get(key string) (value T, ok bool) {
	for n := t.root; n != nil; {
		switch {
		case key == n.key:
			return n.value, true
		case key < n.key:
			n = n.left
		default:
			n = n.right
		}
	}
	return value, false
}

// set returns the tree with the value under the key.
func (t tree[T]) set(e *editor, key string, value T) tree[T] {
	fresh := &node[T]{key: key, value: value, rank: uint32(maphash.String(e.seed, key)), edit: e.edit}
	root, added := insert(e, t.root, fresh)
	if added {
		t.size++
	}
	return tree[T]{root: root, size: t.size}
}

// unset returns the tree without the key. The key must be in it.
func (t tree[T]) unset(e *editor, key string) tree[T] {
	return tree[T]{root: remove(e, t.root, key), size: t.size - 1}
}

// all yields keys and values, keys ascending.
func (t tree[T]) all() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) { walk(t.root, yield) }
}

func (t tree[T]) values() []T {
	values := make([]T, 0, t.size)
	for _, value := range t.all() {
		values = append(values, value)
	}
	return values
}

func walk[T any](n *node[T], yield func(string, T) bool) bool {
	return n == nil || walk(n.left, yield) && yield(n.key, n.value) && walk(n.right, yield)
}

// own returns the node itself if this edit made it, else a copy that this edit may change.
func own[T any](e *editor, n *node[T]) *node[T] {
	if n.edit == e.edit {
		return n
	}
	mine := *n
	mine.edit = e.edit
	return &mine
}

func insert[T any](e *editor, n, fresh *node[T]) (root *node[T], added bool) {
	if n == nil {
		return fresh, true
	}
	n = own(e, n)
	switch {
	case fresh.key == n.key:
		n.value = fresh.value
		return n, false
	case fresh.key < n.key:
		n.left, added = insert(e, n.left, fresh)
		if child := n.left; child.rank > n.rank {
			n.left, child.right = child.right, n
			return child, added
		}
	default:
		n.right, added = insert(e, n.right, fresh)
		if child := n.right; child.rank > n.rank {
			n.right, child.left = child.left, n
			return child, added
		}
	}
	return n, added
}

func remove[T any](e *editor, n *node[T], key string) *node[T] {
	switch {
	case n == nil:
		return nil
	case key == n.key:
		return merge(e, n.left, n.right)
	}
	n = own(e, n)
	if key < n.key {
		n.left = remove(e, n.left, key)
	} else {
		n.right = remove(e, n.right, key)
	}
	return n
}

// merge joins two trees of which every key of the left one is below every key of the right one.
func merge[T any](e *editor, left, right *node[T]) *node[T] {
	switch {
	case left == nil:
		return right
	case right == nil:
		return left
	case left.rank >= right.rank:
		left = own(e, left)
		left.right = merge(e, left.right, right)
		return left
	default:
		right = own(e, right)
		right.left = merge(e, left, right.left)
		return right
	}
}
