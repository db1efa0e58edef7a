package pathtree

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

type key struct {
	kind Kind
	text string
}

func (k key) matches(path string) bool {
	switch k.kind {
	case Exact:
		return path == k.text
	case Segment:
		rest, ok := strings.CutPrefix(path, k.text)
		return ok && (rest == "" || rest[0] == '/')
	default:
		return strings.HasPrefix(path, k.text)
	}
}

func find(t Tree[key], path string) []key {
	var got []key
	for _, l := range t.Find([]byte(path), nil) {
		got = append(got, l...)
	}
	return got
}

func compareKeys(a, b key) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.text, b.text))
}

func build(keys ...key) Tree[key] {
	e := Tree[key]{}.Edit(compareKeys)
	for _, k := range keys {
		e.Insert(k.kind, k.text, k)
	}
	return e.Tree()
}

func TestFind(t *testing.T) {
	tree := build(
		key{Segment, ""}, key{Segment, "/a"}, key{Prefix, "/abc"}, key{Exact, "/abc/d"},
		key{Exact, "/a"}, key{Segment, "/abc/d"}, key{Prefix, "/x/"},
	)
	tests := []struct {
		path string
		want []key
	}{
		{"/", []key{{Segment, ""}}},
		{"/a", []key{{Segment, ""}, {Segment, "/a"}, {Exact, "/a"}}},
		{"/a/", []key{{Segment, ""}, {Segment, "/a"}}},
		{"/ab", []key{{Segment, ""}}},
		{"/abcd", []key{{Segment, ""}, {Prefix, "/abc"}}},
		{"/abc/d", []key{{Segment, ""}, {Prefix, "/abc"}, {Segment, "/abc/d"}, {Exact, "/abc/d"}}},
		{"/abc/d/e", []key{{Segment, ""}, {Prefix, "/abc"}, {Segment, "/abc/d"}}},
		{"/x", []key{{Segment, ""}}},
		{"/x/", []key{{Segment, ""}, {Prefix, "/x/"}}},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			if d := gocmp.Diff(tt.want, find(tree, tt.path), gocmp.AllowUnexported(key{})); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestAgainstList does random edits on a tree and a plain list and compares what they
// find; every earlier tree must still find what it found.
func TestAgainstList(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"/", "a", "b", "ab", "/a", "/ab/", "c/"}
	word := func() string {
		var b strings.Builder
		for range rng.IntN(5) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		return b.String()
	}
	type version struct {
		tree Tree[key]
		keys []key
	}
	versions := []version{{}}
	for range 500 {
		last := versions[len(versions)-1]
		e, keys := last.tree.Edit(compareKeys), slices.Clone(last.keys)
		for range 1 + rng.IntN(4) {
			if len(keys) > 0 && rng.IntN(3) == 0 {
				i := rng.IntN(len(keys))
				k := keys[i]
				e.Delete(k.kind, k.text, func(v key) bool { return v == k })
				keys = slices.DeleteFunc(keys, func(v key) bool { return v == k })
				continue
			}
			k := key{Kind(rng.IntN(int(kinds))), word()}
			e.Insert(k.kind, k.text, k)
			keys = append(keys, k)
		}
		versions = append(versions, version{e.Tree(), keys})
	}
	for i, v := range versions {
		for range 20 {
			path := word()
			var want []key
			for _, k := range v.keys {
				if k.matches(path) {
					want = append(want, k)
				}
			}
			got := find(v.tree, path)
			slices.SortFunc(want, compareKeys)
			slices.SortFunc(got, compareKeys)
			if !slices.Equal(got, want) {
				t.Fatalf("version %d, path %q: got %v, want %v", i, path, got, want)
			}
		}
	}
}

func TestDeleteLeavesNothing(t *testing.T) {
	keys := []key{{Exact, "/a/b"}, {Prefix, "/a"}, {Segment, "/a/c"}, {Exact, "/a/b/c"}}
	e := build(keys...).Edit(compareKeys)
	for _, k := range keys {
		e.Delete(k.kind, k.text, func(v key) bool { return v == k })
	}
	if tree := e.Tree(); !tree.Empty() {
		t.Errorf("something is left: %+v", tree.root)
	}
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{10, 10000} {
		e := Tree[int]{}.Edit(cmp.Compare[int])
		for i := range n {
			e.Insert(Segment, fmt.Sprintf("/svc-%d/api", i), i)
		}
		tree := e.Tree()
		path := fmt.Appendf(nil, "/svc-%d/api/v1/users", n/2)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			var room [8][]int
			for b.Loop() {
				if len(tree.Find(path, room[:0])) != 1 {
					b.Fatal("not found")
				}
			}
		})
	}
}

func BenchmarkEditOne(b *testing.B) {
	for _, n := range []int{10, 10000} {
		e := Tree[int]{}.Edit(cmp.Compare[int])
		for i := range n {
			e.Insert(Segment, fmt.Sprintf("/svc-%d/api", i), i)
		}
		tree := e.Tree()
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e := tree.Edit(cmp.Compare[int])
				e.Insert(Segment, "/svc-5/new", -1)
				tree = e.Tree()
				e = tree.Edit(cmp.Compare[int])
				e.Delete(Segment, "/svc-5/new", func(v int) bool { return v == -1 })
				tree = e.Tree()
			}
		})
	}
}
