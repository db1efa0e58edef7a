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
// While a Handler waits for an endpoint the client is looked after every second (see
// conn.gone). One that has gone ends the wait: exchange.Wait. An end of the client's
// direction counts as that, as it does with Envoy and nginx, though HTTP/1.1 lets a client
// half-close and wait: nearly all who close have given up, and nothing tells them apart.
// Answers that come within the second are sent all the same. Server.HalfClose has only
// resets count.
//
// Trailers of a chunked response are passed to HTTP/1.1 clients that sent "TE: trailers"
// (RFC 9110 §6.5.1), or whose response announced them in Trailer: the head would promise
// what does not come. Others do not get them.
package http1
