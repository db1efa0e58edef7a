package collect

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// world wires every kind of collection over three sources, with fetches that come, go and switch.
type world struct {
	t       *testing.T
	graph   *Graph
	sources []*Source[item]
	views   map[string]subject
	once    map[string]bool // transforms called in this commit
	mirrors map[string]map[string]string
}

func newWorld(t *testing.T) *world {
	g := NewGraph(Hooks{Fault: func(f Fault) { t.Fatalf("%v\n%s", f, f.Stack) }})
	w := &world{
		t: t, graph: g, views: map[string]subject{}, once: map[string]bool{}, mirrors: map[string]map[string]string{},
	}
	for _, name := range []string{"a", "b", "c"} {
		w.sources = append(w.sources, NewSource(g, name, item.Key))
	}
	w.wire(w.sources[0], w.sources[1], w.sources[2])
	clear(w.once) // each collection made is a commit of its own
	return w
}

func (w *world) wire(a, b, c *Source[item]) {
	joined := Join("joined", a, b)
	byRef := NewIndex("by ref", joined, func(i item) []string { return strings.Split(i.Ref, "") })
	mapped, mappedStatus := MapStatus("mapped", joined, func(ctx *Context, i item) (item, bool, string) {
		w.called("mapped", ctx)
		other, ok := Get(ctx, c, i.Value)
		i.Value += other.Value
		return i, ok, other.Ref
	})
	flat, flatStatus := FlatMapStatus("flat", joined, item.Key, func(ctx *Context, i item) ([]item, int) {
		w.called("flat", ctx)
		found := Lookup(ctx, byRef, i.Name)
		outputs := []item{{Name: i.Value, Value: i.Name}}
		for _, f := range found {
			outputs = append(outputs, item{Name: f.Value, Value: i.Name + f.Name})
		}
		return outputs, len(found)
	})
	single, singleStatus := SingletonStatus(w.graph, "single", func(ctx *Context) (string, bool, int) {
		w.called("single", ctx)
		var names []string
		for key, i := range All(ctx, mapped) {
			names = append(names, key+i.Value)
		}
		return strings.Join(names, " "), len(names) > 1, len(names) / 2
	})
	groups := Map("groups", byRef, func(ctx *Context, g Group[item]) (item, bool) {
		w.called("groups", ctx)
		out := item{Name: ctx.Key()}
		for key, i := range g.All() {
			out.Value += key + i.Value
		}
		return out, true
	})
	switching := Map("switching", c, func(ctx *Context, i item) (item, bool) {
		w.called("switching", ctx)
		switch i.Value {
		case "a", "b":
			return Get(ctx, mapped, i.Ref)
		case "c":
			i.Value, _ = Value(ctx, single)
		case "d":
			i.Value = fmt.Sprint(List(ctx, groups))
		default:
			i.Value = fmt.Sprint(Lookup(ctx, byRef, i.Ref))
		}
		return i, true
	})
	names := FlatMap("names", groups, item.Key, func(ctx *Context, i item) []item {
		w.called("names", ctx)
		var outputs []item
		for name := range strings.SplitSeq(i.Value, "") {
			outputs = append(outputs, item{Name: name, Value: i.Name})
		}
		return outputs
	})
	count := Singleton(w.graph, "count", func(ctx *Context) (int, bool) {
		w.called("count", ctx)
		return len(List(ctx, names)), true
	})
	all := Join("all", flat, switching, names)

	text := func(i item) string { return i.Name + "|" + i.Ref + "|" + i.Value }
	number := func(n int) string { return fmt.Sprint(n) }
	same := func(s string) string { return s }
	for name, s := range map[string]subject{
		"joined": subjectOf(joined, text), "mapped": subjectOf(mapped, text), "flat": subjectOf(flat, text),
		"groups": subjectOf(groups, text), "switching": subjectOf(switching, text), "names": subjectOf(names, text),
		"all": subjectOf(all, text), "single": subjectOf(single, same), "single status": subjectOf(singleStatus, number),
		"mapped status": subjectOf(mappedStatus, same), "flat status": subjectOf(flatStatus, number),
		"count":  subjectOf(count, number),
		"by ref": subjectOf(byRef, func(g Group[item]) string { return fmt.Sprint(g.Len(), g.List()) }),
	} {
		w.watch(name, s)
	}
}

