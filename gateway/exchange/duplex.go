package exchange

import "io"

// Duplex is a stream of bytes both ways: an upgraded HTTP/1.1 connection, a
// CONNECT stream, a TCP connection. Where both ends of a tunnel are plain TCP,
// their Duplexes unwrap to *net.TCPConn and bytes are spliced in the kernel.
type Duplex interface {
	io.ReadWriteCloser

	// CloseWrite ends our direction and leaves the other open (half-close).
	CloseWrite() error
}
