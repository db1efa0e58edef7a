package http1

import (
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
	"github.com/fairlead-mesh/fairlead/listener"
)

var errHeadTimeout = &exchange.Error{
	Kind: exchange.KindRequestTimeout, Source: exchange.SourceClient,
	Reason: listener.ReasonHeadTimeout,
}

// serveRequest serves the request whose first bytes are there, and reports whether
// another may follow on the connection.
func (c *conn) serveRequest() bool {
	if !c.parsed {
		c.startScan()
		head, refusal, ok := c.readHead()
		if !ok {
			return false
		}
		c.parse(head, refusal)
	}
	return c.complete()
}

// serveHere is serveRequest for a request that is here whole and needs no more reading.
// It returns false if this is none, or if no other may follow.
func (c *conn) serveHere() bool {
	c.startScan()
	n, refusal := c.scan.Scan(c.in.unread())
	if refusal != nil || n == 0 {
		return false // scanned again outside
	}
	c.parse(c.takeHead(n), nil)
	req := &c.ex.Request
	if c.refusal != nil || len(req.Upgrade) > 0 ||
		req.Framing == exchange.FramingChunked || req.ContentLength > 0 {
		return false
	}
	if !c.complete() {
		c.ended = true
		return false
	}
	return true
}

func (c *conn) startScan() {
	c.start = time.Now()
	c.settings = c.lc.Settings()
	c.scan.Reset(exchange.SourceClient, &c.settings.Rules.Limits)
}

// readHead reads up to the end of a head. ok is false if the client went away.
func (c *conn) readHead() (head []byte, refusal *exchange.Error, ok bool) {
	for armed := false; ; armed = true {
		n, refusal := c.scan.Scan(c.in.unread())
		if refusal != nil {
			return nil, refusal, true
		}
		if n > 0 {
			return c.takeHead(n), nil, true
		}
		if !armed {
			c.timer.Arm(c.settings.Timeouts.Head)
		}
		if err := c.readMore(); err != nil {
			if isTimeout(err) {
				return nil, errHeadTimeout, true
			}
			return nil, nil, false
		}
	}
}

// takeHead takes a head of n bytes and pins it.
func (c *conn) takeHead(n int) []byte {
	head := c.in.unread()[:n]
	c.in.r += n
	c.in.pinned = c.in.r
	return head
}

// parse makes an Exchange of a head, or of the refusal of one.
func (c *conn) parse(head []byte, refusal *exchange.Error) {
	ex := exchange.Get()
	ex.Times.Start = c.start
	ex.Downstream, ex.Wait = c, &c.wait
	if refusal == nil {
		refusal = wire.ParseRequest(&ex.Request.Head, head, &c.settings.Rules)
	}
	if refusal == nil {
		refusal = listener.Prepare(ex, c.settings, c.lc)
	}
	c.ex, c.refusal, c.parsed = ex, refusal, true
}

// complete answers the request that was parsed and reports whether another may follow.
func (c *conn) complete() bool {
	ex := c.ex
	c.parsed, c.responded, c.continued = false, false, false
	if c.refusal != nil {
		c.refuse(ex, c.refusal)
	} else {
		c.leave()
		c.served++
		c.server.Stats.Requests.Add(1)
		c.openBody(ex)
		c.server.Handler.ServeExchange(ex)
	}
	again := c.finish(ex)
	c.releaseBody()
	c.in.unpin()
	c.ex = nil
	exchange.Put(ex)
	return again
}

var textPlain = []byte("text/plain; charset=utf-8")

// answerTime bounds how long the answer to a client that was refused may take.
const answerTime = 2 * time.Second

// refuse answers a request that no handler saw, and closes.
func (c *conn) refuse(ex *exchange.Exchange, refusal *exchange.Error) {
	c.server.Stats.Refuse(refusal.Reason)
	c.closing, c.refused = true, true
	ex.Failure = refusal
	if refusal.Kind == exchange.KindRequestTimeout {
		// The expiry set the deadline for writing too.
		_ = c.stream.SetDeadline(time.Now().Add(answerTime)) // fails only if closed
	}
	ex.Respond(refusal.HTTPStatus(), textPlain, []byte(refusal.Error()+"\n"))
	// An error means that the client is gone, which finish will see.
	_ = c.WriteResponse(ex)
	if c.server.Refused != nil {
		c.server.Refused(ex)
	}
}