// called fails the test when a transform is called a second time for a key in one commit.
func (w *world) called(name string, ctx *Context) {
	call := name + "[" + ctx.Key() + "]"
	if w.once[call] {
		w.t.Errorf("%s is computed twice in one commit", call)
	}
	w.once[call] = true
}

// watch keeps a mirror of what the sink was told, and checks each event against it.
func (w *world) watch(name string, s subject) {
	mirror := map[string]string{}
	w.views[name], w.mirrors[name] = s, mirror
	s.subscribe(func(_ uint64, events []string) {
		for _, text := range events {
			verb, rest, _ := strings.Cut(text, " ")
			key, change, _ := strings.Cut(rest, ": ")
			old, had := mirror[key]
			switch {
			case verb == "added" && !had:
				mirror[key] = change
			case verb == "deleted" && had && change == old:
				delete(mirror, key)
			case verb == "updated" && had && strings.HasPrefix(change, old+" to ") && change != old+" to "+old:
				mirror[key] = strings.TrimPrefix(change, old+" to ")
			default:
				w.t.Errorf("%s: %q does not follow %q", name, text, old)
			}
		}
	})
}

// apply reads operations of four bytes each: what, key, reference, value. Operations gather into a transaction
// until one commits.
func (w *world) apply(ops []byte) {
	var pending []func(*Tx)
	commit := func() {
		clear(w.once)
		w.graph.Update(func(tx *Tx) {
			for _, do := range pending {
				do(tx)
			}
		})
		pending = nil
		w.check()
	}
	for ; len(ops) >= 4; ops = ops[4:] {
		source := w.sources[ops[0]%3]
		letter := func(b byte) string { return string('a' + rune(b%6)) }
		i := item{Name: letter(ops[1]), Ref: letter(ops[2]) + letter(ops[2]/6), Value: letter(ops[3])}
		switch ops[0] / 3 % 8 {
		case 0:
			pending = append(pending, func(tx *Tx) { source.Delete(tx, i.Name) })
		case 1:
			pending = append(pending, func(tx *Tx) { source.Replace(tx, []item{i, {Name: i.Value, Ref: i.Name}}) })
		case 2, 3:
			commit()
		default:
			pending = append(pending, func(tx *Tx) { source.Set(tx, i) })
		}
	}
	commit()
}

// check compares the graph with one that is given the same sources in one commit, and the mirrors with the graph.
func (w *world) check() {
	w.t.Helper()
	fresh := newWorld(w.t)
	fresh.graph.Update(func(tx *Tx) {
		for i, source := range fresh.sources {
			source.Replace(tx, w.sources[i].List())
		}
	})
	for name, view := range w.views {
		state := view.state()
		if want := fresh.views[name].state(); !maps.Equal(want, state) {
			w.t.Errorf("%s (-from scratch +incremental):\n%s", name, cmp.Diff(want, state))
		}
		if mirror := w.mirrors[name]; !maps.Equal(state, mirror) {
			w.t.Errorf("%s (-state +sink):\n%s", name, cmp.Diff(state, mirror))
		}
		if got, want := view.stats().Conflicts, fresh.views[name].stats().Conflicts; got != want {
			w.t.Errorf("%s: %d conflicts, from scratch %d", name, got, want)
		}
	}
}

// Whatever is done to the sources, in whatever batches, the outcome is that of computing all from scratch.
func TestIncrementalEqualsFromScratch(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		ops := make([]byte, 4*150)
		for i := range ops {
			ops[i] = byte(rnd.Uint32())
		}
		w := newWorld(t)
		w.apply(ops)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzIncrementalEqualsFromScratch(f *testing.F) {
	f.Add([]byte("\x0c\x00\x01\x02\x06\x00\x00\x00\x0d\x00\x03\x01\x0e\x02\x00\x03"))
	f.Add([]byte("\x0c\x00\x00\x01\x0f\x01\x00\x01\x06\x00\x00\x00\x00\x00\x00\x00\x0d\x01\x02\x02"))
	f.Add([]byte("\x0e\x02\x00\x02\x0e\x03\x01\x03\x0c\x02\x02\x02\x07\x00\x00\x00\x03\x04\x05\x00"))
	f.Fuzz(func(t *testing.T, ops []byte) {
		w := newWorld(t)
		w.apply(ops[:min(len(ops), 4*64)])
	})
}
