// Package snapshot compiles the contract into what the data plane runs on.
//
// A Snapshot is immutable: ports, the listeners on them, their tables of routes, and
// what each route does. A request pins one and sees nothing else. A Compiler takes a
// delta and returns the next Snapshot, which shares with the last one everything that
// the delta does not reach: the cost of a change is the change's.
//
// Compiling cannot fail as a whole. A resource that is invalid is refused alone, with a
// reason; its last good version, if there was one, stays live, and the rest of the delta
// goes live. Policies are the exception: a policy that cannot be enforced closes its
// targets (see package unavailable).
//
// Backends, their endpoints and metric handles outlive snapshots: they are kept by their
// registries, taken here and given back once no request can use them any more.
package snapshot
