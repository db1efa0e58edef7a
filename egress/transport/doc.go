// Package transport is the client's side of HTTP/1.1: it writes an Exchange's request
// on a connection to an origin and reads the response. It chooses no endpoint, keeps no
// idle connection and retries nothing; it says whether a request may be sent again.
//
// A Conn is a connection with what it needs made once. A Call is one request on its
// way, and owns the buffers:
//
//	call.Start(ex)        composes the request, and waits for a small body
//	call.RoundTrip(conn)  sends it and reads the response's head into ex.Response
//	…                     ex.Response.Body, or call.Tunnel() after a 101
//	call.Finish()         stops whatever still runs, frees the buffers, and says
//	                      whether the connection may serve again
//
// A request without a body, or with a small one, is one write and one read. A larger body
// is relayed by a goroutine of its own while the response is awaited: an origin may answer
// early. That goroutine alone touches Request.Body, until Finish.
//
// Origins are trusted no more than clients: what breaks the grammar or a limit is
// KindUpstreamProtocol and the connection is closed; a body that breaks off is an error
// of Body.Next and never io.EOF.
//
// Whether a request that got no answer may be sent again is told by what the origin's end of
// the connection acknowledged: if it has no byte of the request, the origin was closing before
// it came, and even a POST is safe (see Conn.untouched). Otherwise only requests that are
// idempotent are, on connections that served before.
//
// A Call belongs to one goroutine at a time, as its Exchange does. All waiting is bounded
// by the connection's deadline.Timer.
package transport
