// Package gateway is the assembled data plane: it holds the one Snapshot, the sockets and
// the request path that ties listener, routing, filters and egress together.
//
// Configuration comes in by Apply, whole deltas at a time, from a control plane in the
// same process or across the wire; it does not matter which. Apply compiles, opens the
// sockets that are new, swaps the snapshot in one atomic store, and drains what is gone.
// Requests load the snapshot once and never wait for any of it.
package gateway
