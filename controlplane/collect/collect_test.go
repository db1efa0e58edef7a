package collect

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var sorted = cmpopts.SortSlices(strings.Compare)

func setTx[T any](s *Source[T], objects ...T) func(*Tx) {
	return func(tx *Tx) {
		for _, object := range objects {
			s.Set(tx, object)
		}
	}
}

func values(c Collection[item]) map[string]string {
	return subjectOf(c, itemText).state()
}

func mustPanic(t *testing.T, with string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		thrown, _ := recover().(string)
		if !strings.Contains(thrown, with) {
			t.Errorf("panic %q, want one with %q", thrown, with)
		}
	}()
	f()
}

// A change reaches the end of a diamond along two paths; the end is computed once, from both new.
func TestDiamondIsComputedOnce(t *testing.T) {
	r := newRig(t)
	side := func(name string) Collection[item] {
		return Map(name, r.in, func(_ *Context, i item) (item, bool) {
			return item{Name: i.Name, Value: name + i.Value}, true
		})
	}
	left, right := side("l"), side("r")
	var seen []string
	end := Map("end", left, func(ctx *Context, l item) (item, bool) {
		other, _ := Get(ctx, right, l.Name)
		all := List(ctx, right)
		seen = append(seen, l.Value+other.Value+all[0].Value)
		return item{Name: l.Name, Value: l.Value + other.Value}, true
	})
	r.graph.Update(setTx(r.in, item{Name: "a", Value: "1"}))
	r.graph.Update(setTx(r.in, item{Name: "a", Value: "2"}))
	if diff := cmp.Diff([]string{"l1r1r1", "l2r2r2"}, seen); diff != "" {
		t.Errorf("computed (-want +got):\n%s", diff)
	}
	if got := end.Stats().Recomputed; got != 2 {
		t.Errorf("recomputed %d times, want 2", got)
	}
}

// An output that comes out equal ends the propagation.
func TestEqualOutputStopsPropagation(t *testing.T) {
	r := newRig(t)
	short := Map("short", r.in, func(_ *Context, i item) (item, bool) {
		return item{Name: i.Name, Value: i.Value[:1]}, true
	})
	after := Map("after", short, func(_ *Context, i item) (item, bool) { return i, true })
	r.graph.Update(setTx(r.in, item{Name: "a", Value: "1x"}))
	version := r.graph.Update(setTx(r.in, item{Name: "b", Value: "2x"}))
	r.graph.Update(setTx(r.in, item{Name: "a", Value: "1y"}))
	want := Stats{Name: "short", Kind: "map", Size: 2, Recomputed: 3, Emitted: 2, Suppressed: 1}
	if diff := cmp.Diff(want, short.Stats()); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	if got := after.Stats().Recomputed; got != 2 {
		t.Errorf("the next one was recomputed %d times, want 2", got)
	}
	if got := r.graph.View().Version(); got != version+1 {
		t.Errorf("version %d, want %d: the source changed", got, version+1)
	}
}

