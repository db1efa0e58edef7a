package collect

import (
	"fmt"
	"hash/maphash"
	"maps"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Random edits leave the tree equal to a map, in order, and every earlier tree as it was.
func TestTreeIsPersistent(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	e := &editor{seed: maphash.MakeSeed()}
	type version struct {
		tree tree[int]
		want map[string]int
	}
	now := version{want: map[string]int{}}
	var versions []version
	for range 200 {
		versions = append(versions, version{tree: now.tree, want: maps.Clone(now.want)})
		e.edit++
		for range rnd.IntN(8) {
			key := fmt.Sprint(rnd.IntN(60))
			if _, has := now.tree.get(key); has && rnd.IntN(2) == 0 {
				now.tree = now.tree.unset(e, key)
				delete(now.want, key)
			} else {
				value := rnd.Int()
				now.tree = now.tree.set(e, key, value)
				now.want[key] = value
			}
		}
	}
	for i, v := range append(versions, now) {
		if diff := cmp.Diff(v.want, maps.Collect(v.tree.all())); diff != "" {
			t.Fatalf("version %d (-want +got):\n%s", i, diff)
		}
		var keys []string
		for key := range v.tree.all() {
			keys = append(keys, key)
		}
		if !slices.IsSorted(keys) || v.tree.size != len(v.want) || !ranked(v.tree.root) {
			t.Fatalf("version %d: size %d, keys %v", i, v.tree.size, keys)
		}
	}
}

// Ascending keys, the worst case of a plain binary tree, leave the tree shallow.
func TestTreeIsShallow(t *testing.T) {
	const n = 10_000
	e := &editor{seed: maphash.MakeSeed()}
	var sorted tree[int]
	for i := range n {
		sorted = sorted.set(e, fmt.Sprintf("%06d", i), i)
	}
	if got, limit := depth(sorted.root), 5*bits.Len(n); got > limit {
		t.Errorf("depth %d of %d keys, want at most %d", got, n, limit)
	}
}

// ranked tells whether no node outranks its parent, which is what keeps the tree shallow.
func ranked[T any](n *node[T]) bool {
	below := func(child *node[T]) bool { return child == nil || child.rank <= n.rank && ranked(child) }
	return n == nil || below(n.left) && below(n.right)
}

func depth[T any](n *node[T]) int {
	if n == nil {
		return 0
	}
	return 1 + max(depth(n.left), depth(n.right))
}
