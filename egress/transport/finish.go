package transport

import (
	"github.com/fairlead-mesh/fairlead/egress/pool"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// Finish ends the call: nothing touches the request's body any more, the buffers are
// free, and views of the response are invalid. It returns whether the connection may
// serve another request, and why not.
//
// It may follow Start, RoundTrip or another Finish, whether they failed or not.
func (c *Call) Finish() (reusable bool, why pool.Reason) {
	complete := c.relay.stop()
	c.Wrote += c.relay.wrote
	if c.conn != nil {
		c.conn.sent += c.Wrote - c.before
		reusable, why = c.verdict(complete)
		c.conn.timer.Disarm()
	}
	wire.PutSmall(c.small)
	wire.PutLarge(c.large)
	c.reset()
	return reusable, why
}

func (c *Call) verdict(complete bool) (reusable bool, why pool.Reason) {
	switch {
	case c.tunneled:
		return false, pool.ClosedTunnel
	case c.broken || c.conn.timer.Fired():
		return false, pool.ClosedFailed
	case c.body.state == bodyOpen:
		c.body.skipBuffered()
	}
	switch {
	case c.body.state != bodyDone || !complete || !c.keepAlive:
		return false, pool.ClosedFinished
	case c.r < c.w:
		return false, pool.ClosedStrayBytes
	}
	return true, why
}

// skipBuffered passes over the rest of a body nobody read, if all of it is here.
func (b *body) skipBuffered() {
	if c := b.call; b.framing == exchange.FramingLength && b.left <= int64(c.w-c.r) {
		c.r += int(b.left)
		b.state = bodyDone
	}
}

func (c *Call) reset() {
	c.ex, c.conn, c.small, c.large, c.out, c.in = nil, nil, nil, nil, nil, nil
	c.whole, c.keepAlive, c.upgraded, c.tunneled, c.broken = false, false, false, false, false
	c.r, c.w = 0, 0
	c.body.reset()
	r := &c.relay
	r.call, r.started, r.plain, r.length, r.wrote = nil, false, false, 0, 0
	r.failed.Store(nil)
}
