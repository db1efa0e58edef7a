package http1

import (
	"errors"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

var (
	errAnswered = errors.New("http1: response already written")

	nameDate  = []byte("Date")
	nameVia   = []byte("Via")
	keyServer = exchange.KeyOf("Server")
)

// WriteInformational implements exchange.Downstream. A 100 is the codec's own business:
// it is passed only to a client that waits for it and has not been told.
func (c *conn) WriteInformational(head *exchange.Head) error {
	req := &c.ex.Request
	if req.Version != exchange.HTTP11 {
		return nil
	}
	if head.Status == 100 {
		c.sendContinue(c.ex)
		return nil
	}
	c.interim.Lock()
	defer c.interim.Unlock()
	if c.responded {
		return errAnswered
	}
	c.out = getOutput()
	defer c.dropOutput()
	b, refusal := wire.AppendResponseHead(c.out.b, head, wire.ResponseOptions{Version: req.Version})
	if refusal != nil {
		return refusal
	}
	c.out.b = b
	err := c.flush()
	c.leave()
	return err
}

// WriteResponse implements exchange.Downstream. Errors are *exchange.Error of the
// client's side, or the body's own.
func (c *conn) WriteResponse(ex *exchange.Exchange) error {
	if !c.beginResponse(ex) {
		return errAnswered
	}
	c.out = getOutput()
	defer c.dropOutput()
	hasBody := c.frame(ex)
	c.closing = c.closing || c.mustClose(ex)
	c.addFields(ex)
	if refusal := c.appendHead(ex); refusal != nil {
		// A filter or an origin made a head that may not be sent.
		c.closing = true
		ex.Failure = refusal
		ex.Respond(refusal.HTTPStatus(), nil, nil)
		hasBody = false
		if again := c.appendHead(ex); again != nil {
			c.aborted = true
			return again
		}
	}
	err := c.writeBody(ex, hasBody)
	if err != nil {
		c.aborted = true
	}
	return err
}

func (c *conn) dropOutput() {
	putOutput(c.out)
	c.out = nil
}

// beginResponse makes this the one response; no 100 is sent after it has begun.
func (c *conn) beginResponse(ex *exchange.Exchange) bool {
	if ex.Request.ExpectContinue {
		c.interim.Lock()
		defer c.interim.Unlock()
	}
	begun := !c.responded
	c.responded = true
	return begun
}

// frame decides how the response's content is delimited to this client, RFC 9112 §6,
// and reports whether there is any to send.
func (c *conn) frame(ex *exchange.Exchange) (hasBody bool) {
	h := &ex.Response.Head
	switch {
	case h.Status < 200:
		h.Framing, h.ContentLength = exchange.FramingNone, -1
		return false
	case ex.Request.Method == exchange.MethodHead, h.Status == 204, h.Status == 304:
		h.Framing = exchange.FramingNone
		return false
	case h.Framing == exchange.FramingNone || ex.Response.Body == nil && h.ContentLength <= 0:
		h.Framing, h.ContentLength = exchange.FramingLength, 0
		return false
	case h.Framing == exchange.FramingLength:
		return h.ContentLength > 0
	case h.Framing == exchange.FramingStream && h.ContentLength >= 0:
		h.Framing = exchange.FramingLength
		return h.ContentLength > 0
	case ex.Request.Version == exchange.HTTP10:
		h.Framing, h.ContentLength = exchange.FramingClose, -1
		return true
	}
	h.Framing, h.ContentLength = exchange.FramingChunked, -1
	return true
}

// mustClose reports whether the connection has to end after this response.
func (c *conn) mustClose(ex *exchange.Exchange) bool {
	if ex.Response.Status == 101 {
		return false
	}
	limit := c.settings.RequestsPerConnection
	return !ex.Request.KeepAlive || ex.Response.Framing == exchange.FramingClose ||
		limit > 0 && c.served >= limit ||
		c.body != nil && !c.body.mayReuse() || c.lc.Draining()
}

// addFields adds what a proxy says of itself, and Date if the origin had no clock.
func (c *conn) addFields(ex *exchange.Exchange) {
	fields := &ex.Response.Fields
	if !fields.Has(exchange.FieldDate) && ex.Response.Status >= 200 {
		at := ex.Times.Start
		if !ex.Times.UpstreamHead.IsZero() {
			at = ex.Times.UpstreamHead
		}
		fields.Append(exchange.Field{
			Name: nameDate, Value: c.server.dateAt(at), ID: exchange.FieldDate,
		})
	}
	if len(c.settings.Server) > 0 {
		fields.Set(keyServer, c.settings.Server)
	}
	if c.settings.Via == "" || ex.Answered {
		return
	}
	earlier, _ := fields.Get(exchange.FieldVia)
	value := ex.Scratch(len(earlier) + len(", 1.1 ") + len(c.settings.Via))[:0]
	fields.Append(exchange.Field{
		Name: nameVia, ID: exchange.FieldVia,
		Value: wire.AppendVia(value, nil, ex.Response.Version, c.settings.Via),
	})
}

func (c *conn) appendHead(ex *exchange.Exchange) *exchange.Error {
	version := ex.Request.Version
	if version == 0 {
		version = exchange.HTTP11 // refused before its version was known
	}
	b, refusal := wire.AppendResponseHead(c.out.b, &ex.Response.Head, wire.ResponseOptions{
		Version: version, Close: c.closing,
	})
	if refusal == nil {
		c.out.b = b
	}
	return refusal
}
