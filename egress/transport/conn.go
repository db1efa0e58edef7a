package transport

import (
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

// Interrupt implements exchange.Interrupter: whatever waits on the connection ends, and
// the connection is of no use any more.
func (c *Conn) Interrupt() { c.interrupt() }

// interrupt ends whatever waits on the connection, for good.
func (c *Conn) interrupt() { _ = c.net.SetDeadline(past) }
