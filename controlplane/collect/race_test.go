package collect

import (
	"fmt"
	"io"
	"sync"
	"testing"
)

// Readers run beside commits without waiting, and each view they take is whole: a route's port is always that of the
// gateway in the same view.
func TestReadersBesideCommits(t *testing.T) {
	g := NewGraph(Hooks{})
	gateways := NewSource(g, "gateways", item.Key)
	routes := NewSource(g, "routes", item.Key)
	byRef := NewIndex("routes by gateway", routes, func(r item) []string { return []string{r.Ref} })
	bound := Map("bound", routes, func(ctx *Context, r item) (item, bool) {
		gw, ok := Get(ctx, gateways, r.Ref)
		r.Value = gw.Value
		return r, ok
	})
	g.Update(func(tx *Tx) {
		gateways.Set(tx, item{Name: "gw", Value: "0"})
		for i := range 50 {
			routes.Set(tx, item{Name: fmt.Sprint(i), Ref: "gw"})
		}
	})

	var readers, writers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for last := uint64(0); ; {
				select {
				case <-done:
					return
				default:
				}
				v := g.View()
				gw, _ := Get(v, gateways, "gw")
				for _, r := range List(v, bound) {
					if r.Value != gw.Value {
						t.Errorf("version %d: route %s has %s, gateway %s", v.Version(), r.Name, r.Value, gw.Value)
						return
					}
				}
				if v.Version() < last || len(Lookup(v, byRef, "gw")) < 50 {
					t.Errorf("version %d after %d, %d routes", v.Version(), last, len(Lookup(v, byRef, "gw")))
					return
				}
				last = v.Version()
			}
		})
	}
	for writer := range 2 {
		writers.Go(func() {
			for i := range 200 {
				g.Update(setTx(gateways, item{Name: "gw", Value: fmt.Sprint(writer, i)}))
				g.Update(setTx(routes, item{Name: fmt.Sprint("new", i%7), Ref: "gw"}))
				if i%50 == 0 {
					bound.Subscribe(func(Batch[item]) {})()
					if err := g.Dump(io.Discard); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
}
