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
	c.settings = c.lc.Settings()
	c.responded, c.continued = false, false
	ex := exchange.Get()
	c.ex = ex
	ex.Times.Start = time.Now()
	ex.Downstream = c
	refusal, ok := c.readRequest(ex)
	switch {
	case !ok:
	case refusal != nil:
		c.refuse(ex, refusal)
	default:
		c.timer.Disarm()
		c.served++
		c.server.Stats.Requests.Add(1)
		c.openBody(ex)
		c.server.Handler.ServeExchange(ex)
	}
	again := ok && c.finish(ex)
	c.releaseBody()
	c.in.unpin()
	c.ex = nil
	exchange.Put(ex)
	return again
}

// readRequest reads a head and makes the facts of it. ok is false if the client went
// away meanwhile.
func (c *conn) readRequest(ex *exchange.Exchange) (refusal *exchange.Error, ok bool) {
	head, refusal, ok := c.readHead()
	if !ok || refusal != nil {
		return refusal, ok
	}
	if refusal := wire.ParseRequest(&ex.Request.Head, head, &c.settings.Rules); refusal != nil {
		return refusal, true
	}
	return listener.Prepare(ex, c.settings, c.lc), true
}

// readHead reads up to the end of a head and pins it.
func (c *conn) readHead() (head []byte, refusal *exchange.Error, ok bool) {
	c.scan.Reset(exchange.SourceClient, &c.settings.Rules.Limits)
	for armed := false; ; armed = true {
		n, refusal := c.scan.Scan(c.in.unread())
		if refusal != nil {
			return nil, refusal, true
		}
		if n > 0 {
			head = c.in.unread()[:n]
			c.in.r += n
			c.in.pinned = c.in.r
			return head, nil, true
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
