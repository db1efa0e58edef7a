// Package listener is where clients come in: sockets, what is accepted on them and how
// fast, and what is known of a request before anything is decided about it.
//
// A Socket binds one address and port, accepts, and hands each connection to a codec as
// a Conn. It ends in a Drain, which lets requests in flight finish. Settings are what a
// listener's configuration says about reading HTTP, with every default filled in; a
// Socket's can be swapped at any moment and count from the next request on. Prepare
// makes the record of facts out of a parsed request: every codec calls it and nothing
// else does what it does. Stats counts.
//
// The package knows no HTTP version: the codecs are in its sub-packages. It knows no
// route and no backend. Everything here may be used from several goroutines except
// where a type says otherwise.
package listener
