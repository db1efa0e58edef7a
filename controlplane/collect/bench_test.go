package collect

import (
	"fmt"
	"testing"
)

// estate is routes that refer to one gateway and to one of n/10 services, as a translator would wire them.
type estate struct {
	graph                      *Graph
	gateways, services, routes *Source[item]
	bound                      Collection[item]
	owned                      Collection[int]
}

func newEstate(n int) *estate {
	g := NewGraph(Hooks{})
	e := &estate{
		graph:    g,
		gateways: NewSource(g, "gateways", item.Key),
		services: NewSource(g, "services", item.Key),
		routes:   NewSource(g, "routes", item.Key),
	}
	byService := NewIndex("routes by service", e.routes, func(r item) []string { return []string{r.Ref, "all"} })
	e.bound = Map("bound", e.routes, func(ctx *Context, r item) (item, bool) {
		gw, _ := Get(ctx, e.gateways, "edge")
		svc, ok := Get(ctx, e.services, r.Ref)
		r.Value += gw.Value + svc.Value
		return r, ok
	})
	e.owned = Map("owned", e.services, func(ctx *Context, s item) (int, bool) {
		return len(Lookup(ctx, byService, s.Name)), true
	})
	FlatMap("rules", e.bound, item.Key, func(_ *Context, r item) []item {
		return []item{{Name: r.Name + "/0", Value: r.Value}, {Name: r.Name + "/1"}}
	})
	g.Update(func(tx *Tx) {
		e.gateways.Set(tx, item{Name: "edge"})
		for i := range max(n/10, 1) {
			e.services.Set(tx, item{Name: service(i)})
		}
		for i := range n {
			e.routes.Set(tx, item{Name: route(i), Ref: service(i / 10)})
		}
	})
	return e
}

func service(i int) string { return fmt.Sprintf("default/service-%05d", i) }
func route(i int) string   { return fmt.Sprintf("default/route-%05d", i) }

// A change of one route among many recomputes that route, and the service that counts its routes.
func TestOneChangeAmongMany(t *testing.T) {
	e := newEstate(1000)
	before := e.graph.Stats()
	e.graph.Update(setTx(e.routes, item{Name: route(500), Ref: service(50), Value: "changed"}))
	want := map[string][2]uint64{ // recomputed, emitted
		"gateways": {0, 0}, "services": {0, 0}, "routes": {0, 1}, "routes by service": {1, 2},
		"bound": {1, 1}, "owned": {1, 0}, "rules": {1, 1},
	}
	for i, after := range e.graph.Stats() {
		got := [2]uint64{after.Recomputed - before[i].Recomputed, after.Emitted - before[i].Emitted}
		if got != want[after.Name] {
			t.Errorf("%s: recomputed and emitted %v, want %v", after.Name, got, want[after.Name])
		}
	}
	e.graph.Update(setTx(e.services, item{Name: service(7), Value: "changed"}))
	if got := e.bound.Stats().Recomputed - before[4].Recomputed; got != 1+10 {
		t.Errorf("a service of ten routes recomputed %d routes", got-1)
	}
}

// What one change allocates does not grow with the number of objects, but for the depth of the trees.
func TestOneChangeAllocatesLittle(t *testing.T) {
	e := newEstate(10_000)
	i := 0
	allocs := testing.AllocsPerRun(100, func() {
		i++
		e.graph.Update(setTx(e.routes, item{Name: route(5000), Ref: service(500), Value: fmt.Sprint(i)}))
	})
	if allocs > 500 {
		t.Errorf("one change of 10,000 routes allocates %v times", allocs)
	}
}

func BenchmarkOneChange(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprintf("routes=%d", n), func(b *testing.B) {
			e := newEstate(n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				changed := item{Name: route(i % n), Ref: service(i % n / 10), Value: fmt.Sprint(i)}
				e.graph.Update(func(tx *Tx) { e.routes.Set(tx, changed) })
			}
		})
	}
}

func BenchmarkAddAndDelete(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprintf("routes=%d", n), func(b *testing.B) {
			e := newEstate(n)
			b.ReportAllocs()
			for b.Loop() {
				e.graph.Update(func(tx *Tx) { e.routes.Set(tx, item{Name: "default/one-more", Ref: service(0)}) })
				e.graph.Update(func(tx *Tx) { e.routes.Delete(tx, "default/one-more") })
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprintf("routes=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				newEstate(n)
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	e := newEstate(10_000)
	key := route(7_777)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := e.bound.Get(key); !ok {
			b.Fatal("missing")
		}
	}
}
