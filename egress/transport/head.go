package transport

import (
	"bytes"
	"io"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// readHead reads heads until the final one, relaying those before it.
func (c *Call) readHead() *exchange.Error {
	head := &c.ex.Response.Head
	for informational := 0; ; informational++ {
		n, err := c.scanHead()
		if err != nil {
			return err
		}
		err = wire.ParseResponse(head, c.in[c.r:c.r+n], c.ex.Request.Method, c.options.Rules)
		if err != nil {
			return err
		}
		c.r += n
		if head.Status >= 200 {
			return c.acceptFinal(head)
		}
		if head.Status == 101 {
			return c.acceptSwitch(head)
		}
		if informational == c.options.Rules.Informational {
			return errInformational
		}
		if err := c.inform(head); err != nil {
			return err
		}
	}
}

// scanHead returns the length of the next head, at in[r:].
func (c *Call) scanHead() (int, *exchange.Error) {
	c.scanner.Reset(exchange.SourceUpstream, &c.options.Rules.Limits)
	for {
		n, err := c.scanner.Scan(c.in[c.r:c.w])
		if n > 0 || err != nil {
			return n, err
		}
		if c.w == len(c.in) {
			c.makeRoom()
		}
		if err := c.fill(); err != nil {
			if c.Read == 0 {
				return 0, c.noAnswer(err, false)
			}
			return 0, c.ioError(err, "head_truncated")
		}
	}
}

// makeRoom moves the unread bytes to the front of the buffer, or of a large one. The
// large one holds the largest head that the scanner accepts; no view is out yet.
func (c *Call) makeRoom() {
	to := c.in
	if c.r == 0 && c.large == nil {
		c.large = wire.GetLarge()
		to = c.large[:]
	}
	c.w = copy(to, c.in[c.r:c.w])
	c.r, c.in = 0, to
}

// fill reads more bytes after in[:w].
func (c *Call) fill() error {
	n, err := c.conn.net.Read(c.in[c.w:])
	c.w += n
	c.Read += int64(n)
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress // the buffer is full
	}
	return err
}

// inform relays a 1xx. A 100 is dropped if the listener's codec has sent one itself.
func (c *Call) inform(head *exchange.Head) *exchange.Error {
	if head.Status == 100 && c.ex.Request.ExpectContinue || c.ex.Downstream == nil {
		return nil
	}
	wire.StripHopByHop(head)
	if err := c.ex.Downstream.WriteInformational(head); err != nil {
		return clientFault(err)
	}
	return nil
}

// acceptSwitch judges a 101: it must agree to what was asked.
func (c *Call) acceptSwitch(head *exchange.Head) *exchange.Error {
	if len(c.ex.Request.Upgrade) == 0 || !bytes.EqualFold(head.Upgrade, c.ex.Request.Upgrade) {
		return errSwitchUnasked
	}
	wire.StripHopByHop(head)
	c.upgraded, c.keepAlive = true, false
	return nil
}

func (c *Call) acceptFinal(head *exchange.Head) *exchange.Error {
	wire.StripHopByHop(head)
	c.keepAlive = head.KeepAlive
	if head.Framing == exchange.FramingNone || head.Framing == exchange.FramingLength && head.ContentLength == 0 {
		c.body.state = bodyDone
		return nil
	}
	c.body.begin(c, head)
	c.ex.Response.Body = &c.body
	return nil
}
