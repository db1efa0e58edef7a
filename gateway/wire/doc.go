// Package wire is HTTP/1.x as bytes, both ways: the grammar of RFC 9110, 9112 and
// 3986 as pure functions and small state machines over slices. It does no I/O,
// keeps no connection and takes no decision about a request beyond "this is
// well-formed" and "this is refused, and why".
//
// The way in, for a listener's or a transport's codec:
//
//	HeadScanner    finds the end of a head in a growing buffer, once over each byte
//	ParseRequest   fills an exchange.Head from a request's head
//	ParseTarget    fills the facts: host, port, path (normalised once), query
//	ParseResponse  fills an exchange.Head from a response's head
//	ChunkedReader  takes the chunked coding off, content as views into the input
//	StripHopByHop  removes what belongs to one connection only
//
// and the way out:
//
//	AppendRequestHead, AppendResponseHead, AppendChunkHeader, AppendLastChunk
//
// The parsers are strict: what two parsers could read differently is refused, not
// mended. The writers check what they are given and refuse to emit anything outside
// the grammar; they alone write the fields of framing and of the connection (Host,
// Content-Length, Transfer-Encoding, Connection, Upgrade), from the head's facts,
// whatever the field list holds.
//
// Every refusal is a preallocated *exchange.Error, one for each reason and side, so
// that refusing costs nothing and errors compare by identity; Reasons lists them.
// Nothing here allocates except the trailer section of a chunked message and the
// names in an unusual Connection field.
//
// Slices handed out are views into the input (or into the Exchange's scratch
// memory) and live as long as it does. Functions are safe for concurrent use; a
// HeadScanner or ChunkedReader belongs to one goroutine at a time.
package wire
