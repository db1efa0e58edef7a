package http2

import (
	"encoding/binary"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
	"github.com/fairlead-mesh/fairlead/listener"
)

// section is a field section being received: a HEADERS frame and its CONTINUATIONs. Even
// one that nobody wants is decoded, since later ones refer to it (RFC 9113 §4.3).
type section struct {
	open     bool
	id       uint32
	ended    bool // the client sends nothing after it
	bytes    int
	frames   int // CONTINUATIONs
	empty    int
	stream   *stream // nil: decoded and dropped
	trailers bool

	// fault, if not 0, is what the stream is reset with when the section is complete.
	fault  wire.HTTP2Code
	reason string
	// excused: it may not have read our settings yet.
	excused bool
}

// emit is called by the decoder for each field.
func (x *section) emit(f hpack.HeaderField) {
	if x.stream != nil && x.fault == 0 {
		x.stream.head.Field(f.Name, f.Value)
	}
}

// release gives the stream of a section that never ended back.
func (x *section) release() {
	if x.stream != nil && !x.trailers {
		x.stream.release()
	}
	*x = section{}
}

func (x *section) fail(code wire.HTTP2Code, reason string) { x.fault, x.reason = code, reason }

func (c *conn) onHeaders(h wire.FrameHeader, payload []byte) error {
	if h.Stream == 0 || h.Stream&1 == 0 {
		return fault(wire.HTTP2ProtocolError, ReasonStreamID)
	}
	fragment, ok := wire.Unpad(h.Flags, payload)
	if !ok {
		return fault(wire.HTTP2ProtocolError, ReasonFrameMalformed)
	}
	c.section = section{open: true, id: h.Stream, ended: h.Flags.Has(wire.FlagEndStream)}
	if h.Flags.Has(wire.FlagPriority) {
		if len(fragment) < 5 {
			return fault(wire.HTTP2FrameSizeError, ReasonFrameMalformed)
		}
		if binary.BigEndian.Uint32(fragment)&wire.MaxWindow == h.Stream {
			c.section.fail(wire.HTTP2ProtocolError, ReasonSelfDependency)
		}
		fragment = fragment[5:]
	}
	if err := c.beginSection(); err != nil {
		return err
	}
	return c.decode(fragment, h.Flags.Has(wire.FlagEndHeaders))
}

// beginSection decides what a section is: a request, trailers, or nothing.
func (c *conn) beginSection() error {
	x := &c.section
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.streams[x.id]; s != nil {
		x.stream, x.trailers = s, true
		switch {
		case s.recvEnded:
			x.fail(wire.HTTP2StreamClosed, ReasonStreamClosed)
		case !x.ended:
			x.fail(wire.HTTP2ProtocolError, ReasonFrameUnexpected)
		default:
			s.head.BeginTrailers(&s.trailers, &s.settings.Rules)
		}
		return nil
	}
	if x.id <= c.lastID {
		switch c.past.how(x.id) {
		case pastOurs:
			return nil // on its way when we reset the stream
		case pastUnknown:
			return fault(wire.HTTP2ProtocolError, ReasonStreamID)
		default:
			return fault(wire.HTTP2StreamClosed, ReasonStreamClosed)
		}
	}
	c.lastID = x.id
	if c.drained || c.closing {
		return nil // RFC 9113 §6.8: it knows from our GOAWAY that it was not served
	}
	if len(c.streams) >= maxStreams || c.running >= maxHandlers {
		x.fail(wire.HTTP2RefusedStream, ReasonTooManyStreams)
		x.excused = c.running < maxHandlers && !c.settled
		return nil
	}
	x.stream = c.newStream(x.id)
	return nil
}

