package http1

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/deadline"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
	"github.com/fairlead-mesh/fairlead/listener"
)

// How far a body has been read. Who writes the response asks for it while another
// goroutine may be reading.
const (
	bodyOpen uint32 = iota
	bodyEnded
	bodyFailed
)

// maxDrain is how much of a body nobody wanted is read so that the connection can go on.
const maxDrain = 64 << 10

// minBodyRoom is the least room in the head's buffer worth reading a body into.
const minBodyRoom = 4 << 10

var (
	errBodyTooSlow = &exchange.Error{
		Kind: exchange.KindRequestTimeout, Source: exchange.SourceClient,
		Reason: listener.ReasonBodyTooSlow,
	}
	errBodyIdle = &exchange.Error{
		Kind: exchange.KindStreamIdle, Source: exchange.SourceClient,
		Reason: listener.ReasonStreamIdle,
	}
	errBodyTruncated = &exchange.Error{
		Kind: exchange.KindClientGone, Source: exchange.SourceClient,
		Reason: listener.ReasonBodyTruncated,
	}
)

// body is the content of the request under way. It is pooled.
type body struct {
	c         *conn
	ex        *exchange.Exchange
	state     atomic.Uint32
	chunked   bool
	remaining int64 // bytes of a Content-Length body not yet handed out
	received  int64
	err       error // what Next goes on returning

	// in is where bytes are read to: the connection's buffer, behind the head, until
	// the body proves large; then own.
	in     *input
	own    input
	filled bool // the last read left no room

	chunks wire.ChunkedReader

	// timer bounds reading. It is apart from the connection's, which a response being
	// written at the same time uses. It is registered by the first read that may wait.
	timer  deadline.Timer
	timed  bool
	expire func()
	waited time.Duration
}

var bodies = sync.Pool{New: func() any {
	b := new(body)
	b.expire = func() { _ = b.c.stream.SetReadDeadline(longAgo) } // fails only if closed
	return b
}}

// openBody gives ex its body, if it declares one.
func (c *conn) openBody(ex *exchange.Exchange) {
	h := &ex.Request.Head
	chunked := h.Framing == exchange.FramingChunked
	if !chunked && h.ContentLength <= 0 {
		return
	}
	b := bodies.Get().(*body)
	b.c, b.ex, b.in = c, ex, &c.in
	b.chunked, b.remaining = chunked, h.ContentLength
	if chunked {
		b.chunks.Reset(exchange.SourceClient, &c.settings.Rules)
	}
	c.body = b
	ex.Request.Body = b
}

// releaseBody ends the use of the body. Bytes of a next request that came with a
// chunked body's last ones stay the connection's.
func (c *conn) releaseBody() {
	b := c.body
	if b == nil {
		return
	}
	c.body = nil
	if b.timed {
		c.server.Sweeper.Remove(&b.timer)
	}
	if b.own.r < b.own.w {
		c.in.release()
		c.in, b.own = b.own, input{}
	}
	b.own.release()
	b.c, b.ex, b.in, b.err = nil, nil, nil, nil
	b.state.Store(bodyOpen)
	b.timed, b.filled, b.waited, b.received = false, false, 0, 0
	bodies.Put(b)
}

// Next implements exchange.Body.
func (b *body) Next() ([]byte, error) {
	if b.err != nil {
		return nil, b.err
	}
	piece, err := b.next()
	b.received += int64(len(piece))
	b.ex.BytesReceived = b.received
	if b.chunked && b.received > b.c.settings.ContentBytes {
		piece, err = nil, listener.ErrContentTooLarge
	}
	b.settle(err)
	return piece, err
}

// settle remembers how the body ended, if it did.
func (b *body) settle(err error) {
	if err == nil {
		return
	}
	b.err = err
	if err == io.EOF { //nolint:errorlint // a failure may wrap an EOF as its cause: the bare one alone is the end
		b.state.Store(bodyEnded)
		return
	}
	b.state.Store(bodyFailed)
	if refusal, ok := errors.AsType[*exchange.Error](err); ok && refusal.Reason != "" {
		b.c.server.Stats.Refuse(refusal.Reason)
	}
}

func (b *body) next() ([]byte, error) {
	if b.chunked {
		return b.nextChunk()
	}
	if b.in.r == b.in.w {
		if err := b.fill(); err != nil {
			return nil, err
		}
	}
	piece := b.in.unread()
	if int64(len(piece)) > b.remaining {
		piece = piece[:b.remaining]
	}
	b.in.r += len(piece)
	b.remaining -= int64(len(piece))
	if b.remaining == 0 {
		return piece, io.EOF
	}
	return piece, nil
}

