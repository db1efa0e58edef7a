package http2

import (
	"io"
	"sync"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
	"github.com/fairlead-mesh/fairlead/listener"
)

// body is the content of a stream's request: what has come and was not taken yet, at most
// the stream's window. The connection's mu guards it.
type body struct {
	stream   *stream
	chunks   []chunk
	received int64 // by us
	taken    int64 // by the handler
	lent     int   // what the last Next returned: taken when the next comes
	unacked  int   // taken, and not given back to the window yet
	err      *exchange.Error

	arrived sync.Cond
	since   time.Time // when Next began to wait; zero while it does not
	waited  time.Duration
}

// chunk is a buffer and what of it was received and not handed out. A stream with little
// content has a little one: a byte on each stream must not hold a hundred large ones.
type chunk struct {
	mem    []byte
	little *[littleChunk]byte
	large  *[wire.SmallBuffer]byte
	r, w   int
}

const littleChunk = 2 << 10

var littleChunks = sync.Pool{New: func() any { return new([littleChunk]byte) }}

func newChunk(little bool) chunk {
	if little {
		m := littleChunks.Get().(*[littleChunk]byte)
		return chunk{mem: m[:], little: m}
	}
	m := wire.GetSmall()
	return chunk{mem: m[:], large: m}
}

func (k *chunk) release() {
	if k.little != nil {
		littleChunks.Put(k.little)
	}
	wire.PutSmall(k.large)
	*k = chunk{}
}

// put copies what was received.
func (b *body) put(content []byte) {
	b.received += int64(len(content))
	for len(content) > 0 {
		last := len(b.chunks) - 1
		if last < 0 || b.chunks[last].w == len(b.chunks[last].mem) {
			b.chunks = append(b.chunks, newChunk(last < 0 && len(content) <= littleChunk))
			last++
		}
		n := copy(b.chunks[last].mem[b.chunks[last].w:], content)
		b.chunks[last].w += n
		content = content[n:]
	}
	b.arrived.Broadcast()
}

// Next implements exchange.Body.
func (b *body) Next() ([]byte, error) {
	s := b.stream
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	b.takeLent()
	if !s.sendContinue() {
		return nil, errClientGone
	}
	for {
		if b.pending() > 0 {
			return b.lend()
		}
		switch {
		case b.err != nil:
			return nil, b.err
		case s.err != nil:
			return nil, s.err
		case s.recvEnded:
			return nil, io.EOF
		}
		c.kick() // windows opened by what was taken
		b.since = time.Now()
		b.arrived.Wait()
		b.waited += time.Since(b.since)
		b.since = time.Time{}
	}
}

// pending is how many bytes can be handed out at once.
func (b *body) pending() int {
	if len(b.chunks) == 0 || b.err != nil || b.stream.err != nil {
		return 0
	}
	return b.chunks[0].w - b.chunks[0].r
}

func (b *body) lend() ([]byte, error) {
	first := &b.chunks[0]
	piece := first.mem[first.r:first.w:first.w]
	first.r = first.w
	b.lent = len(piece)
	b.taken += int64(len(piece))
	b.stream.ex.BytesReceived = b.taken
	if len(b.chunks) == 1 && b.stream.recvEnded {
		return piece, io.EOF
	}
	return piece, nil
}

// takeLent ends the use of what the last Next returned, and opens the windows by it.
func (b *body) takeLent() {
	if b.lent == 0 {
		return
	}
	s := b.stream
	switch first := &b.chunks[0]; {
	case first.r < first.w: // more has come behind what was lent
	case len(b.chunks) > 1 || first.w == len(first.mem):
		first.release()
		n := copy(b.chunks, b.chunks[1:])
		b.chunks[n] = chunk{}
		b.chunks = b.chunks[:n]
	default:
		first.r, first.w = 0, 0
	}
	b.unacked += b.lent
	s.conn.credit(b.lent)
	b.lent = 0
	if b.unacked >= streamWindow/2 && !s.recvEnded && s.err == nil && !s.conn.closing {
		s.conn.output.b = wire.AppendWindowUpdate(s.conn.output.open(), s.id, uint32(b.unacked))
		s.recvWindow += b.unacked
		b.unacked = 0
		s.conn.kick()
	}
}

