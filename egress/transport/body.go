package transport

import (
	"errors"
	"io"
	"net"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

type bodyState uint8

const (
	bodyNone bodyState = iota // no head was read
	bodyOpen
	bodyDone
	bodyFailed
)

// body is the response's content: views into the Call's buffers. The first piece is
// what came with the head; the head's bytes are never read over, as the response's
// fields are views of them.
type body struct {
	call    *Call
	state   bodyState
	framing exchange.Framing
	left    int64 // FramingLength: bytes not handed out
	start   int   // where in Call.in content is read to: after the head
	moved   bool  // into a buffer of its own
	chunks  wire.ChunkedReader
	ahead   []byte // FramingChunked: content found while looking for the end
	err     error
}

func (b *body) begin(c *Call, head *exchange.Head) {
	b.call, b.state, b.framing, b.left = c, bodyOpen, head.Framing, head.ContentLength
	b.start, b.moved = c.r, false
	if b.framing == exchange.FramingChunked {
		b.chunks.Reset(exchange.SourceUpstream, c.options.Rules)
	}
}

// reset forgets the body but keeps the memory of trailers.
func (b *body) reset() {
	b.call, b.state, b.ahead, b.err = nil, bodyNone, nil, nil
}

// Next implements exchange.Body.
func (b *body) Next() ([]byte, error) {
	switch b.state {
	case bodyFailed:
		return nil, b.err
	case bodyOpen:
	default:
		return nil, io.EOF
	}
	switch b.framing {
	case exchange.FramingLength:
		return b.nextOfLength()
	case exchange.FramingChunked:
		return b.nextChunk()
	default:
		return b.nextUntilClose()
	}
}

func (b *body) nextOfLength() ([]byte, error) {
	c := b.call
	if c.r == c.w {
		if err := b.read(b.left); err != nil {
			return nil, b.fail(err)
		}
	}
	n := int(min(b.left, int64(c.w-c.r)))
	p := c.in[c.r : c.r+n]
	c.r += n
	if b.left -= int64(n); b.left == 0 {
		b.state = bodyDone
		return p, io.EOF
	}
	return p, nil
}

func (b *body) nextUntilClose() ([]byte, error) {
	c := b.call
	if c.r == c.w {
		switch err := b.read(-1); {
		case errors.Is(err, io.EOF):
			b.state = bodyDone
			return nil, io.EOF
		case err != nil:
			return nil, b.fail(err)
		}
	}
	p := c.in[c.r:c.w]
	c.r = c.w
	return p, nil
}

// nextChunk returns content with io.EOF if the end is already there: it looks one
// piece ahead, within the buffer.
func (b *body) nextChunk() ([]byte, error) {
	p := b.ahead
	b.ahead = nil
	for len(p) == 0 {
		if b.chunks.Done() {
			b.state = bodyDone
			return nil, io.EOF
		}
		if b.call.r == b.call.w {
			if err := b.read(-1); err != nil {
				return nil, b.fail(err)
			}
		}
		var err *exchange.Error
		if p, err = b.take(); err != nil {
			return nil, b.fail(err)
		}
	}
	// What came before a fault is passed on; the fault comes next.
	if b.look(); b.state == bodyOpen && len(b.ahead) == 0 && b.chunks.Done() {
		b.state = bodyDone
		return p, io.EOF
	}
	return p, nil
}

// look decodes what was read until there is content ahead, or none left.
func (b *body) look() {
	var err *exchange.Error
	if b.ahead, err = b.take(); err != nil {
		_ = b.fail(err) // Next returns it
	}
}

// take decodes within what was read.
func (b *body) take() ([]byte, *exchange.Error) {
	c := b.call
	p, n, err := b.chunks.Next(c.in[c.r:c.w])
	c.r += n
	return p, err
}

// read waits for more bytes, of which want are still expected, -1 if that is not known.
func (b *body) read(want int64) error {
	c := b.call
	if room := int64(len(c.in) - b.start); !b.moved && (want > room || want < 0 && (room < leastRoom || c.w == len(c.in))) {
		b.move()
	}
	c.r, c.w = b.start, b.start
	c.conn.timer.Arm(c.options.Idle)
	c.ex.Wait.Begin(c.conn)
	err := c.fill()
	if c.ex.Wait.End() {
		return errClientGone
	}
	if !c.relay.started {
		c.conn.timer.Disarm()
	}
	return err
}

// leastRoom is what must be left after the head for content of unknown length to be read
// there: a stream that trickles should not hold a large buffer.
const leastRoom = 1 << 10

// move goes on in the buffer that the head is not in.
func (b *body) move() {
	c := b.call
	b.moved, b.start = true, 0
	if c.large == nil {
		c.large = wire.GetLarge()
		c.in = c.large[:]
	} else {
		c.in = c.small[:]
	}
}

// fail ends the body with an error that the codec turns into an abort.
func (b *body) fail(err error) error {
	b.state = bodyFailed
	b.call.broken = true
	b.err = b.failure(err)
	return b.err
}

func (b *body) failure(err error) error {
	if own := b.call.relay.fault(); own != nil {
		return own
	}
	if e, ok := errors.AsType[*exchange.Error](err); ok {
		return e
	}
	if errors.Is(err, io.EOF) {
		return errBodyTruncated
	}
	return b.call.ioError(err, errBodyTruncated.Reason)
}

// Ready implements exchange.Readier.
func (b *body) Ready() bool {
	c := b.call
	switch {
	case b.state != bodyOpen || len(b.ahead) > 0:
		return true
	case b.framing != exchange.FramingChunked:
		return c.r < c.w
	}
	b.look() // what was read may be framing without content
	return len(b.ahead) > 0 || b.state != bodyOpen || b.chunks.Done()
}

// Trailers implements exchange.Body.
func (b *body) Trailers() *exchange.Fields {
	if b.framing != exchange.FramingChunked || b.state != bodyDone {
		return nil
	}
	return b.chunks.Trailers()
}

// Remaining implements exchange.Splicer. Whoever splices should take a few MiB at a time
// and report them: the connection's timer is put forward with each report.
func (b *body) Remaining() (conn *net.TCPConn, n int64, ok bool) {
	c := b.call
	if b.state != bodyOpen || b.framing != exchange.FramingLength || c.r < c.w || c.conn.tcp == nil {
		return nil, 0, false
	}
	c.conn.timer.Arm(c.options.Idle)
	return c.conn.tcp, b.left, true
}

// Consumed implements exchange.Splicer.
func (b *body) Consumed(n int64) {
	c := b.call
	c.Read += n
	if b.left -= n; b.left > 0 {
		c.conn.timer.Arm(c.options.Idle)
		return
	}
	b.state = bodyDone
	if !c.relay.started {
		c.conn.timer.Disarm()
	}
}