// Two inputs make the same output: the lower input key wins, whatever came first.
func TestFlatMapConflict(t *testing.T) {
	var conflicts []Conflict
	g := NewGraph(Hooks{Conflict: func(c Conflict) { conflicts = append(conflicts, c) }})
	in := NewSource(g, "in", item.Key)
	out := FlatMap("out", in, item.Key, func(_ *Context, i item) []item {
		var outputs []item
		for name := range strings.FieldsSeq(i.Ref) {
			outputs = append(outputs, item{Name: name, Value: i.Name + i.Value})
		}
		if i.Value == "twice" {
			outputs = append(outputs, item{Name: outputs[0].Name, Value: "second"})
		}
		return outputs
	})
	conflict := func(winner, loser string) Conflict {
		return Conflict{Collection: "out", Key: "k", Winner: winner, Loser: loser}
	}
	table := []struct {
		name      string
		do        func(tx *Tx)
		want      map[string]string
		conflicts []Conflict
		standing  int
	}{
		{"one", setTx(in, item{Name: "m", Ref: "k other"}), map[string]string{"k": "m", "other": "m"}, nil, 0},
		{
			"higher key loses", setTx(in, item{Name: "z", Ref: "k"}),
			map[string]string{"k": "m", "other": "m"},
			[]Conflict{conflict("m", "z")},
			1,
		},
		{
			"lower key takes over", setTx(in, item{Name: "a", Ref: "k"}),
			map[string]string{"k": "a", "other": "m"},
			[]Conflict{conflict("a", "m"), conflict("a", "z")},
			2,
		},
		{"loser changes", setTx(in, item{Name: "m", Ref: "k", Value: "2"}), map[string]string{"k": "a"}, nil, 2},
		{
			"winner goes", func(tx *Tx) { in.Delete(tx, "a") },
			map[string]string{"k": "m2"},
			[]Conflict{conflict("m", "z")},
			1,
		},
		{
			"winner stops making it", setTx(in, item{Name: "m", Ref: "other"}),
			map[string]string{"k": "z", "other": "m"},
			nil, 0,
		},
		{
			"one comes as another goes", func(tx *Tx) { in.Delete(tx, "z"); in.Set(tx, item{Name: "b", Ref: "k"}) },
			map[string]string{"k": "b", "other": "m"},
			nil, 0,
		},
		{
			"one makes it twice", setTx(in, item{Name: "b", Ref: "k", Value: "twice"}),
			map[string]string{"k": "btwice", "other": "m"},
			[]Conflict{conflict("b", "b")},
			1,
		},
		{"all go", func(tx *Tx) { in.Replace(tx, nil) }, map[string]string{}, nil, 0},
	}
	for _, tt := range table {
		conflicts = nil
		g.Update(tt.do)
		if diff := cmp.Diff(tt.want, values(out)); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.conflicts, conflicts); diff != "" {
			t.Errorf("%s: conflicts (-want +got):\n%s", tt.name, diff)
		}
		if got := out.Stats().Conflicts; got != tt.standing {
			t.Errorf("%s: %d conflicts stand, want %d", tt.name, got, tt.standing)
		}
	}
}

