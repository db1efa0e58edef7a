package http2

import (
	"errors"
	"io"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

var (
	errAnswered = errors.New("http2: response already written")
	errNoTunnel = errors.New("http2: no tunnel: CONNECT is not served")

	errBodyShort = &exchange.Error{
		Kind: exchange.KindUpstreamReset, Source: exchange.SourceUpstream, Reason: "content_short",
	}
	errBodyLong = &exchange.Error{
		Kind: exchange.KindUpstreamProtocol, Source: exchange.SourceUpstream, Reason: "content_long",
	}

	nameDate  = []byte("date")
	nameVia   = []byte("via")
	keyServer = exchange.KeyOf("server")

	continueHead = exchange.Head{Status: 100, ContentLength: -1}
)

// Tunnel implements exchange.Downstream.
func (*stream) Tunnel() (exchange.Duplex, error) { return nil, errNoTunnel }

// WriteInformational implements exchange.Downstream. A 100 is the codec's own business:
// it is passed only to a client that waits for it and has not been told.
func (s *stream) WriteInformational(head *exchange.Head) error {
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case s.responded:
		return errAnswered
	case head.Status == 100:
		s.sendContinue()
		return nil
	}
	return s.sendInterim(head)
}

// sendInterim sends a 1xx. mu is held and let go meanwhile.
func (s *stream) sendInterim(head *exchange.Head) error {
	section, refusal := wire.AppendHTTP2Response(nil, head)
	if refusal != nil {
		return refusal
	}
	if err := s.conn.awaitRoom(s); err != nil {
		return err
	}
	if s.responded {
		return errAnswered
	}
	s.appendSection(section, false)
	s.conn.wakeTurns()
	s.conn.flush()
	return nil
}

// sendContinue tells a client that waits for it to send its content. It reports false if
// the content will not come, since the response has begun. mu is held.
func (s *stream) sendContinue() bool {
	if !s.ex.Request.ExpectContinue || s.continued || s.body.received > 0 {
		return true
	}
	if s.responded {
		return false
	}
	s.continued = true
	return s.sendInterim(&continueHead) == nil
}

// WriteResponse implements exchange.Downstream. Errors are *exchange.Error of the
// client's side, or the body's own.
func (s *stream) WriteResponse(ex *exchange.Exchange) error {
	c := s.conn
	c.mu.Lock()
	if s.responded {
		c.mu.Unlock()
		return errAnswered
	}
	s.responded = true
	c.mu.Unlock()
	hasBody := s.frame(ex)
	s.addFields(ex)
	section, refusal := wire.AppendHTTP2Response(s.section[:0], &ex.Response.Head)
	if refusal != nil {
		// A filter or an origin made a head that may not be sent.
		ex.Failure = refusal
		ex.Respond(refusal.HTTPStatus(), nil, nil)
		hasBody = false
		if section, refusal = wire.AppendHTTP2Response(s.section[:0], &ex.Response.Head); refusal != nil {
			return refusal
		}
	}
	s.section = section
	if err := s.sendSection(section, !hasBody); err != nil || !hasBody {
		return err
	}
	return s.relay(ex)
}

// sendSection gathers a head or trailers, and writes what was gathered if it is the last.
func (s *stream) sendSection(section []byte, last bool) error {
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.awaitRoom(s); err != nil {
		return err
	}
	s.appendSection(section, last)
	c.wakeTurns()
	if last {
		c.flush()
	}
	return nil
}

// frame decides whether there is content to send, and of what length.
func (s *stream) frame(ex *exchange.Exchange) (hasBody bool) {
	h := &ex.Response.Head
	switch {
	case ex.Request.Method == exchange.MethodHead, h.Status == 204, h.Status == 304:
		return false
	case h.Framing == exchange.FramingNone || ex.Response.Body == nil && h.ContentLength <= 0:
		h.Framing, h.ContentLength = exchange.FramingLength, 0
		return false
	case h.Framing == exchange.FramingLength, h.ContentLength >= 0 && h.Framing == exchange.FramingStream:
		h.Framing = exchange.FramingLength
		return h.ContentLength > 0
	}
	h.Framing, h.ContentLength = exchange.FramingStream, -1
	return true
}

// addFields adds what a proxy says of itself, and Date if the origin had no clock.
func (s *stream) addFields(ex *exchange.Exchange) {
	fields := &ex.Response.Fields
	if !fields.Has(exchange.FieldDate) {
		at := ex.Times.Start
		if !ex.Times.UpstreamHead.IsZero() {
			at = ex.Times.UpstreamHead
		}
		fields.Append(exchange.Field{
			Name: nameDate, Value: s.conn.server.dateAt(at), ID: exchange.FieldDate,
		})
	}
	if len(s.settings.Server) > 0 {
		fields.Set(keyServer, s.settings.Server)
	}
	if s.settings.Via == "" || ex.Answered {
		return
	}
	value := ex.Scratch(len("1.1 ") + len(s.settings.Via))[:0]
	fields.Append(exchange.Field{
		Name: nameVia, ID: exchange.FieldVia,
		Value: wire.AppendVia(value, nil, ex.Response.Version, s.settings.Via),
	})
}

// relay writes the content to its end, and what follows it.
func (s *stream) relay(ex *exchange.Exchange) error {
	body := ex.Response.Body
	if body == nil {
		s.flush() // the response is broken either way
		return errBodyShort
	}
	ready, _ := body.(exchange.Readier)
	left := ex.Response.ContentLength // -1: not known
	for {
		if ready == nil || !ready.Ready() {
			s.flush()
		}
		piece, err := body.Next()
		ended := err == io.EOF //nolint:errorlint // a failure may wrap an EOF as its cause: the bare one alone is the end
		if left >= 0 {
			if int64(len(piece)) > left {
				return errBodyLong
			}
			left -= int64(len(piece))
			if ended && left > 0 {
				err, ended = errBodyShort, false
			}
			ended = ended || left == 0 && err == nil
		}
		var trailers []byte
		if ended && err != nil {
			trailers = wire.AppendHTTP2Trailers(s.section[:0], body.Trailers())
		}
		if len(piece) > 0 || ended && len(trailers) == 0 {
			if err := s.sendData(piece, ended && len(trailers) == 0); err != nil {
				return err
			}
			ex.BytesSent += int64(len(piece))
		}
		switch {
		case ended && len(trailers) > 0:
			return s.sendSection(trailers, true)
		case ended:
			s.flush()
			return nil
		case err != nil:
			return err // finish resets the stream
		}
	}
}

// flush writes what was gathered.
func (s *stream) flush() {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	s.conn.flush()
}