func (c *conn) onContinuation(h wire.FrameHeader, payload []byte) error {
	x := &c.section
	if !x.open {
		return fault(wire.HTTP2ProtocolError, ReasonFrameUnexpected)
	}
	if x.frames++; len(payload) == 0 {
		x.empty++
	}
	if x.empty > maxEmptyContinuations || x.frames > x.bytes/wire.MaxFramePayload+maxContinuations {
		return fault(wire.HTTP2EnhanceYourCalm, ReasonContinuationFlood)
	}
	return c.decode(payload, h.Flags.Has(wire.FlagEndHeaders))
}

// decode decodes a fragment and, if it is the last, does what the section says.
func (c *conn) decode(fragment []byte, last bool) error {
	x := &c.section
	if x.bytes += len(fragment); x.bytes > maxSectionBytes {
		return fault(wire.HTTP2EnhanceYourCalm, ReasonContinuationFlood)
	}
	if _, err := c.decoder.Write(fragment); err != nil {
		return fault(wire.HTTP2CompressionError, ReasonCompression)
	}
	if !last {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.blockAt.IsZero() {
			c.blockAt = time.Now()
			c.timer.Arm(tickTime)
		}
		return nil
	}
	if err := c.decoder.Close(); err != nil {
		return fault(wire.HTTP2CompressionError, ReasonCompression)
	}
	return c.endSection()
}

func (c *conn) endSection() error {
	x := c.section
	c.section = section{}
	c.emptyData = 0
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blockAt = time.Time{}
	switch {
	case x.fault != 0:
		if x.stream != nil && !x.trailers {
			x.stream.release()
		}
		if x.stream == nil || !x.trailers {
			c.past.add(x.id, pastOurs)
		}
		err := c.streamFault(x.id, x.fault, x.reason)
		if x.excused && c.premature > 0 {
			c.premature--
			return c.noteChatterLocked()
		}
		return err
	case x.stream == nil:
		return nil
	case x.trailers:
		return c.endTrailers(x.stream)
	}
	return c.begin(x.stream, x.ended)
}

// endTrailers ends a request's content. mu is held.
func (c *conn) endTrailers(s *stream) error {
	if c.streams[s.id] != s {
		return nil // it ended meanwhile
	}
	if refusal := s.head.End(true); refusal != nil {
		return c.streamFault(s.id, wire.HTTP2ProtocolError, refusal.Reason)
	}
	return c.endContent(s)
}

// begin has a request served whose head is complete. mu is held and let go meanwhile.
func (c *conn) begin(s *stream, ended bool) error {
	ex := s.ex
	refusal := s.head.End(ended)
	if refusal != nil && wire.IsMalformed(refusal) {
		c.mu.Unlock()
		c.refused(ex, refusal)
		c.mu.Lock()
		id := s.id
		s.release()
		c.past.add(id, pastOurs)
		return c.streamFault(id, wire.HTTP2ProtocolError, refusal.Reason)
	}
	if c.heads+s.head.Size() > maxHeads && c.running > 0 {
		id := s.id
		s.release()
		c.past.add(id, pastOurs)
		return c.streamFault(id, wire.HTTP2RefusedStream, ReasonHeadsTooLarge)
	}
	if refusal == nil {
		refusal = listener.Prepare(ex, s.settings, c.lc)
	}
	if refusal == nil && !ended {
		ex.Request.Body = &s.body
	}
	s.refusal, s.recvEnded = refusal, ended
	s.declared = ex.Request.ContentLength
	if len(c.streams) == 0 {
		c.idleAt = time.Time{}
		c.timer.Arm(tickTime)
	}
	c.streams[s.id] = s
	c.running++
	s.headSize = s.head.Size()
	c.heads += s.headSize
	c.served++
	if limit := s.settings.RequestsPerConnection; limit > 0 && c.served >= limit && !c.draining {
		c.beginDrain()
	}
	c.handlers.Go(s.run)
	return nil
}

// refused tells of a request that no handler sees.
func (c *conn) refused(ex *exchange.Exchange, refusal *exchange.Error) {
	ex.Failure = refusal
	if c.server.Refused != nil {
		c.server.Refused(ex)
	}
}
