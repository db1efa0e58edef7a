// Package exchange holds the record of one request and its answer, or of one
// connection where the protocol has no requests.
//
// An Exchange is what every station of the data plane is handed: the listener's
// codec fills in the request and the facts, routing and filters read them,
// egress fills in the response, and the codec writes it. It is pooled: the codec
// that took it with Get returns it with Put, and no one may keep a pointer into
// it, or a slice from it, after that.
//
// The package is a leaf: it knows no codec, no route and no configuration. What
// stations need of each other they meet through the small interfaces here: Body
// (bytes flowing towards us), Downstream (the client's side) and Duplex (a tunnel).
//
// An Exchange belongs to one goroutine at a time. The one exception is a request
// body relayed while the response is awaited: then Request.Body is the relaying
// goroutine's until it ends, and nothing else is.
package exchange
