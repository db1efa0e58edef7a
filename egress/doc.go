// Package egress sends requests to backends: logical → concrete → endpoint.
//
//	Backend   logical: a name, its configuration and its counts   backend.go
//	concrete  the endpoints behind it at this moment, frozen      concrete.go
//	endpoint  one address, its load and its connections           endpoint.go
//
// A Registry keeps all of that alive from one configuration to the next. Each snapshot
// acquires the Backends it names and releases them when it is replaced; endpoints come
// and go by themselves with SetEndpoints and with DNS. What did not change keeps its
// connections and counters.
//
// Requests take no lock of the Registry: they read one atomic pointer. Registry methods
// are safe for concurrent use and exclude each other.
//
// Two things are tried again without any policy, as the endpoint cannot have acted on
// them or is known to have been closing: a request that could not be sent because no
// connection was made goes to one other endpoint; and one whose reused connection died
// without a byte of an answer goes once more over a new connection, if it is idempotent
// or nothing of it was sent. Nothing is tried again after a byte of a response.
package egress
