package collect

import (
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every kind of collection passes the same steps. A kind is built over two sources so that what it holds for an
// input is the input's value, followed by the value of the object it refers to (or "?", if that is missing).

type item struct{ Name, Ref, Value string }

func (i item) Key() string { return i.Name }

type rig struct {
	graph    *Graph
	in, refs *Source[item]
	calls    int // of transforms
}

func newRig(t *testing.T) *rig {
	t.Helper()
	g := NewGraph(Hooks{
		Fault:    func(f Fault) { t.Errorf("unexpected fault: %v\n%s", f, f.Stack) },
		Conflict: func(c Conflict) { t.Errorf("unexpected conflict: %+v", c) },
	})
	return &rig{graph: g, in: NewSource(g, "in", item.Key), refs: NewSource(g, "refs", item.Key)}
}

func (r *rig) render(ctx *Context, i item) item {
	r.calls++
	out := item{Name: i.Name, Value: i.Value}
	if i.Ref != "" {
		if ref, ok := Get(ctx, r.refs, i.Ref); ok {
			out.Value += "+" + ref.Value
		} else {
			out.Value += "+?"
		}
	}
	return out
}

func (r *rig) mapped() Collection[item] {
	return Map("mapped", r.in, func(ctx *Context, i item) (item, bool) { return r.render(ctx, i), true })
}

// subject is a collection seen as text.
type subject struct {
	state     func() map[string]string
	subscribe func(func(version uint64, events []string)) (stop func())
	stats     func() Stats
}

func subjectOf[T any](c Collection[T], text func(T) string) subject {
	return subject{
		state: func() map[string]string {
			state := map[string]string{}
			for key, value := range c.All() {
				state[key] = text(value)
			}
			return state
		},
		subscribe: func(sink func(uint64, []string)) func() {
			return c.Subscribe(func(b Batch[T]) {
				var events []string
				for _, e := range b.Events {
					events = append(events, eventText(e, text))
				}
				sink(b.Version, events)
			})
		},
		stats: c.Stats,
	}
}

func eventText[T any](e Event[T], text func(T) string) string {
	switch e.Op {
	case Added:
		return fmt.Sprintf("added %s: %s", e.Key, text(e.New))
	case Deleted:
		return fmt.Sprintf("deleted %s: %s", e.Key, text(e.Old))
	default:
		return fmt.Sprintf("%v %s: %s to %s", e.Op, e.Key, text(e.Old), text(e.New))
	}
}

func itemText(i item) string { return i.Value }

type kind struct {
	name   string
	key    string // of the output for input "a"
	static bool   // has no transform before it, so that references are not followed
	build  func(r *rig) subject
}

func kinds() []kind {
	return []kind{
		{name: "source", key: "a", static: true, build: func(r *rig) subject { return subjectOf(r.in, itemText) }},
		{name: "map", key: "a", build: func(r *rig) subject { return subjectOf(r.mapped(), itemText) }},
		{name: "map with status, outputs", key: "a", build: func(r *rig) subject {
			out, _ := buildMapStatus(r)
			return subjectOf(out, itemText)
		}},
		{name: "map with status, statuses", key: "a", build: func(r *rig) subject {
			_, status := buildMapStatus(r)
			return subjectOf(status, func(s string) string { return s })
		}},
		{name: "flatmap", key: "a-out", build: func(r *rig) subject {
			return subjectOf(FlatMap("flat", r.in, item.Key, func(ctx *Context, i item) []item {
				return renamed(r.render(ctx, i))
			}), itemText)
		}},
		{name: "flatmap with status, outputs", key: "a-out", build: func(r *rig) subject {
			out, _ := buildFlatMapStatus(r)
			return subjectOf(out, itemText)
		}},
		{name: "flatmap with status, statuses", key: "a", build: func(r *rig) subject {
			_, status := buildFlatMapStatus(r)
			return subjectOf(status, func(s string) string { return s })
		}},
		{name: "singleton", key: "", build: func(r *rig) subject {
			return subjectOf(Singleton(r.graph, "single", func(ctx *Context) (item, bool) {
				return renderOne(r, ctx)
			}), itemText)
		}},
		{name: "singleton with status, object", key: "", build: func(r *rig) subject {
			out, _ := buildSingletonStatus(r)
			return subjectOf(out, itemText)
		}},
		{name: "singleton with status, status", key: "", build: func(r *rig) subject {
			_, status := buildSingletonStatus(r)
			return subjectOf(status, func(s string) string { return s })
		}},
		{name: "join", key: "a", build: func(r *rig) subject {
			other := NewSource(r.graph, "other", item.Key)
			return subjectOf(Join("join", other, r.mapped()), itemText)
		}},
		{name: "index", key: "i/a", build: func(r *rig) subject {
			ix := NewIndex("index", r.mapped(), func(i item) []string { return []string{"i/" + i.Name} })
			return subjectOf(ix, func(g Group[item]) string { return g.List()[0].Value })
		}},
		{name: "map over index", key: "i/a", build: func(r *rig) subject {
			ix := NewIndex("index", r.mapped(), func(i item) []string { return []string{"i/" + i.Name} })
			return subjectOf(Map("grouped", ix, func(_ *Context, g Group[item]) (item, bool) {
				return g.List()[0], true
			}), itemText)
		}},
	}
}

func renamed(i item) []item {
	i.Name += "-out"
	return []item{i}
}

func renderOne(r *rig, ctx *Context) (item, bool) {
	i, ok := Get(ctx, r.in, "a")
	if !ok {
		return item{}, false
	}
	return r.render(ctx, i), true
}

func buildMapStatus(r *rig) (Collection[item], Collection[string]) {
	return MapStatus("mapped", r.in, func(ctx *Context, i item) (item, bool, string) {
		out := r.render(ctx, i)
		return out, true, out.Value
	})
}

func buildFlatMapStatus(r *rig) (Collection[item], Collection[string]) {
	return FlatMapStatus("flat", r.in, item.Key, func(ctx *Context, i item) ([]item, string) {
		out := r.render(ctx, i)
		return renamed(out), out.Value
	})
}

func buildSingletonStatus(r *rig) (*Single[item], *Single[string]) {
	return SingletonStatus(r.graph, "single", func(ctx *Context) (item, bool, string) {
		out, ok := renderOne(r, ctx)
		return out, ok, out.Value
	})
}

// step is one commit and what it must do to the object of input "a".
type step struct {
	name    string
	do      func(r *rig, tx *Tx)
	events  []string // "added %s: value" and so on, %s being the output key; nil for no batch
	value   string   // after the commit; "" for no object
	calls   int      // transforms called
	follows bool     // needs references to be followed
}

func setIn(i item) func(*rig, *Tx)  { return func(r *rig, tx *Tx) { r.in.Set(tx, i) } }
func setRef(i item) func(*rig, *Tx) { return func(r *rig, tx *Tx) { r.refs.Set(tx, i) } }

func steps() []step {
	a := func(ref, value string) func(*rig, *Tx) { return setIn(item{Name: "a", Ref: ref, Value: value}) }
	ref := func(name, value string) func(*rig, *Tx) { return setRef(item{Name: name, Value: value}) }
	return []step{
		{name: "add", do: a("", "1"), events: []string{"added %s: 1"}, value: "1", calls: 1},
		{name: "update", do: a("", "2"), events: []string{"updated %s: 1 to 2"}, value: "2", calls: 1},
		{name: "equal update", do: a("", "2"), value: "2"},
		{name: "delete", do: func(r *rig, tx *Tx) { r.in.Delete(tx, "a") }, events: []string{"deleted %s: 2"}},
		{name: "delete again", do: func(r *rig, tx *Tx) { r.in.Delete(tx, "a") }},
		{name: "add again", do: a("", "3"), events: []string{"added %s: 3"}, value: "3", calls: 1},
		{name: "several changes of one", do: func(r *rig, tx *Tx) {
			for _, v := range []string{"x", "y", "z"} {
				a("", v)(r, tx)
			}
			r.in.Delete(tx, "a")
			a("", "4")(r, tx)
		}, events: []string{"updated %s: 3 to 4"}, value: "4", calls: 1},
		{name: "there and back", do: func(r *rig, tx *Tx) { a("", "5")(r, tx); a("", "4")(r, tx) }, value: "4"},
		{name: "deleted and set back", do: func(r *rig, tx *Tx) { r.in.Delete(tx, "a"); a("", "4")(r, tx) }, value: "4"},
		{name: "replace by equal", do: func(r *rig, tx *Tx) {
			r.in.Replace(tx, []item{{Name: "a", Value: "4"}})
		}, value: "4"},
		{
			name: "refer to nothing", follows: true, do: a("x", "4"),
			events: []string{"updated %s: 4 to 4+?"}, value: "4+?", calls: 1,
		},
		{name: "something else appears", follows: true, do: ref("y", "20"), value: "4+?"},
		{
			name: "dependency appears", follows: true, do: ref("x", "10"),
			events: []string{"updated %s: 4+? to 4+10"}, value: "4+10", calls: 1,
		},
		{
			name: "dependency changes", follows: true, do: ref("x", "11"),
			events: []string{"updated %s: 4+10 to 4+11"}, value: "4+11", calls: 1,
		},
		{name: "dependency is set equal", follows: true, do: ref("x", "11"), value: "4+11"},
		{
			name: "dependency changes where nobody looks", follows: true,
			do: setRef(item{Name: "x", Ref: "unread", Value: "11"}), value: "4+11", calls: 1,
		},
		{name: "input and dependency change", follows: true, do: func(r *rig, tx *Tx) {
			a("x", "5")(r, tx)
			ref("x", "12")(r, tx)
		}, events: []string{"updated %s: 4+11 to 5+12"}, value: "5+12", calls: 1},
		{
			name: "dependency switches", follows: true, do: a("y", "5"),
			events: []string{"updated %s: 5+12 to 5+20"}, value: "5+20", calls: 1,
		},
		{name: "former dependency changes", follows: true, do: ref("x", "13"), value: "5+20"},
		{
			name: "dependency disappears", follows: true, do: func(r *rig, tx *Tx) { r.refs.Delete(tx, "y") },
			events: []string{"updated %s: 5+20 to 5+?"}, value: "5+?", calls: 1,
		},
		{
			name: "dependency appears again", follows: true, do: ref("y", "21"),
			events: []string{"updated %s: 5+? to 5+21"}, value: "5+21", calls: 1,
		},
		{
			name: "replace away", do: func(r *rig, tx *Tx) { r.in.Replace(tx, nil) },
			events: []string{"deleted %s: 5+21"},
		},
		{name: "dependency of nothing changes", do: ref("y", "22")},
		{
			name: "replace back", do: func(r *rig, tx *Tx) { r.in.Replace(tx, []item{{Name: "a", Value: "6"}}) },
			events: []string{"added %s: 6"}, value: "6", calls: 1,
		},
	}
}

func TestConformance(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			r := newRig(t)
			s := k.build(r)
			var events []string
			batches, version := 0, uint64(0)
			s.subscribe(func(v uint64, got []string) { batches, version, events = batches+1, v, got })
			for _, st := range steps() {
				if k.static && st.follows {
					continue
				}
				batches, events, r.calls = 0, nil, 0
				committed := r.graph.Update(func(tx *Tx) { st.do(r, tx) })
				checkStep(t, k, st, s, events)
				if want := min(len(st.events), 1); batches != want {
					t.Errorf("%s: %d batches, want %d", st.name, batches, want)
				}
				if batches > 0 && version != committed {
					t.Errorf("%s: batch of version %d, committed %d", st.name, version, committed)
				}
				if !k.static && r.calls != st.calls {
					t.Errorf("%s: %d transforms called, want %d", st.name, r.calls, st.calls)
				}
			}
		})
	}
}