// credit gives n bytes of the connection's window back to the client. mu is held.
func (c *conn) credit(n int) {
	c.unacked += n
	if c.unacked < connWindow/2 || c.closing {
		return
	}
	c.output.b = wire.AppendWindowUpdate(c.output.open(), 0, uint32(c.unacked))
	c.recvWindow += c.unacked
	c.unacked = 0
	c.kick()
}

// unread is how many bytes were received and never taken, what is lent included.
func (b *body) unread() int {
	n := b.lent
	for _, chunk := range b.chunks {
		n += chunk.w - chunk.r
	}
	return n
}

func (b *body) release() {
	for i := range b.chunks {
		b.chunks[i].release()
	}
	b.chunks = b.chunks[:0]
}

// Ready implements exchange.Readier.
func (b *body) Ready() bool {
	c := b.stream.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	return b.pending() > 0 || b.stream.recvEnded || b.err != nil || b.stream.err != nil
}

// Trailers implements exchange.Body.
func (b *body) Trailers() *exchange.Fields {
	c := b.stream.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if !b.stream.recvEnded || b.stream.trailers.Len() == 0 {
		return nil
	}
	return &b.stream.trailers
}

func (c *conn) onData(h wire.FrameHeader, payload []byte) error {
	if h.Stream == 0 {
		return fault(wire.HTTP2ProtocolError, ReasonFrameMalformed)
	}
	content, ok := wire.Unpad(h.Flags, payload)
	if !ok {
		return fault(wire.HTTP2ProtocolError, ReasonFrameMalformed)
	}
	ended := h.Flags.Has(wire.FlagEndStream)
	c.emptyData++
	if len(content) > 0 || ended {
		c.emptyData = 0
	}
	if c.emptyData > maxEmptyData {
		return fault(wire.HTTP2EnhanceYourCalm, ReasonEmptyDataFlood)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.isIdle(h.Stream) {
		return fault(wire.HTTP2ProtocolError, ReasonFrameUnexpected)
	}
	if len(payload) > c.recvWindow {
		return fault(wire.HTTP2FlowControlError, ReasonFlowControl)
	}
	c.recvWindow -= len(payload)
	s := c.streams[h.Stream]
	if s == nil || s.recvEnded {
		c.credit(len(payload))
		return c.lateData(s, h.Stream)
	}
	c.credit(len(payload) - len(content))
	if len(payload) > s.recvWindow {
		c.credit(len(content))
		return c.streamFault(s.id, wire.HTTP2FlowControlError, ReasonFlowControl)
	}
	s.recvWindow -= len(payload)
	s.body.unacked += len(payload) - len(content)
	return c.takeData(s, content, ended)
}

// lateData judges DATA for a stream that takes none. mu is held.
func (c *conn) lateData(s *stream, id uint32) error {
	if s != nil {
		return c.streamFault(id, wire.HTTP2StreamClosed, ReasonStreamClosed)
	}
	if how := c.past.how(id); how == pastOurs || how == pastUnknown {
		return nil
	}
	return fault(wire.HTTP2StreamClosed, ReasonStreamClosed)
}

// takeData gives content to a stream. mu is held.
func (c *conn) takeData(s *stream, content []byte, ended bool) error {
	received := s.body.received + int64(len(content))
	if s.declared >= 0 && received > s.declared {
		c.credit(len(content))
		return c.streamFault(s.id, wire.HTTP2ProtocolError, wire.ErrLengthMismatch.Reason)
	}
	if received > s.settings.ContentBytes && s.body.err == nil {
		c.server.refuse(listener.ReasonContentTooLarge)
		s.body.err = listener.ErrContentTooLarge
	}
	if s.refusal != nil || s.body.err != nil || s.sentEnded {
		s.body.received = received // nobody will take it
		s.body.unacked += len(content)
		c.credit(len(content))
		s.body.arrived.Broadcast()
	} else {
		s.body.put(content)
	}
	if ended {
		return c.endContent(s)
	}
	return nil
}

// endContent ends a request's content. mu is held.
func (c *conn) endContent(s *stream) error {
	if s.declared >= 0 && s.body.received != s.declared {
		return c.streamFault(s.id, wire.HTTP2ProtocolError, wire.ErrLengthMismatch.Reason)
	}
	s.recvEnded = true
	s.body.arrived.Broadcast()
	if s.sentEnded {
		c.remove(s, pastEnded)
	}
	return nil
}
