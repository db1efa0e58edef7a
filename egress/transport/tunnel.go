package transport

import (
	"io"
	"net"
	"slices"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// Tunnel gives up the connection for bytes both ways, after a 101. Over TCP it is the
// *net.TCPConn itself, unless the origin has sent bytes with its head already. Whoever
// asked bounds the waiting on it from now on, and closes it before Finish.
func (c *Call) Tunnel() (exchange.Duplex, error) {
	if !c.upgraded || c.tunneled {
		return nil, errNotUpgraded
	}
	c.tunneled = true
	c.conn.timer.Disarm()
	duplex, ok := c.conn.net.(exchange.Duplex)
	if !ok {
		return nil, errNotUpgraded
	}
	if c.r == c.w {
		return duplex, nil
	}
	return &tunnel{Duplex: duplex, early: slices.Clone(c.in[c.r:c.w])}, nil
}

// tunnel is a connection of which some bytes were read already.
type tunnel struct {
	exchange.Duplex
	early []byte
}

// Read implements io.Reader.
func (t *tunnel) Read(p []byte) (int, error) {
	if len(t.early) > 0 {
		n := copy(p, t.early)
		t.early = t.early[n:]
		return n, nil
	}
	return t.Duplex.Read(p)
}

// WriteTo implements io.WriterTo, so that io.Copy splices what follows the early bytes.
func (t *tunnel) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(t.early)
	t.early = t.early[n:]
	if err != nil {
		return int64(n), err
	}
	m, err := io.Copy(w, t.Duplex)
	return int64(n) + m, err
}

// Unwrap returns the TCP connection once no early bytes are left, else nil.
func (t *tunnel) Unwrap() *net.TCPConn {
	tcp, ok := t.Duplex.(*net.TCPConn)
	if !ok || len(t.early) > 0 {
		return nil
	}
	return tcp
}
