package transport

import (
	"io"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// SmallBody is the longest request body, in bytes, that is waited for and sent with the
// head, and that can be sent again.
const SmallBody = 8 << 10

// DefaultIdle is how long nothing may move between the origin and us.
const DefaultIdle = 300 * time.Second

// Options are a Call's limits.
type Options struct {
	// Rules is how strictly responses are read.
	Rules *wire.Rules
	// Idle is how long nothing may move on the connection; 0 means DefaultIdle.
	Idle time.Duration
}

// Call is one request on its way. It is meant to be embedded and pooled: its zero value
// is ready for Start, and so is one after Finish.
type Call struct {
	ex      *exchange.Exchange
	conn    *Conn
	options Options

	small *[wire.SmallBuffer]byte
	large *[wire.LargeBuffer]byte
	out   []byte // what the first write sends; begins in small
	whole bool   // out is all of the request

	in      []byte // the buffer being read into
	r, w    int    // unread bytes are in[r:w]
	scanner wire.HeadScanner
	body    body

	// Wrote and Read count bytes on the wire, until the next Start. Wrote lacks those of
	// a body that is relayed until Finish.
	Wrote, Read int64

	keepAlive bool // as the response said
	upgraded  bool
	tunneled  bool
	broken    bool // an error: the connection is in no known state
	relay     relay
}

// Start composes the request of ex, once, before any connection is taken. It waits for a
// small body: a client that is slow with it holds no connection. It refuses to write
// anything outside the grammar (KindInternal).
func (c *Call) Start(ex *exchange.Exchange, o Options) *exchange.Error {
	if o.Idle <= 0 {
		o.Idle = DefaultIdle
	}
	c.ex, c.options, c.Wrote, c.Read = ex, o, 0, 0
	c.small = wire.GetSmall()
	head := &ex.Request.Head
	if head.ExpectContinue {
		head.Fields.DelID(exchange.FieldExpect) // the listener's codec answers it
	}
	out, err := wire.AppendRequestHead(c.small[:0], head, &ex.Forward, wire.RequestOptions{
		AcceptTrailers: head.AcceptsTrailers,
	})
	if err != nil {
		return err
	}
	c.out, c.whole = out, true
	if err := c.frame(head); err != nil || ex.Request.Body == nil {
		return err
	}
	if n := c.relay.length; n < 0 || n > SmallBody || int(n) > wire.SmallBuffer-len(out) {
		c.whole = false
		return nil
	}
	return c.gather()
}

// frame sets the length that the head declares, and refuses a body that no framing
// announces: its bytes would be another request to the origin.
func (c *Call) frame(head *exchange.Head) *exchange.Error {
	announced := head.Framing != exchange.FramingNone && head.ContentLength != 0
	c.relay.length = head.ContentLength
	if head.Framing == exchange.FramingChunked {
		announced, c.relay.length = true, -1
	}
	switch hasBody := c.ex.Request.Body != nil; {
	case announced && !hasBody:
		return errBodyMissing
	case hasBody && head.Framing == exchange.FramingNone:
		return errBodyUnframed
	}
	return nil
}

// gather appends a small body to the head.
func (c *Call) gather() *exchange.Error {
	for left := c.relay.length; left > 0; {
		b, err := c.ex.Request.Body.Next()
		if int64(len(b)) > left {
			return errBodyTooLong
		}
		c.out = append(c.out, b...)
		if left -= int64(len(b)); left > 0 && err != nil {
			return clientFault(err)
		}
	}
	return nil
}

// Repeatable reports whether the request can be sent again: all of it is in memory, or
// nothing was taken from its body.
func (c *Call) Repeatable() bool { return c.whole || !c.relay.started }

// RoundTrip sends the request on conn and reads the response's head into ex.Response,
// without hop-by-hop fields. It ends with KindClientGone if the Exchange's Wait is
// cancelled. After an error conn is of no use; if the error's Retry
// allows it and the request is Repeatable, RoundTrip may be called with another.
func (c *Call) RoundTrip(conn *Conn) *exchange.Error {
	c.conn, c.broken = conn, true
	c.in, c.r, c.w = c.small[:], 0, 0
	if conn.timer.Fired() {
		return errExpired
	}
	conn.timer.Arm(c.options.Idle)
	c.ex.Wait.Begin(conn)
	err := c.send()
	if err == nil {
		err = c.readHead()
	}
	if c.ex.Wait.End() {
		return errClientGone
	}
	if err != nil {
		if own := c.relay.fault(); own != nil {
			return own
		}
		return err
	}
	if !c.relay.started {
		conn.timer.Disarm()
	}
	c.broken = false
	return nil
}

func (c *Call) send() *exchange.Error {
	if c.whole {
		return c.sendWhole()
	}
	return c.sendHead()
}

// sendWhole writes the request and reads the first bytes of the response over it: the
// request stays intact as long as nothing came.
func (c *Call) sendWhole() *exchange.Error {
	wrote, read, err := c.conn.exchange(c.out, c.in)
	c.Wrote += int64(wrote)
	c.Read += int64(read)
	c.w = read
	if err == nil && read == 0 {
		err = io.EOF
	}
	if err != nil {
		return c.noAnswer(err, wrote == 0)
	}
	return nil
}

// sendHead writes the head and leaves the body to the relay.
func (c *Call) sendHead() *exchange.Error {
	n, err := c.conn.net.Write(c.out)
	c.Wrote += int64(n)
	if err != nil {
		return c.noAnswer(err, n == 0)
	}
	c.relay.start(c)
	return nil
}

// exchangeSlowly is a Write and a Read.
func (c *Conn) exchangeSlowly(out, in []byte) (wrote, read int, err error) {
	if wrote, err = c.net.Write(out); err != nil {
		return wrote, 0, err
	}
	read, err = c.net.Read(in)
	return wrote, read, err
}
