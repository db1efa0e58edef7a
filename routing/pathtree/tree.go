// Package pathtree finds everything configured for a path in one walk over its bytes.
//
// A Tree is a radix tree: each node owns a piece of the key, and a walk down the tree
// spells the path. Values sit on the node where their key ends, in three lists:
//
//	exact    the path is the key
//	prefix   the path begins with the key, as a string
//	segment  the path begins with the key, and the key ends where a segment does
//
// For the keys /a (segment), /abc (prefix) and /abc/d (exact)
//
//	""─"/a"[segment]─"bc"[prefix]─"/d"[exact]
//
// the path /abc/d meets all three nodes; the segment list of /a is left out because
// "b" follows. The walk costs the length of the path, however many keys there are.
//
// Trees are immutable. An Editor makes a new tree that shares with the old one every
// node that it did not touch: a change costs the depth of its key.
package pathtree

import (
	"bytes"
	"slices"
	"strings"
)

// Kind says how a key matches paths.
type Kind uint8

// Kinds of keys.
const (
	Exact Kind = iota
	Prefix
	Segment
	kinds
)

// Tree maps keys to lists of values. The zero value is empty.
type Tree[T any] struct {
	root *node[T]
}

type node[T any] struct {
	owner    *edit // the edit that may still change this node
	piece    string
	first    []byte // the first byte of each child's piece, in the order of children
	children []*node[T]
	lists    [kinds][]T
}

// edit is the identity of one Editor. It has a size, so that every one has its own
// address.
type edit struct{ _ byte }

// Empty reports whether the tree holds nothing.
func (t Tree[T]) Empty() bool { return t.root == nil }

// Find appends to hits the lists of values whose keys match the path, shortest key
// first. It allocates only if hits has no room.
func (t Tree[T]) Find(path []byte, hits [][]T) [][]T {
	n, rest := t.root, path
	for n != nil {
		if len(rest) < len(n.piece) || string(rest[:len(n.piece)]) != n.piece {
			return hits
		}
		rest = rest[len(n.piece):]
		if l := n.lists[Prefix]; l != nil {
			hits = append(hits, l)
		}
		if l := n.lists[Segment]; l != nil && (len(rest) == 0 || rest[0] == '/') {
			hits = append(hits, l)
		}
		if len(rest) == 0 {
			if l := n.lists[Exact]; l != nil {
				hits = append(hits, l)
			}
			return hits
		}
		i := bytes.IndexByte(n.first, rest[0])
		if i < 0 {
			return hits
		}
		n = n.children[i]
	}
	return hits
}

// Editor builds a new tree out of an old one. It is for one goroutine.
type Editor[T any] struct {
	id      *edit
	root    *node[T]
	compare func(a, b T) int
}

// Edit starts a change. Compare orders the values of a list.
func (t Tree[T]) Edit(compare func(a, b T) int) *Editor[T] {
	return &Editor[T]{id: new(edit), root: t.root, compare: compare}
}

// Tree returns the changed tree. The editor must not be used again.
func (e *Editor[T]) Tree() Tree[T] {
	e.id = nil
	return Tree[T]{root: e.root}
}

// own returns a node that this edit may change: n itself, or a copy.
func (e *Editor[T]) own(n *node[T]) *node[T] {
	if n.owner == e.id {
		return n
	}
	c := *n
	c.owner = e.id
	c.first = slices.Clone(n.first)
	c.children = slices.Clone(n.children)
	for i := range c.lists {
		c.lists[i] = slices.Clone(n.lists[i])
	}
	return &c
}

// Insert adds a value at its place in the key's list.
func (e *Editor[T]) Insert(kind Kind, key string, v T) {
	e.root = e.insert(e.root, key, func(n *node[T]) {
		l := n.lists[kind]
		at, _ := slices.BinarySearchFunc(l, v, e.compare)
		n.lists[kind] = slices.Insert(l, at, v)
	})
}

func (e *Editor[T]) insert(n *node[T], key string, add func(*node[T])) *node[T] {
	if n == nil {
		n = &node[T]{owner: e.id, piece: key}
		add(n)
		return n
	}
	n = e.own(n)
	common := commonPrefix(n.piece, key)
	if common < len(n.piece) {
		n = e.splitAt(n, common)
	}
	rest := key[common:]
	if rest == "" {
		add(n)
		return n
	}
	if i := bytes.IndexByte(n.first, rest[0]); i >= 0 {
		n.children[i] = e.insert(n.children[i], rest, add)
		return n
	}
	child := e.insert(nil, rest, add)
	n.first = append(n.first, rest[0])
	n.children = append(n.children, child)
	return n
}

// splitAt makes n the child of a new node that owns the first bytes of its piece.
func (e *Editor[T]) splitAt(n *node[T], at int) *node[T] {
	parent := &node[T]{
		owner: e.id, piece: n.piece[:at],
		first: []byte{n.piece[at]}, children: []*node[T]{n},
	}
	n.piece = n.piece[at:]
	return parent
}

func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// Delete removes the values of a key that gone accepts.
func (e *Editor[T]) Delete(kind Kind, key string, gone func(T) bool) {
	e.root = e.remove(e.root, key, func(n *node[T]) {
		l := slices.DeleteFunc(n.lists[kind], gone)
		if len(l) == 0 {
			l = nil
		}
		n.lists[kind] = l
	})
}

func (e *Editor[T]) remove(n *node[T], key string, del func(*node[T])) *node[T] {
	if n == nil || !strings.HasPrefix(key, n.piece) {
		return n
	}
	n = e.own(n)
	rest := key[len(n.piece):]
	if rest == "" {
		del(n)
		return e.tidy(n)
	}
	i := bytes.IndexByte(n.first, rest[0])
	if i < 0 {
		return n
	}
	if child := e.remove(n.children[i], rest, del); child != nil {
		n.children[i] = child
	} else {
		n.first = slices.Delete(n.first, i, i+1)
		n.children = slices.Delete(n.children, i, i+1)
	}
	return e.tidy(n)
}

// tidy drops a node that holds nothing and joins one that only leads on.
func (e *Editor[T]) tidy(n *node[T]) *node[T] {
	for _, l := range n.lists {
		if l != nil {
			return n
		}
	}
	switch len(n.children) {
	case 0:
		return nil
	case 1:
		child := e.own(n.children[0])
		child.piece = n.piece + child.piece
		return child
	}
	return n
}