func TestJoinFallsBack(t *testing.T) {
	g := NewGraph(Hooks{})
	first, second := NewSource(g, "first", item.Key), NewSource(g, "second", item.Key)
	both := Join("both", first, second)
	var events []string
	subjectOf(both, itemText).subscribe(func(_ uint64, got []string) { events = append(events, got...) })
	g.Update(setTx(second, item{Name: "a", Value: "2"}))
	g.Update(setTx(first, item{Name: "a", Value: "1"}))
	g.Update(setTx(second, item{Name: "a", Value: "hidden"}))
	g.Update(func(tx *Tx) { first.Delete(tx, "a") })
	g.Update(func(tx *Tx) { first.Set(tx, item{Name: "a", Value: "hidden"}); second.Delete(tx, "a") })
	want := []string{"added a: 2", "updated a: 2 to 1", "updated a: 1 to hidden"}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// A lookup depends on its index key alone.
func TestLookupIsExact(t *testing.T) {
	r := newRig(t)
	byRef := NewIndex("refs by ref", r.refs, func(i item) []string { return strings.Fields(i.Ref) })
	var computed []string
	out := Map("out", r.in, func(ctx *Context, i item) (item, bool) {
		computed = append(computed, i.Name)
		var all []string
		for _, ref := range Lookup(ctx, byRef, i.Ref) {
			all = append(all, ref.Name+ref.Value)
		}
		return item{Name: i.Name, Value: strings.Join(all, ",")}, len(all) > 0
	})
	table := []struct {
		name     string
		do       func(*Tx)
		computed []string
		want     map[string]string
	}{
		{
			"nothing filed yet", setTx(r.in, item{Name: "red", Ref: "r"}, item{Name: "blue", Ref: "b"}),
			[]string{"blue", "red"},
			map[string]string{},
		},
		{"one appears", setTx(r.refs, item{Name: "y", Ref: "r"}), []string{"red"}, map[string]string{"red": "y"}},
		{"sorted by key", setTx(r.refs, item{Name: "x", Ref: "r"}), []string{"red"}, map[string]string{"red": "x,y"}},
		{
			"changes in place", setTx(r.refs, item{Name: "x", Ref: "r", Value: "2"}),
			[]string{"red"},
			map[string]string{"red": "x2,y"},
		},
		{"under another key", setTx(r.refs, item{Name: "q", Ref: "other"}), nil, map[string]string{"red": "x2,y"}},
		{
			"moves", setTx(r.refs, item{Name: "y", Ref: "b"}),
			[]string{"blue", "red"},
			map[string]string{"red": "x2", "blue": "y"},
		},
		{
			"under two keys", setTx(r.refs, item{Name: "y", Ref: "b r b"}),
			[]string{"blue", "red"},
			map[string]string{"red": "x2,y", "blue": "y"},
		},
		{"goes", func(tx *Tx) { r.refs.Delete(tx, "y") }, []string{"blue", "red"}, map[string]string{"red": "x2"}},
	}
	for _, tt := range table {
		computed = nil
		r.graph.Update(tt.do)
		if diff := cmp.Diff(tt.computed, computed); diff != "" {
			t.Errorf("%s: computed (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.want, values(out)); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", tt.name, diff)
		}
	}
	if got := Lookup(r.graph.View(), byRef, "r"); len(got) != 1 || got[0].Name != "x" {
		t.Errorf("lookup in a view: %v", got)
	}
}

// A zero status is none: objects that are not ours get no status.
func TestZeroStatusIsNone(t *testing.T) {
	r := newRig(t)
	_, status := MapStatus("m", r.in, func(_ *Context, i item) (item, bool, *item) {
		if i.Value == "foreign" {
			return i, false, nil
		}
		return i, true, &i
	})
	r.graph.Update(setTx(r.in, item{Name: "a", Value: "ours"}, item{Name: "b", Value: "foreign"}))
	if _, ok := status.Get("b"); ok || status.Len() != 1 {
		t.Errorf("statuses %v, want one, for a", status.List())
	}
	r.graph.Update(setTx(r.in, item{Name: "a", Value: "foreign"}))
	if status.Len() != 0 {
		t.Errorf("statuses %v, want none", status.List())
	}
}

// An unchanged status is not emitted when the output changes, and the other way round.
func TestStatusAndOutputChangeApart(t *testing.T) {
	r := newRig(t)
	out, status := MapStatus("m", r.in, func(_ *Context, i item) (item, bool, string) {
		return item{Name: i.Name, Value: i.Value}, true, i.Ref
	})
	r.graph.Update(setTx(r.in, item{Name: "a", Value: "1", Ref: "x"}))
	r.graph.Update(setTx(r.in, item{Name: "a", Value: "2", Ref: "x"}))
	r.graph.Update(setTx(r.in, item{Name: "a", Value: "2", Ref: "y"}))
	if got := []uint64{out.Stats().Emitted, status.Stats().Emitted}; !slices.Equal(got, []uint64{2, 2}) {
		t.Errorf("emitted %v, want 2 outputs and 2 statuses", got)
	}
}

// Sinks run when the whole graph has settled and is visible; AfterCommit runs when all of them have.
func TestSinksSeeTheWholeCommit(t *testing.T) {
	r := newRig(t)
	first := r.mapped()
	last := Map("last", first, func(_ *Context, i item) (item, bool) { return i, true })
	var order []string
	subjectOf(first, itemText).subscribe(func(uint64, []string) {
		order = append(order, "first sees "+last.List()[0].Value)
	})
	subjectOf(last, itemText).subscribe(func(uint64, []string) { order = append(order, "last") })
	r.graph.AfterCommit(func(uint64) { order = append(order, "after") })
	r.graph.Update(setTx(r.in, item{Name: "a", Value: "1"}))
	r.graph.Update(setTx(r.in, item{Name: "a", Value: "1"}))
	if diff := cmp.Diff([]string{"first sees 1", "last", "after"}, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestViewStays(t *testing.T) {
	r := newRig(t)
	out := r.mapped()
	r.graph.Update(setTx(r.in, item{Name: "a", Value: "1"}, item{Name: "b", Value: "1"}))
	old := r.graph.View()
	r.graph.Update(func(tx *Tx) { r.in.Set(tx, item{Name: "a", Value: "2"}); r.in.Delete(tx, "b") })
	later := NewSource(r.graph, "later", item.Key)
	r.graph.Update(setTx(later, item{Name: "a"}))
	if a, ok := Get(old, out, "a"); !ok || a.Value != "1" || len(List(old, out)) != 2 {
		t.Errorf("the old view has a=%v, %v", a, List(old, out))
	}
	if _, ok := Get(old, later, "a"); ok {
		t.Error("the old view knows a collection made after it")
	}
	if a, _ := Get(r.graph.View(), out, "a"); a.Value != "2" {
		t.Errorf("the new view has a=%v", a)
	}
}

// An equal object leaves the one that readers hold in its place.
func TestEqualObjectKeepsIdentity(t *testing.T) {
	g := NewGraph(Hooks{})
	in := NewSource(g, "in", func(i *item) string { return i.Name })
	first := &item{Name: "a"}
	g.Update(setTx(in, first))
	g.Update(setTx(in, &item{Name: "a"}, &item{Name: "b"}))
	if got, _ := in.Get("a"); got != first {
		t.Error("an equal object took the place of the first")
	}
}

// A dependency is on what was fetched last, no more and no less, through any history of fetches.
func TestDependenciesAreExact(t *testing.T) {
	r := newRig(t)
	var computed []string
	Map("out", r.in, func(ctx *Context, i item) (item, bool) {
		computed = append(computed, i.Name)
		for ref := range strings.SplitSeq(i.Ref, "") {
			Get(ctx, r.refs, ref)
		}
		return i, true
	})
	rnd := rand.New(rand.NewPCG(3, 4))
	letter := func() string { return string(rune('a' + rnd.IntN(5))) }
	for n := range 500 {
		if name := letter() + letter(); rnd.IntN(4) == 0 {
			r.graph.Update(func(tx *Tx) { r.in.Delete(tx, name) })
		} else {
			r.graph.Update(setTx(r.in, item{Name: name, Ref: letter() + letter() + letter()}))
		}
		computed = nil
		changed := letter()
		r.graph.Update(setTx(r.refs, item{Name: changed, Value: fmt.Sprint(n)}))
		var want []string
		edges := 0
		for _, i := range r.in.List() {
			if strings.Contains(i.Ref, changed) {
				want = append(want, i.Name)
			}
			edges += len(slices.Compact(slices.Sorted(strings.SplitSeq(i.Ref, ""))))
		}
		if diff := cmp.Diff(want, computed); diff != "" {
			t.Fatalf("step %d, %s changed: computed (-want +got):\n%s", n, changed, diff)
		}
		if got := r.graph.cores[2].fetches[&r.refs.core]; got != edges {
			t.Fatalf("step %d: %d edges, want %d", n, got, edges)
		}
		if marked := r.edgesOn(changed); marked != len(want) {
			t.Fatalf("step %d: %d edges hang on %s, want %d", n, marked, changed, len(want))
		}
	}
}

func (r *rig) edgesOn(ref string) (edges int) {
	if w := r.refs.watches[ref]; w != nil {
		for e := w.head; e != nil; e = e.next {
			edges++
		}
	}
	return edges
}

func TestDump(t *testing.T) {
	g := NewGraph(Hooks{})
	in, refs := NewSource(g, "in", item.Key), NewSource(g, "refs", item.Key)
	Map("out", in, func(ctx *Context, i item) (item, bool) {
		_, ok := Get(ctx, refs, i.Ref)
		if i.Value == "bad" {
			panic("no such value")
		}
		return i, ok
	})
	g.Update(setTx(in, item{Name: "a", Ref: "x"}, item{Name: "b", Ref: "x", Value: "bad"}))
	g.Update(setTx(refs, item{Name: "x"}))
	var text bytes.Buffer
	if err := g.Dump(&text); err != nil {
		t.Fatal(err)
	}
	want := `version 2
collection  kind    size  recomputed  emitted  suppressed  faults  conflicts  from  fetches
in          source  2     0           2        0           0       0          -     -
refs        source  1     0           1        0           0       0          -     -
out         map     1     4           1        0           1       0          in    refs:2
collect: out[b]: panic: no such value
`
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("dump (-want +got):\n%s", diff)
	}
	if stats := g.Stats(); len(stats) != 3 || stats[2].Faults != 1 {
		t.Errorf("stats %+v", stats)
	}
}
