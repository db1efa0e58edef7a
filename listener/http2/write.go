package http2

import (
	"slices"
	"sync"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// output gathers what is to be written. Everything is guarded by the connection's mu.
type output struct {
	b       []byte
	mem     *[wire.LargeBuffer]byte
	control int // frames of ours that the client's frames caused, in b or being written
	writing bool
	tabled  bool // HPACKNoTable was written
	failed  bool
	idle    sync.Cond
}

// open returns what was gathered, to be appended to.
func (o *output) open() []byte {
	if o.b == nil {
		o.mem = wire.GetLarge()
		o.b = o.mem[:0]
	}
	return o.b
}

func (o *output) release() {
	wire.PutLarge(o.mem)
	o.b, o.mem = nil, nil
}

// flushTurns is how often one goroutine writes for others before another takes over, so
// that a stream's end does not wait for those that follow it.
const flushTurns = 2

// flush writes what was gathered, unless someone is writing already, who will. mu is held
// and let go meanwhile.
func (c *conn) flush() {
	o := &c.output
	if o.writing {
		return
	}
	o.writing = true
	for turn := 0; len(o.b) > 0 && turn < flushTurns; turn++ {
		c.writeOut()
	}
	o.writing = false
	if len(o.b) > 0 {
		c.kick()
		return
	}
	o.idle.Broadcast()
}

// writeOut writes what is gathered now.
func (c *conn) writeOut() {
	o := &c.output
	b, mem, control := o.b, o.mem, o.control
	o.b, o.mem = nil, nil
	failed := o.failed
	lost := c.closing
	c.mu.Unlock()
	var err error
	if !failed {
		if !lost {
			_ = c.stream.SetWriteDeadline(time.Now().Add(writeTime)) // fails only if closed
		}
		_, err = c.stream.Write(b)
	}
	wire.PutLarge(mem)
	c.mu.Lock()
	o.control -= control
	if err != nil {
		o.failed = true
		if isTimeout(err) && !c.closing {
			c.server.refuse(ReasonWriteStall)
		}
		c.lose()
		_ = c.stream.SetReadDeadline(longAgo) // wakes the reader; fails only if closed
	}
	c.wakeTurns()
}

// kick has what was gathered written by another goroutine. mu is held.
func (c *conn) kick() {
	if c.output.writing || len(c.output.b) == 0 {
		return
	}
	c.output.writing = true
	c.handlers.Go(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.output.writing = false
		c.flush()
	})
}

// answer makes room for a frame that a client's frame caused. mu is held.
func (c *conn) answer() ([]byte, error) {
	if c.output.control++; c.output.control > maxControl {
		return nil, fault(wire.HTTP2EnhanceYourCalm, ReasonOutputFlood)
	}
	return c.output.open(), nil
}

// line is a queue of streams that wait for their turn.
type line struct{ waiting []*stream }

// next lets the first go on. mu is held.
func (l *line) next() {
	s := l.waiting[0]
	l.waiting = slices.Delete(l.waiting, 0, 1)
	s.turn = true
	s.sendable.Broadcast()
}

// wait puts s at the end and waits for its turn. mu is held and let go meanwhile.
func (l *line) wait(s *stream) {
	l.waiting = append(l.waiting, s)
	for s.turn = false; !s.turn && s.err == nil; {
		s.sendable.Wait()
	}
	if at := slices.Index(l.waiting, s); at >= 0 {
		l.waiting = slices.Delete(l.waiting, at, at+1)
	}
}

func (c *conn) hasRoom() bool { return len(c.output.b) < maxOutput-wire.FrameHeaderSize }

// wakeTurns and wakeWindows let the next in line go on if there is something to go on
// with; who has used a turn calls them for the one behind. mu is held.
func (c *conn) wakeTurns() {
	if len(c.turns.waiting) > 0 && c.hasRoom() {
		c.turns.next()
	}
}

func (c *conn) wakeWindows() {
	if len(c.windows.waiting) > 0 && c.sendWindow > 0 {
		c.windows.next()
	}
}

