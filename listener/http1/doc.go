// Package http1 serves HTTP/1.0 and HTTP/1.1 (RFC 9112) to clients.
//
// A Server reads requests off a connection one after another, each into an
// exchange.Exchange, and hands it to a Handler, which answers through
// Exchange.Downstream. Grammar is wire's, the record of facts listener.Prepare's; what
// is here is the connection: its buffers, its deadlines, what may follow what, and how
// it ends.
//
// One goroutine serves a connection. While it waits for a request it holds no buffer,
// and serving one on an open connection allocates nothing. A client that sends one
// request at a time costs one read and one write for each (see conn.idleReady).
//
// A Handler may read Request.Body on another goroutine while it writes the response.
// When ServeExchange returns nobody may use the Exchange, its body or its tunnel.
//
// Trailers of a chunked response are passed to HTTP/1.1 clients whether or not they
// sent "TE: trailers": what may stand in them is harmless to drop (RFC 9110 §6.5.1),
// and wire passes nothing else.
package http1
