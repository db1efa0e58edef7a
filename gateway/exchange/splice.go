package exchange

import "net"

// Splicer is a Body whose remaining bytes can go to a TCP connection inside the kernel.
type Splicer interface {
	// Remaining returns the bytes left that are not buffered and the connection they
	// come from; ok is false if they cannot be spliced (chunked, TLS, unknown length).
	Remaining() (conn *net.TCPConn, n int64, ok bool)
	// Consumed tells the body that n bytes were taken from the connection directly.
	Consumed(n int64)
}
