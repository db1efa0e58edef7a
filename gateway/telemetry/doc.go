// Package telemetry counts and records what the data plane does: metrics in Istio's
// names and labels, metrics of our own, and the access log.
//
// A request touches two things here, both resolved before it came. Requests is the
// handle of one destination's metrics: compiled into whatever sends there, it costs a
// short search and a few atomic additions. AccessLog takes a Record of plain values,
// encodes it and hands the line to the one goroutine that writes. Neither allocates in
// the steady state, takes a lock or waits: when the log's reader is stuck, lines are
// dropped and counted.
//
// Everything else is read when Prometheus asks. What other rooms count for themselves
// they offer as Sources; this package knows none of them and no Exchange.
//
// How much it can grow: a Registry holds at most Options.MaxDestinations destinations,
// each at most 64 pairs of status and flag, each pair about 0.6 KiB in memory and 67
// lines of some 800 bytes in a scrape. Values that come from a client are never labels.
package telemetry