// awaitRoom waits until the output has room for s. mu is held and let go meanwhile.
func (c *conn) awaitRoom(s *stream) error {
	for queued := false; s.err == nil; {
		switch {
		case !queued && len(c.turns.waiting) > 0, !c.hasRoom() && c.output.writing:
			c.turns.wait(s)
			queued = true
		case !c.hasRoom():
			c.flush()
		default:
			return nil
		}
	}
	c.wakeTurns()
	c.wakeWindows()
	return s.err
}

// awaitWindow waits until s may send content, having written what the client needs to
// open a window. mu is held and let go meanwhile.
func (c *conn) awaitWindow(s *stream) error {
	for queued := false; s.err == nil; {
		blocked := s.sendWindow <= 0 || c.sendWindow <= 0
		switch {
		case blocked && len(c.output.b) > 0 && !c.output.writing:
			c.flush()
		case s.sendWindow <= 0:
			s.beginBlock()
			s.sendable.Wait()
			s.endBlock()
		case !queued && len(c.windows.waiting) > 0, c.sendWindow <= 0:
			s.beginBlock()
			c.windows.wait(s)
			s.endBlock()
			queued = true
		default:
			return nil
		}
	}
	c.wakeTurns()
	c.wakeWindows()
	return s.err
}

func (s *stream) beginBlock() { s.blockedAt = time.Now() }

func (s *stream) endBlock() {
	s.blocked += time.Since(s.blockedAt)
	s.blockedAt = time.Time{}
}

// sendData gathers a piece of content, a frame at a turn.
func (s *stream) sendData(piece []byte, end bool) error {
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if len(piece) > 0 {
			if err := c.awaitWindow(s); err != nil {
				return err
			}
		}
		if err := c.awaitRoom(s); err != nil {
			return err
		}
		if len(piece) > 0 && (s.sendWindow <= 0 || c.sendWindow <= 0) {
			c.wakeTurns()
			continue // taken while we waited for room
		}
		room := maxOutput - wire.FrameHeaderSize - len(c.output.b)
		n := min(len(piece), wire.MaxFramePayload, room)
		n = int(min(int64(n), max(s.sendWindow, 0), max(c.sendWindow, 0)))
		last := end && n == len(piece)
		s.appendData(piece[:n], last)
		piece = piece[n:]
		c.wakeTurns()
		c.wakeWindows()
		if len(piece) == 0 {
			return nil
		}
	}
}

// appendData gathers one DATA frame that the windows allow.
func (s *stream) appendData(piece []byte, last bool) {
	c := s.conn
	h := wire.FrameHeader{Length: len(piece), Type: wire.FrameData, Stream: s.id}
	if last {
		h.Flags = wire.FlagEndStream
	}
	c.output.b = append(wire.AppendFrameHeader(c.output.open(), h), piece...)
	s.sendWindow -= int64(len(piece))
	c.sendWindow -= int64(len(piece))
	s.sent += int64(len(piece))
	c.sentData++
	if last {
		s.endSent()
	}
}

// appendSection gathers a field section: HEADERS and as many CONTINUATIONs as it needs.
func (s *stream) appendSection(section []byte, last bool) {
	o := &s.conn.output
	h := wire.FrameHeader{Type: wire.FrameHeaders, Stream: s.id}
	if last {
		h.Flags = wire.FlagEndStream
	}
	prefix := 0
	if !o.tabled {
		prefix = 1
	}
	b := o.open()
	for first := true; first || len(section) > 0; first = false {
		n := min(len(section), wire.MaxFramePayload-prefix)
		h.Length = n + prefix
		if n == len(section) {
			h.Flags |= wire.FlagEndHeaders
		}
		b = wire.AppendFrameHeader(b, h)
		if prefix > 0 {
			b = append(b, wire.HPACKNoTable)
			o.tabled, prefix = true, 0
		}
		b = append(b, section[:n]...)
		section = section[n:]
		h = wire.FrameHeader{Type: wire.FrameContinuation, Stream: s.id}
	}
	o.b = b
	if last {
		s.endSent()
	}
}
