package http2

import (
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
	"github.com/fairlead-mesh/fairlead/listener"
)

// tick looks after the connection: the sweeper calls it, every tickTime while there is
// something to look after, else when the connection has been idle for as long as it may.
func (c *conn) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	for _, s := range c.cancelled {
		s.wait.Cancel()
	}
	if c.closing || c.over {
		c.timer.Rearm(tickTime)
		return
	}
	t := &c.lc.Settings().Timeouts
	switch {
	case !c.greeted:
		c.server.refuse(listener.ReasonFirstByte)
		c.endNow(wire.HTTP2NoError)
		return
	case !c.blockAt.IsZero() && now.Sub(c.blockAt) >= t.Head:
		c.server.refuse(listener.ReasonHeadTimeout)
		c.endNow(wire.HTTP2EnhanceYourCalm)
		return
	case c.draining && !c.drained && now.Sub(c.drainAt) >= drainGrace:
		c.finishDrain()
	}
	for _, s := range c.streams {
		c.judge(s, t, now)
	}
	next := tickTime
	if len(c.streams) == 0 && c.blockAt.IsZero() && !c.draining && len(c.cancelled) == 0 {
		if next = t.Idle - now.Sub(c.idleAt); next <= 0 {
			c.endNow(wire.HTTP2NoError)
			return
		}
	}
	c.timer.Rearm(next)
}

// endNow ends a connection with GOAWAY without waiting. mu is held.
func (c *conn) endNow(code wire.HTTP2Code) {
	c.output.b = wire.AppendGoAway(c.output.open(), c.lastID, code)
	c.over = true
	c.kick()
	_ = c.stream.SetReadDeadline(longAgo) // wakes the reader; fails only if closed
	c.timer.Rearm(tickTime)
}

// judge ends a stream whose client is too slow. mu is held.
func (c *conn) judge(s *stream, t *listener.Timeouts, now time.Time) {
	if !s.blockedAt.IsZero() {
		blocked := s.blocked + now.Sub(s.blockedAt)
		if blocked >= stallTime+earned(s.sent, t.BodyRate) {
			c.server.refuse(ReasonWindowStall)
			c.remove(s, pastOurs)
			s.fail(errWindowStall)
			c.output.b = wire.AppendRSTStream(c.output.open(), s.id, wire.HTTP2Cancel)
			c.kick()
			return
		}
	}
	b := &s.body
	if b.since.IsZero() || b.err != nil {
		return
	}
	var why *exchange.Error
	switch waiting := now.Sub(b.since); {
	case b.waited+waiting >= listener.BodyGrace+earned(b.received, t.BodyRate):
		why = errBodyTooSlow
	case waiting >= t.StreamIdle:
		why = errBodyIdle
	default:
		return
	}
	c.server.refuse(why.Reason)
	b.err = why
	b.arrived.Broadcast()
}

// earned is the time that so many bytes may take at a rate.
func earned(n, rate int64) time.Duration {
	return time.Duration(float64(n) / float64(rate) * float64(time.Second))
}

// drain is called when the listener starts to drain. It does not block.
func (c *conn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.beginDrain()
}

// beginDrain sends the first GOAWAY, RFC 9113 §6.8: no more requests, but those on their
// way are served. The second follows when the client has seen it. mu is held.
func (c *conn) beginDrain() {
	if c.draining || c.closing || c.over {
		return
	}
	c.draining, c.drainAt = true, time.Now()
	c.output.b = wire.AppendGoAway(c.output.open(), wire.MaxWindow, wire.HTTP2NoError)
	c.output.b = wire.AppendPing(c.output.b, 0, drainPing)
	c.kick()
	if c.greeted {
		c.timer.Arm(tickTime)
	}
}

// finishDrain sends the second GOAWAY, which names the last stream that is served. mu is
// held.
func (c *conn) finishDrain() {
	if c.drained || c.closing {
		return
	}
	c.drained = true
	c.output.b = wire.AppendGoAway(c.output.open(), c.lastID, wire.HTTP2NoError)
	c.kick()
	if len(c.streams) == 0 {
		c.over = true
		_ = c.stream.SetReadDeadline(longAgo) // wakes the reader; fails only if closed
	}
}
