package transport

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/fairlead-mesh/fairlead/egress/pool"
	"github.com/fairlead-mesh/fairlead/gateway/deadline"
)

// Conn is a connection to an origin. It serves one Call at a time.
type Conn struct {
	pool.State
	net     net.Conn
	tcp     *net.TCPConn    // nil unless it is plain TCP
	raw     syscall.RawConn // nil unless it is plain TCP
	timer   deadline.Timer
	sweeper *deadline.Sweeper
	turn    turn
	sent    int64 // by the calls that ended
}

// Init makes c a connection over nc, watched by sweeper. Close ends both.
func (c *Conn) Init(nc net.Conn, sweeper *deadline.Sweeper) error {
	if err := c.State.Init(nc); err != nil {
		return err
	}
	c.net, c.sweeper = nc, sweeper
	if tcp, ok := nc.(*net.TCPConn); ok {
		raw, err := tcp.SyscallConn()
		if err != nil {
			return err
		}
		c.tcp, c.raw = tcp, raw
		c.turn.init()
	}
	sweeper.Add(&c.timer, c.interrupt)
	return nil
}

// PoolState implements pool.Conn.
func (c *Conn) PoolState() *pool.State { return &c.State }

// Close implements pool.Conn.
func (c *Conn) Close() error {
	c.sweeper.Remove(&c.timer)
	return c.net.Close()
}

// past is a deadline that is over.
var past = time.Unix(1, 0)

// untouched reports that the origin had ended its direction before its TCP had a byte of what
// the call wrote. Whoever ended it answers nothing that came later, and must not act on it
// (RFC 9112 §9.6): the request may be sent again whatever its method (RFC 9110 §9.2.2).
//
// The end, a FIN, acknowledges all that came before it, at once and in the same segment. A
// reset does not: after one nobody knows what was read.
func (c *Conn) untouched(err error) bool {
	if c.raw == nil || !errors.Is(err, io.EOF) && !errors.Is(err, syscall.EPIPE) {
		return false
	}
	acked, known := uint64(0), false
	if c.raw.Control(func(fd uintptr) { acked, known = ackedBytes(fd) }) != nil {
		return false
	}
	const handshake = 1
	return known && acked <= uint64(c.sent)+handshake
}

// Interrupt implements exchange.Interrupter: whatever waits on the connection ends, and
// the connection is of no use any more.
func (c *Conn) Interrupt() { c.interrupt() }

// interrupt ends whatever waits on the connection, for good.
func (c *Conn) interrupt() { _ = c.net.SetDeadline(past) }
