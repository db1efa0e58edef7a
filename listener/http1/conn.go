package http1

import (
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/deadline"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
	"github.com/fairlead-mesh/fairlead/listener"
)

// States of a connection, as a drain or a deadline sees it.
const (
	stateFresh   uint32 = iota // waits for its first request
	stateBusy                  // reads or writes one
	stateAway                  // leaves one to its handler, which may wait for an endpoint
	stateIdle                  // waits for another
	stateClosing               // was idle and told to end
	stateTunnel                // is given up to a tunnel
)

// freshGrace is what a drain leaves a connection that had no request yet: its client
// is about to send one, and unlike on an idle connection will not expect a close.
const freshGrace = time.Second

// noFD is no descriptor.
const noFD = ^uintptr(0)

// idleGrace is what a drain leaves an idle connection. A busy client's next request may be
// on its way; it is served, and its response says that the connection ends. To close at
// once would lose it, and the client could not know whether it was acted on.
const idleGrace = 250 * time.Millisecond

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// conn is one connection. Its goroutine owns every field but the atomic ones; a body
// being relayed on another goroutine uses the reading ones meanwhile.
type conn struct {
	server *Server
	lc     *listener.Conn
	stream net.Conn
	tcp    *net.TCPConn // stream, if it is plain TCP; else nil
	under  *net.TCPConn // tcp, or what stream is a layer over; nil if that is not TCP

	// Reading. dst, n and err are arguments and results of the two functions,
	// which are made into funcs once, since that allocates.
	raw    syscall.RawConn
	ready  func(fd uintptr) bool
	idle   func(fd uintptr) bool
	dst    []byte
	n      int
	err    error
	in     input
	scan   wire.HeadScanner
	first  [1]byte
	served int
	// probing is true while an idle connection has not been read from since its last
	// request; see idleReady.
	probing bool
	// held is the descriptor while the poller holds it for us, else noFD: see idleReady.
	held uintptr

	timer deadline.Timer
	state atomic.Uint32
	wait  exchange.Wait
	// mu orders setting a deadline for an idle connection and clearing it.
	mu sync.Mutex

	// The request under way.
	start    time.Time
	ex       *exchange.Exchange
	refusal  *exchange.Error // of a request that is parsed and not answered yet
	parsed   bool
	settings *listener.Settings
	body     *body
	out      *output
	// interim guards responded and continued against a 100 from a relaying goroutine;
	// only requests that expect one take it.
	interim   sync.Mutex
	responded bool
	continued bool
	closing   bool // close after the response
	aborted   bool // the response was broken off
	tunneled  bool
	refused   bool
	ended     bool // no request may follow
	lingers   bool // and the close is a lingering one
}

func newConn(s *Server, lc *listener.Conn) *conn {
	c := &conn{server: s, lc: lc, stream: lc.Stream, held: noFD}
	if tcp, ok := lc.Stream.(*net.TCPConn); ok {
		if raw, err := tcp.SyscallConn(); err == nil {
			c.tcp, c.under, c.raw, c.ready, c.idle = tcp, tcp, raw, c.readReady, c.idleReady
		}
	} else if layer, ok := lc.Stream.(interface{ NetConn() net.Conn }); ok { // *tls.Conn
		c.under, _ = layer.NetConn().(*net.TCPConn)
	}
	return c
}

// await waits for the first bytes of a request, or for one that is parsed already. It
// returns false when there will be none.
func (c *conn) await() bool {
	if c.in.r < c.in.w {
		return true // pipelined
	}
	c.beginIdle()
	err := c.readIdle()
	if c.probing && isTimeout(err) {
		c.resumeIdle()
		err = c.readIdle()
	}
	if err == nil {
		return !c.ended
	}
	if c.served == 0 && isTimeout(err) && !c.lc.Draining() {
		c.server.Stats.Refuse(listener.ReasonFirstByte)
	}
	return false
}

// beginIdle makes the connection one that may be told to end at any moment.
func (c *conn) beginIdle() {
	timeouts := &c.lc.Settings().Timeouts
	if c.served == 0 {
		c.timer.Arm(timeouts.FirstByte)
		return
	}
	c.timer.Arm(timeouts.Idle)
	c.state.Store(stateIdle)
	if c.lc.Draining() { // since its last response was written: drain has found it busy
		c.timer.Arm(idleGrace)
	}
}

// resumeIdle lets a connection that was woken to be probed wait on. If a drain woke it, it
// has its grace once more.
func (c *conn) resumeIdle() {
	c.probing = false
	c.mu.Lock()
	_ = c.stream.SetReadDeadline(time.Time{}) // a closed connection shows when read
	c.mu.Unlock()
	c.beginIdle()
}

// endIdleWait is called when bytes have come.
func (c *conn) endIdleWait() {
	if !c.state.CompareAndSwap(stateIdle, stateBusy) {
		c.enterBusy()
	}
}

// enterBusy leaves any state but idle. If the connection was told to end while a request
// arrived, the request is served all the same; that the connection ends after it is a
// drain's to say, not a timer's that ran out in the same moment.
func (c *conn) enterBusy() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.Swap(stateBusy) == stateClosing {
		_ = c.stream.SetReadDeadline(time.Time{}) // a closed connection shows when read
	}
}

// drain is called when the listener starts to drain.
func (c *conn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.state.Load() {
	case stateFresh:
		c.timer.Arm(freshGrace)
	case stateIdle:
		c.timer.Arm(idleGrace)
	}
}

// expire is called by the sweeper when the timer has run out.
func (c *conn) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.endIdle(stateIdle) || c.endIdle(stateFresh) {
		return
	}
	switch c.state.Load() {
	case stateAway:
		if c.gone() && c.wait.Cancel() {
			c.server.Stats.Refuse(listener.ReasonClientGone)
			return
		}
		c.timer.Rearm(watchInterval)
		return
	case stateTunnel:
		return
	}
	_ = c.stream.SetDeadline(longAgo) // fails only if closed
}

// endIdle wakes a connection that waits in that state. mu is held.
func (c *conn) endIdle(state uint32) bool {
	if !c.state.CompareAndSwap(state, stateClosing) {
		return false
	}
	_ = c.stream.SetReadDeadline(longAgo) // fails only if closed
	return true
}
