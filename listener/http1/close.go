package http1

import (
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// Bounds of a lingering close.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 256 << 10
)

// finish ends a request and reports whether another may follow.
func (c *conn) finish(ex *exchange.Exchange) bool {
	switch {
	case !c.responded, c.tunneled, ex.Response.Status == 101:
		return false
	case c.aborted:
		if ex.Response.Framing == exchange.FramingClose {
			c.reset()
		}
		return false
	case !c.closing && c.drainBody():
		return true
	}
	unread := c.in.r < c.in.w || c.body != nil && c.body.state.Load() != bodyEnded
	c.lingers = c.refused || unread || ex.Request.KeepAlive
	return false
}

// drainBody reads what the handler left of the body.
func (c *conn) drainBody() bool {
	b := c.body
	if b == nil || b.state.Load() == bodyEnded {
		return true
	}
	if !b.mayReuse() {
		return false
	}
	_ = c.stream.SetReadDeadline(time.Now().Add(c.settings.Timeouts.Head)) // fails only if closed
	for {
		if _, err := b.Next(); err != nil {
			break
		}
	}
	_ = c.stream.SetReadDeadline(time.Time{})
	return b.state.Load() == bodyEnded
}

// reset makes the coming close an abort: where only the end of the connection ends a
// response, a client must not take a broken one for whole. Below TLS the connection is closed
// at once, since TLS would say in its own way that all was sent.
func (c *conn) reset() {
	if c.under == nil {
		return
	}
	_ = c.under.SetLinger(0) // fails only if closed
	if c.tcp == nil {
		_ = c.under.Close()
	}
}

// linger ends our direction and reads on for a while before the close: closing with
// bytes unread sends a reset, which can destroy the response on its way (RFC 9112 §9.6).
func (c *conn) linger() {
	half, ok := c.stream.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	c.timer.Disarm()
	if c.stream.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	trash := wire.GetSmall()
	defer wire.PutSmall(trash)
	for total := 0; total < lingerBytes; {
		n, err := c.stream.Read(trash[:])
		if err != nil {
			return
		}
		total += n
	}
}