func checkStep(t *testing.T, k kind, st step, s subject, events []string) {
	t.Helper()
	var want []string
	for _, e := range st.events {
		if k.static && st.name == "replace away" {
			e = "deleted %s: 4"
		}
		want = append(want, fmt.Sprintf(e, k.key))
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("%s: events (-want +got):\n%s", st.name, diff)
	}
	state := map[string]string{}
	if st.value != "" {
		state[k.key] = st.value
	}
	if diff := cmp.Diff(state, s.state()); diff != "" {
		t.Errorf("%s: state (-want +got):\n%s", st.name, diff)
	}
}

// What a collection holds does not depend on whether its inputs were there before it, nor on when one subscribes.
func TestConformanceLate(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			r := newRig(t)
			fill := func(tx *Tx) {
				r.refs.Set(tx, item{Name: "x", Value: "10"})
				r.in.Replace(tx, []item{{Name: "a", Value: "1"}, {Name: "b", Ref: "x", Value: "2"}, {Name: "c", Value: "3"}})
			}
			r.graph.Update(fill)
			late := k.build(r)

			early := newRig(t)
			before := k.build(early)
			early.graph.Update(func(tx *Tx) {
				early.refs.Set(tx, item{Name: "x", Value: "10"})
				early.in.Replace(tx, r.in.List())
			})
			if diff := cmp.Diff(before.state(), late.state()); diff != "" {
				t.Errorf("created late (-early +late):\n%s", diff)
			}
			if len(late.state()) == 0 || late.stats().Size != len(late.state()) {
				t.Errorf("size %d of %v", late.stats().Size, late.state())
			}
			checkLateSink(t, r, late)
		})
	}
}

func checkLateSink(t *testing.T, r *rig, s subject) {
	t.Helper()
	var want, got []string
	state := s.state()
	for key := range maps.Keys(state) {
		want = append(want, fmt.Sprintf("added %s: %s", key, state[key]))
	}
	batches := 0
	stop := s.subscribe(func(version uint64, events []string) {
		batches++
		got = append(got, events...)
		if version != r.graph.View().Version() {
			t.Errorf("batch of version %d, state is %d", version, r.graph.View().Version())
		}
	})
	if diff := cmp.Diff(want, got, sorted); diff != "" || batches != 1 {
		t.Errorf("late sink, %d batches (-want +got):\n%s", batches, diff)
	}
	r.graph.Update(setTx(r.in, item{Name: "a", Value: "new"}))
	if batches != 2 {
		t.Errorf("sink was called %d times, want 2", batches)
	}
	stop()
	r.graph.Update(setTx(r.in, item{Name: "a", Value: "newer"}))
	if batches != 2 {
		t.Errorf("stopped sink was called")
	}
}
