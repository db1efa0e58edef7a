package collect

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// faulty is a graph with an input of each kind that can fail; value "bad" makes the function panic.
type faulty struct {
	graph    *Graph
	in, refs *Source[item]
	faults   []Fault
}

func newFaulty() *faulty {
	f := &faulty{}
	f.graph = NewGraph(Hooks{Fault: func(fault Fault) { f.faults = append(f.faults, fault) }})
	f.in = NewSource(f.graph, "in", item.Key)
	f.refs = NewSource(f.graph, "refs", item.Key)
	return f
}

func (f *faulty) transform(ctx *Context, i item) item {
	ref, _ := Get(ctx, f.refs, i.Ref)
	if i.Value == "bad" || ref.Value == "bad" {
		panic("cannot")
	}
	i.Value += ref.Value
	return i
}

// The last good output of an input whose function panics stays; others go on; it recovers as soon as what it read
// changes, and goes with its input.
func TestFaultCostsOneInput(t *testing.T) {
	builds := map[string]func(f *faulty) (name string, state func() map[string]string){
		"map": func(f *faulty) (string, func() map[string]string) {
			out := Map("out", f.in, func(ctx *Context, i item) (item, bool) { return f.transform(ctx, i), true })
			return "out", func() map[string]string { return values(out) }
		},
		"flatmap": func(f *faulty) (string, func() map[string]string) {
			out := FlatMap("out", f.in, item.Key, func(ctx *Context, i item) []item { return []item{f.transform(ctx, i)} })
			return "out", func() map[string]string { return values(out) }
		},
		"flatmap key": func(f *faulty) (string, func() map[string]string) {
			key := func(i item) string {
				if strings.Contains(i.Value, "bad") {
					panic("cannot")
				}
				return i.Name
			}
			out := FlatMap("out", f.in, key, func(ctx *Context, i item) []item {
				ref, _ := Get(ctx, f.refs, i.Ref)
				i.Value += ref.Value
				return []item{i}
			})
			return "out", func() map[string]string { return values(out) }
		},
		"status": func(f *faulty) (string, func() map[string]string) {
			_, status := MapStatus("out", f.in, func(ctx *Context, i item) (item, bool, item) {
				return i, true, f.transform(ctx, i)
			})
			return "out", func() map[string]string { return values(status) }
		},
	}
	for name, build := range builds {
		t.Run(name, func(t *testing.T) {
			f := newFaulty()
			collection, state := build(f)
			checkFaults(t, f, collection, state)
		})
	}
}

func checkFaults(t *testing.T, f *faulty, collection string, state func() map[string]string) {
	a := func(value string) func(*Tx) { return setTx(f.in, item{Name: "a", Ref: "x", Value: value}) }
	table := []struct {
		name   string
		do     func(*Tx)
		faults int
		want   map[string]string
	}{
		{
			"good", setTx(f.in, item{Name: "a", Ref: "x", Value: "1"}, item{Name: "b", Value: "1"}), 0,
			map[string]string{"a": "1", "b": "1"},
		},
		{
			"turns bad, another changes", setTx(f.in, item{Name: "a", Ref: "x", Value: "bad"}, item{Name: "b", Value: "2"}),
			1,
			map[string]string{"a": "1", "b": "2"},
		},
		{"good again", a("2"), 0, map[string]string{"a": "2", "b": "2"}},
		{"dependency turns bad", setTx(f.refs, item{Name: "x", Value: "bad"}), 1, map[string]string{"a": "2", "b": "2"}},
		{"dependency is mended", setTx(f.refs, item{Name: "x", Value: "!"}), 0, map[string]string{"a": "2!", "b": "2"}},
		{"bad from its first day", setTx(f.in, item{Name: "c", Value: "bad"}), 1, map[string]string{"a": "2!", "b": "2"}},
		{"bad ones go", func(tx *Tx) { f.in.Delete(tx, "a"); f.in.Delete(tx, "c") }, 0, map[string]string{"b": "2"}},
	}
	for _, tt := range table {
		f.faults = nil
		f.graph.Update(tt.do)
		if diff := cmp.Diff(tt.want, state()); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", tt.name, diff)
		}
		if len(f.faults) != tt.faults {
			t.Errorf("%s: faults %v, want %d", tt.name, f.faults, tt.faults)
		}
		for _, fault := range f.faults {
			if fault.Collection != collection || fault.Panic != "cannot" && fault.Key == "" {
				t.Errorf("%s: fault %v", tt.name, fault)
			}
		}
	}
	if got := f.graph.Stats()[2].Faults; got != 0 {
		t.Errorf("%d faults stand at the end", got)
	}
}

