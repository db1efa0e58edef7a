package transport

import (
	"net"
	"slices"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// Tunnel gives up the connection for bytes both ways, after a 101. Over TCP it is an
// exchange.TCPDuplex. Whoever asked bounds the waiting on it from now on, and closes it
// before Finish.
func (c *Call) Tunnel() (exchange.Duplex, error) {
	duplex, ok := c.conn.duplex()
	if !c.upgraded || c.tunneled || !ok {
		return nil, errNotUpgraded
	}
	c.tunneled = true
	c.conn.timer.Disarm()
	return &tunnel{halfCloser: duplex, early: slices.Clone(c.in[c.r:c.w])}, nil
}

// halfCloser is a connection whose direction can be ended alone.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// duplex returns the connection if it can be half closed.
func (c *Conn) duplex() (halfCloser, bool) {
	if c == nil {
		return nil, false
	}
	d, ok := c.net.(halfCloser)
	return d, ok
}

// tunnel is a connection of which some bytes may have been read already.
type tunnel struct {
	halfCloser
	early []byte
}

// Read implements io.Reader.
func (t *tunnel) Read(p []byte) (int, error) {
	if len(t.early) > 0 {
		n := copy(p, t.early)
		t.early = t.early[n:]
		return n, nil
	}
	return t.halfCloser.Read(p)
}

// Buffered implements exchange.TCPDuplex.
func (t *tunnel) Buffered() int { return len(t.early) }

// TCPConn implements exchange.TCPDuplex.
func (t *tunnel) TCPConn() *net.TCPConn {
	tcp, ok := t.halfCloser.(*net.TCPConn)
	if !ok || len(t.early) > 0 {
		return nil
	}
	return tcp
}
