// Package controlplane turns objects into configuration and status.
//
// It wires what its rooms provide and has little to say itself: a source delivers batches
// of objects, a graph of collections translates what each change reaches, what the
// graph's sinks gathered is published as one delta, and the proxy's answer goes back into
// the graph, where status comes from.
//
//	source ─► graph(collect: gatewayapi, istio, service) ─► delta ─► Publisher
//	                    ▲                                              │
//	                    └───────────── what is programmed ◄── Ack ─────┘
//
// Sources, publishers and the place status is written to differ between manifests in
// files and a cluster; every line here is the same for both.
package controlplane
