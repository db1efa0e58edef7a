package collect_test

import (
	"fmt"

	"github.com/fairlead-mesh/fairlead/controlplane/collect"
)

type Gateway struct {
	Name string
	Port int
}

func (g Gateway) Key() string { return g.Name }

type Route struct{ Name, Gateway string }

func (r Route) Key() string { return r.Name }

type Bound struct {
	Route string
	Port  int
}

func Example() {
	graph := collect.NewGraph(collect.Hooks{
		Fault: func(f collect.Fault) { fmt.Println(f) },
	})
	gateways := collect.NewSource(graph, "gateways", Gateway.Key)
	routes := collect.NewSource(graph, "routes", Route.Key)

	bound, status := collect.MapStatus("bound", routes, func(ctx *collect.Context, r Route) (Bound, bool, string) {
		gw, ok := collect.Get(ctx, gateways, r.Gateway)
		if !ok {
			return Bound{}, false, "no such gateway"
		}
		return Bound{Route: r.Name, Port: gw.Port}, true, "accepted"
	})
	bound.Subscribe(func(b collect.Batch[Bound]) {
		for _, e := range b.Events {
			fmt.Println(b.Version, e.Op, e.Key, e.New.Port)
		}
	})
	status.Subscribe(func(b collect.Batch[string]) {
		for _, e := range b.Events {
			fmt.Println(b.Version, "status of", e.Key, "is", e.New)
		}
	})

	graph.Update(func(tx *collect.Tx) {
		gateways.Set(tx, Gateway{Name: "edge", Port: 80})
		routes.Set(tx, Route{Name: "shop", Gateway: "edge"})
		routes.Set(tx, Route{Name: "stray", Gateway: "inner"})
	})
	graph.Update(func(tx *collect.Tx) {
		gateways.Set(tx, Gateway{Name: "edge", Port: 443})
	})
	fmt.Println(bound.Stats().Recomputed, "routes computed in all")
	// Output:
	// 1 added shop 80
	// 1 status of shop is accepted
	// 1 status of stray is no such gateway
	// 2 updated shop 443
	// 3 routes computed in all
}

// An index makes one object of all that share a key: here, of the routes of a gateway.
func ExampleIndex() {
	graph := collect.NewGraph(collect.Hooks{})
	routes := collect.NewSource(graph, "routes", Route.Key)
	byGateway := collect.NewIndex("routes by gateway", routes, func(r Route) []string { return []string{r.Gateway} })
	counts := collect.Map("counts", byGateway, func(_ *collect.Context, g collect.Group[Route]) (int, bool) {
		return g.Len(), true
	})

	graph.Update(func(tx *collect.Tx) {
		routes.Replace(tx, []Route{{"shop", "edge"}, {"cart", "edge"}, {"stray", "inner"}})
	})
	for gateway, n := range counts.All() {
		fmt.Println(gateway, n)
	}
	// Output:
	// edge 2
	// inner 1
}
