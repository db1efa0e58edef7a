package http1

import (
	"errors"
	"net"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

var errNoTunnel = errors.New("http1: tunnel without an upgrade asked for and granted")

// tunnel is an upgraded connection: bytes that came with the request first, then the
// connection's. The handler is done with it before ServeExchange returns.
type tunnel struct {
	net.Conn
	c *conn
}

// Tunnel implements exchange.Downstream.
func (c *conn) Tunnel() (exchange.Duplex, error) {
	if !c.responded || c.aborted || c.ex.Response.Status != 101 || len(c.ex.Request.Upgrade) == 0 {
		return nil, errNoTunnel
	}
	c.tunneled = true
	c.state.Store(stateTunnel)
	c.timer.Disarm()
	if !c.lc.Detach() {
		return nil, net.ErrClosed
	}
	return &tunnel{Conn: c.stream, c: c}, nil
}

// Read implements io.Reader.
func (t *tunnel) Read(p []byte) (int, error) {
	if in := &t.c.in; in.r < in.w {
		n := copy(p, in.unread())
		in.r += n
		return n, nil
	}
	return t.Conn.Read(p)
}

// CloseWrite implements exchange.Duplex.
func (t *tunnel) CloseWrite() error {
	if half, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return t.Conn.Close()
}

// Buffered implements exchange.TCPDuplex.
func (t *tunnel) Buffered() int { return t.c.in.w - t.c.in.r }

// TCPConn implements exchange.TCPDuplex.
func (t *tunnel) TCPConn() *net.TCPConn {
	if t.Buffered() > 0 {
		return nil
	}
	return t.c.tcp
}
