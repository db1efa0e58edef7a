// Package collect computes collections of objects from other collections, and on each change recomputes what depends
// on it and nothing else.
//
// A [Graph] owns collections. A [Source] is set from outside; all others follow from functions over what came before:
//
//	[Map], [FlatMap]    one or many objects of each object of a collection
//	[Singleton]         one object of all that its function fetches
//	[Join]              several collections of one type, seen as one
//	[Index]             a collection grouped by keys taken from its objects
//
// [MapStatus], [FlatMapStatus] and [SingletonStatus] make a second collection, of a status for each input.
//
// The wiring reads like what it computes. Routes know their gateway by name, and want its port:
//
//	graph := collect.NewGraph(collect.Hooks{Fault: logFault})
//	gateways := collect.NewSource(graph, "gateways", Gateway.Key)
//	routes := collect.NewSource(graph, "routes", Route.Key)
//
//	bound := collect.Map("bound", routes, func(ctx *collect.Context, r Route) (Bound, bool) {
//		gw, ok := collect.Get(ctx, gateways, r.Gateway)
//		return Bound{Name: r.Name, Port: gw.Port}, ok
//	})
//	bound.Subscribe(func(b collect.Batch[Bound]) { … })
//
//	graph.Update(func(tx *collect.Tx) {
//		gateways.Set(tx, Gateway{Name: "edge", Port: 443})
//		routes.Set(tx, Route{Name: "shop", Gateway: "edge"})
//	})
//
// The call of Get made "shop" depend on the gateway "edge". When that changes, "shop" is computed again, and no other
// route is; if the port stays the same, the new Bound equals the old one and nothing after it hears of the change.
// A fetch that finds nothing is a dependency too: the route is computed again when its gateway appears.
//
// # Commits
//
// [Graph.Update] takes changes to sources and settles each collection once, in the order of creation; a collection can
// depend only on those created before it. So however many inputs of a key changed, the key is computed once, and never
// from a mixture of old and new. Then the new state becomes visible in one step, and sinks receive one [Batch] for each
// collection that changed. A commit costs what it recomputes, plus a glance at each collection (not at its objects).
// One listing of a whole collection ([List], [All]) in a transform makes the input depend on each of its objects; where
// there are many inputs, look up an [Index] instead.
//
// # Rules for functions
//
// Transforms are pure, and called in no order that they may count on. Objects are shared and never changed after they
// were handed over: changing one in place goes unnoticed. A transform that panics costs only its own input a new
// output: the last good one stays, and [Hooks] receive a [Fault]. It is tried again when the input changes or
// something that it had fetched.
//
// # Concurrency
//
// Any goroutine may call anything but within transforms, sinks and hooks, which run inside a commit and must not wait
// for it (see [Collection].Subscribe). Commits run one at a time, on the goroutine that called Update. Readers never
// wait: the state of the graph is an immutable [View] behind one atomic pointer, made of persistent trees that share
// what did not change. Several reads that must fit together read one View.
//
// # What it is not
//
// It has no queue, no retry, no clock and no goroutine of its own; collections cannot be removed from a graph. What
// must wait (a write to an API server) belongs behind a sink that only takes note.
package collect