func (b *body) nextChunk() ([]byte, error) {
	for {
		content, n, err := b.chunks.Next(b.in.unread())
		if err != nil {
			return nil, err
		}
		b.in.r += n
		switch {
		case b.chunks.Done():
			return content, io.EOF
		case len(content) > 0:
			return content, b.peekEnd()
		}
		if err := b.fill(); err != nil {
			return nil, err
		}
	}
}

// peekEnd takes the framing that follows a piece of content and is here already, so
// that the end of the body comes with its last bytes.
func (b *body) peekEnd() error {
	const lastChunk = "\r\n0\r\n\r\n"
	rest := b.in.unread()
	if len(rest) < len(lastChunk) || string(rest[:len(lastChunk)]) != lastChunk {
		return nil
	}
	_, n, err := b.chunks.Next(rest[:len(lastChunk)])
	b.in.r += n
	switch {
	case err != nil:
		return err
	case b.chunks.Done():
		return io.EOF
	}
	return nil
}

// Ready implements exchange.Readier.
func (b *body) Ready() bool { return b.err != nil || b.in.r < b.in.w }

// Trailers implements exchange.Body.
func (b *body) Trailers() *exchange.Fields {
	if !b.chunked || b.state.Load() != bodyEnded {
		return nil
	}
	return b.chunks.Trailers()
}

// Remaining implements exchange.Splicer.
func (b *body) Remaining() (*net.TCPConn, int64, bool) {
	if b.chunked || b.c.tcp == nil || b.err != nil || b.in.r < b.in.w || b.remaining == 0 {
		return nil, 0, false
	}
	if !b.c.sendContinue(b.ex) {
		return nil, 0, false
	}
	return b.c.tcp, b.remaining, true
}

// Consumed implements exchange.Splicer.
func (b *body) Consumed(n int64) {
	b.remaining -= n
	b.received += n
	b.ex.BytesReceived = b.received
	if b.remaining == 0 {
		b.settle(io.EOF)
	}
}

// fill reads what comes next, all that was read before being used up.
func (b *body) fill() error {
	if !b.c.sendContinue(b.ex) {
		return errBodyTruncated
	}
	b.chooseBuffer()
	dst := b.in.space()
	if !b.chunked && int64(len(dst)) > b.remaining {
		dst = dst[:b.remaining]
	}
	if !b.timed {
		b.timed = true
		b.c.server.Sweeper.Add(&b.timer, b.expire)
	}
	tooSlow := b.arm()
	start := time.Now()
	before := b.in.w
	err := b.c.readInto(b.in, dst)
	b.timer.Disarm()
	b.waited += time.Since(start)
	b.filled = b.in.w-before == len(dst)
	switch {
	case err == nil:
		return nil
	case isTimeout(err) && tooSlow:
		return errBodyTooSlow
	case isTimeout(err):
		return errBodyIdle
	}
	return errBodyTruncated
}

// chooseBuffer moves on to a large buffer when the room behind the head is little, or
// was filled, or is known not to be enough.
func (b *body) chooseBuffer() {
	if b.in == &b.own {
		return
	}
	room := b.in.room()
	if room < minBodyRoom || b.filled || b.remaining > int64(room) {
		b.own.takeLarge()
		b.in = &b.own
	}
}

// arm sets the time for the next read: what the minimum rate leaves, which counts only
// time spent waiting for the client, or the idle time of a stream, whichever is less.
func (b *body) arm() (tooSlow bool) {
	t := &b.c.settings.Timeouts
	budget := listener.BodyGrace - b.waited +
		time.Duration(float64(b.received)/float64(t.BodyRate)*float64(time.Second))
	if budget >= t.StreamIdle {
		b.timer.Arm(t.StreamIdle)
		return false
	}
	b.timer.Arm(max(budget, 0))
	return true
}

// mayReuse reports whether the connection can go on after the response: the body was
// read, or what is left of it is little and is sure to come.
func (b *body) mayReuse() bool {
	switch b.state.Load() {
	case bodyEnded:
		return true
	case bodyFailed:
		return false
	}
	if b.chunked || b.ex.Request.ContentLength > maxDrain {
		return false
	}
	return !b.ex.Request.ExpectContinue || b.c.continued
}
