package exchange

import "net"

// Splicer is a Body whose remaining bytes can go to a TCP connection inside the kernel.
type Splicer interface {
	// Remaining returns the bytes left that are not buffered and the connection they
	// come from; ok is false if they cannot be spliced (chunked, TLS, unknown length)
	// or while some are still buffered: those come from Next first.
	Remaining() (conn *net.TCPConn, n int64, ok bool)
	// Consumed tells the body that n bytes were taken from the connection directly.
	Consumed(n int64)
}

// Readier is a Body that knows whether Next would wait. Who writes a message puts its
// head and the content that is already there into one write, and sends the head alone
// rather than keep it back for content that may be long in coming.
type Readier interface {
	// Ready reports that Next will return at once: with bytes, io.EOF or an error.
	Ready() bool
}

// Ready implements Readier.
func (*BytesBody) Ready() bool { return true }

// TCPDuplex is a Duplex over a connection, which may be plain TCP.
type TCPDuplex interface {
	Duplex
	// TCPConn returns the connection, to be spliced from and to in place of the Duplex;
	// nil while bytes are buffered above it, or if there is none below.
	TCPConn() *net.TCPConn
	// Buffered returns how many bytes Read returns before those of the connection.
	Buffered() int
}