func TestFaultInSingletonAndIndex(t *testing.T) {
	f := newFaulty()
	single := Singleton(f.graph, "single", func(ctx *Context) (string, bool) {
		i, ok := Get(ctx, f.in, "a")
		if i.Value == "bad" {
			panic("cannot")
		}
		return i.Value, ok
	})
	index := NewIndex("index", f.in, func(i item) []string {
		if i.Value == "bad" {
			panic("cannot")
		}
		return []string{"all"}
	})
	f.graph.Update(setTx(f.in, item{Name: "a", Value: "1"}))
	f.graph.Update(setTx(f.in, item{Name: "a", Value: "bad"}))
	if got, _ := single.Value(); got != "1" {
		t.Errorf("singleton holds %q, want the last good one", got)
	}
	if got := Lookup(f.graph.View(), index, "all"); len(got) != 1 || got[0].Value != "1" {
		t.Errorf("index holds %v, want the last good one", got)
	}
	want := []Fault{{Collection: "single", Panic: "cannot"}, {Collection: "index", Key: "a", Panic: "cannot"}}
	if diff := cmp.Diff(want, f.faults, cmpopts.IgnoreFields(Fault{}, "Stack")); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	f.graph.Update(func(tx *Tx) { f.in.Delete(tx, "a") })
	if index.Len() != 0 || single.Len() != 0 {
		t.Errorf("what is gone stays: %d groups, %d objects", index.Len(), single.Len())
	}
}

// Values whose equality panics are taken to differ.
func TestFaultInEquality(t *testing.T) {
	var faults []Fault
	g := NewGraph(Hooks{Fault: func(f Fault) { faults = append(faults, f) }})
	in := NewSource(g, "in", item.Key, WithEqual(func(a, b item) bool { panic("cannot") }))
	g.Update(setTx(in, item{Name: "a", Value: "1"}))
	version := g.Update(setTx(in, item{Name: "a", Value: "1"}))
	if version != 2 || len(faults) != 1 {
		t.Errorf("version %d, faults %v; want a change and a fault", version, faults)
	}
}

// Fetching what is not there yet when the collection is made is a mistake that must not stay hidden.
func TestMisuseInTransforms(t *testing.T) {
	f := newFaulty()
	other := NewSource(NewGraph(Hooks{}), "foreign", item.Key)
	var kept *Context
	var later Collection[item]
	Map("keeps", f.in, func(ctx *Context, i item) (item, bool) { kept = ctx; return i, true })
	Map("crosses", f.in, func(ctx *Context, i item) (item, bool) { return Get(ctx, other, i.Name) })
	Map("early", f.in, func(ctx *Context, i item) (item, bool) { return Get(ctx, later, i.Name) })
	later = Map("later", f.in, func(_ *Context, i item) (item, bool) { return i, true })
	f.graph.Update(setTx(f.in, item{Name: "a"}))
	var got []string
	for _, fault := range f.faults {
		got = append(got, fault.Error())
	}
	want := []string{
		"collect: crosses[a]: panic: collect: crosses fetches from foreign, which is of another graph",
		"collect: early[a]: panic: collect: early fetches from later, which was not created before it",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	mustPanic(t, "has returned", func() { Get(kept, f.in, "a") })
}

func TestMisuseOfTransactions(t *testing.T) {
	r := newRig(t)
	out := r.mapped()
	r.graph.Update(setTx(r.in, item{Name: "a", Value: "1"}, item{Name: "b", Value: "1"}))
	mustPanic(t, "changed my mind", func() {
		r.graph.Update(func(tx *Tx) {
			r.in.Set(tx, item{Name: "a", Value: "2"})
			r.in.Delete(tx, "b")
			panic("changed my mind")
		})
	})
	r.graph.Update(setTx(r.in, item{Name: "c", Value: "1"}))
	want := map[string]string{"a": "1", "b": "1", "c": "1"}
	if diff := cmp.Diff([]map[string]string{want, want}, []map[string]string{values(r.in), values(out)}); diff != "" || r.graph.View().Version() != 2 {
		t.Errorf("after an abandoned transaction, version %d (-want +got):\n%s", r.graph.View().Version(), diff)
	}
	var late *Tx
	r.graph.Update(func(tx *Tx) { late = tx })
	mustPanic(t, "outside a transaction", func() { r.in.Delete(late, "a") })
	other := NewSource(NewGraph(Hooks{}), "foreign", item.Key)
	mustPanic(t, "outside a transaction", func() { r.graph.Update(setTx(other, item{Name: "a"})) })
	mustPanic(t, "two collections", func() { NewSource(r.graph, "in", item.Key) })
	mustPanic(t, "another graph", func() { Join("mixed", r.in, other) })
	if v := r.graph.Update(setTx(r.in, item{Name: "a", Value: "3"})); v != 3 {
		t.Errorf("version %d after mistakes, want 3", v)
	}
}
