package http2

import (
	"encoding/binary"
	"errors"
	"os"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// drainPing is the PING between the two GOAWAYs of a drain.
var drainPing = [8]byte{'d', 'r', 'a', 'i', 'n'}

// readPreface reads the client's preface, RFC 9113 §3.4: the string, then SETTINGS.
func (c *conn) readPreface() error {
	for n := range len(wire.HTTP2Preface) {
		b, err := c.in.need(n + 1)
		if err != nil {
			return err
		}
		if b[n] != wire.HTTP2Preface[n] {
			return fault(wire.HTTP2ProtocolError, ReasonPreface)
		}
	}
	c.in.take(len(wire.HTTP2Preface))
	b, err := c.in.need(wire.FrameHeaderSize)
	if err != nil {
		return err
	}
	if h := wire.ParseFrameHeader(b); h.Type != wire.FrameSettings || h.Flags.Has(wire.FlagAck) {
		return fault(wire.HTTP2ProtocolError, ReasonPreface)
	}
	if err := c.readFrame(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.greeted, c.idleAt = true, time.Now()
	c.timer.Arm(tickTime)
	return nil
}

// readFrame reads one frame and does what it says. A *connError ends the connection with
// a GOAWAY; faults of one stream are dealt with here.
func (c *conn) readFrame() error {
	b, err := c.in.need(wire.FrameHeaderSize)
	if err != nil {
		return err
	}
	h := wire.ParseFrameHeader(b)
	if h.Length > wire.MaxFramePayload {
		return fault(wire.HTTP2FrameSizeError, ReasonFrameTooLarge)
	}
	if c.section.open && (h.Type != wire.FrameContinuation || h.Stream != c.section.id) {
		return fault(wire.HTTP2ProtocolError, ReasonFrameUnexpected)
	}
	b, err = c.in.need(wire.FrameHeaderSize + h.Length)
	if err != nil {
		return err
	}
	c.in.take(len(b))
	return c.dispatch(h, b[wire.FrameHeaderSize:])
}

func (c *conn) dispatch(h wire.FrameHeader, payload []byte) error {
	switch h.Type {
	case wire.FrameData:
		return c.onData(h, payload)
	case wire.FrameHeaders:
		return c.onHeaders(h, payload)
	case wire.FrameContinuation:
		return c.onContinuation(h, payload)
	case wire.FramePushPromise:
		return fault(wire.HTTP2ProtocolError, ReasonFrameUnexpected)
	case wire.FrameRSTStream:
		return c.onReset(h, payload)
	case wire.FrameGoAway:
		if h.Stream != 0 {
			return fault(wire.HTTP2ProtocolError, ReasonFrameMalformed)
		}
	default:
	}
	if err := c.noteChatter(); err != nil {
		return err
	}
	switch h.Type {
	case wire.FramePriority:
		return c.onPriority(h, payload)
	case wire.FrameSettings:
		return c.onSettings(h, payload)
	case wire.FramePing:
		return c.onPing(h, payload)
	case wire.FrameWindowUpdate:
		return c.onWindowUpdate(h, payload)
	default:
		return nil // GOAWAY, and types we do not know: RFC 9113 §5.5
	}
}

// chatter counts frames that cost their sender nothing and us a little.
type chatter struct {
	count int
	since time.Time
}

func (c *conn) noteChatter() error {
	if c.chatter.count++; c.chatter.count <= maxChatter {
		return nil
	}
	c.mu.Lock()
	paid := c.sentData * chatterPerData
	c.sentData = 0
	c.mu.Unlock()
	now := time.Now()
	c.chatter.count -= min(paid, c.chatter.count)
	if now.Sub(c.chatter.since) >= chatterWindow {
		c.chatter = chatter{since: now}
	}
	if c.chatter.count > maxChatter {
		return fault(wire.HTTP2EnhanceYourCalm, ReasonControlFlood)
	}
	return nil
}

func (c *conn) onPriority(h wire.FrameHeader, payload []byte) error {
	if h.Stream == 0 {
		return fault(wire.HTTP2ProtocolError, ReasonFrameMalformed)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(payload) != 5 {
		return c.streamFault(h.Stream, wire.HTTP2FrameSizeError, ReasonFrameMalformed)
	}
	if binary.BigEndian.Uint32(payload)&wire.MaxWindow == h.Stream {
		return c.streamFault(h.Stream, wire.HTTP2ProtocolError, ReasonSelfDependency)
	}
	return nil
}

func (c *conn) onPing(h wire.FrameHeader, payload []byte) error {
	if h.Stream != 0 {
		return fault(wire.HTTP2ProtocolError, ReasonFrameMalformed)
	}
	if len(payload) != 8 {
		return fault(wire.HTTP2FrameSizeError, ReasonFrameMalformed)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	data := [8]byte(payload)
	if h.Flags.Has(wire.FlagAck) {
		if c.draining && data == drainPing {
			c.finishDrain()
		}
		return nil
	}
	b, err := c.answer()
	if err != nil {
		return err
	}
	c.output.b = wire.AppendPing(b, wire.FlagAck, data)
	c.kick()
	return nil
}

func (c *conn) onSettings(h wire.FrameHeader, payload []byte) error {
	if h.Stream != 0 {
		return fault(wire.HTTP2ProtocolError, ReasonFrameMalformed)
	}
	ack := h.Flags.Has(wire.FlagAck)
	if ack && len(payload) > 0 || len(payload)%6 != 0 {
		return fault(wire.HTTP2FrameSizeError, ReasonFrameMalformed)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ack {
		c.settled = true
		return nil
	}
	for ; len(payload) > 0; payload = payload[6:] {
		id := wire.HTTP2Setting(binary.BigEndian.Uint16(payload))
		if err := c.set(id, binary.BigEndian.Uint32(payload[2:])); err != nil {
			return err
		}
	}
	b, err := c.answer()
	if err != nil {
		return err
	}
	c.output.b = wire.AppendFrameHeader(b, wire.FrameHeader{
		Type: wire.FrameSettings, Flags: wire.FlagAck,
	})
	c.kick()
	return nil
}

// set takes one of the client's settings, RFC 9113 §6.5.2. mu is held.
func (c *conn) set(id wire.HTTP2Setting, value uint32) error {
	switch id {
	case wire.SettingEnablePush:
		if value > 1 {
			return fault(wire.HTTP2ProtocolError, ReasonSettings)
		}
	case wire.SettingMaxFrameSize:
		if value < wire.MaxFramePayload || value >= 1<<24 {
			return fault(wire.HTTP2ProtocolError, ReasonSettings)
		}
	case wire.SettingInitialWindowSize:
		if value > wire.MaxWindow {
			return fault(wire.HTTP2FlowControlError, ReasonSettings)
		}
		by := int64(value) - c.peer.initialWindow
		c.peer.initialWindow = int64(value)
		for _, s := range c.streams {
			if s.sendWindow += by; s.sendWindow > wire.MaxWindow {
				return fault(wire.HTTP2FlowControlError, ReasonFlowControl)
			}
			s.sendable.Broadcast()
		}
	default: // limits on what we never come near to, and unknown ones: RFC 9113 §6.5.2
	}
	return nil
}

func (c *conn) onWindowUpdate(h wire.FrameHeader, payload []byte) error {
	if len(payload) != 4 {
		return fault(wire.HTTP2FrameSizeError, ReasonFrameMalformed)
	}
	n := int64(binary.BigEndian.Uint32(payload) & wire.MaxWindow)
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.Stream == 0 {
		if n == 0 {
			return fault(wire.HTTP2ProtocolError, ReasonWindowUpdate)
		}
		if c.sendWindow += n; c.sendWindow > wire.MaxWindow {
			return fault(wire.HTTP2FlowControlError, ReasonFlowControl)
		}
		c.wakeWindows()
		return nil
	}
	s := c.streams[h.Stream]
	switch {
	case s == nil && c.isIdle(h.Stream):
		return fault(wire.HTTP2ProtocolError, ReasonFrameUnexpected)
	case s == nil:
		return nil // it may have been on its way
	case n == 0:
		return c.streamFault(h.Stream, wire.HTTP2ProtocolError, ReasonWindowUpdate)
	}
	if s.sendWindow += n; s.sendWindow > wire.MaxWindow {
		return c.streamFault(h.Stream, wire.HTTP2FlowControlError, ReasonFlowControl)
	}
	s.sendable.Broadcast()
	return nil
}

func (c *conn) onReset(h wire.FrameHeader, payload []byte) error {
	if len(payload) != 4 {
		return fault(wire.HTTP2FrameSizeError, ReasonFrameMalformed)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.Stream == 0 || c.isIdle(h.Stream) {
		return fault(wire.HTTP2ProtocolError, ReasonFrameUnexpected)
	}
	s := c.streams[h.Stream]
	if s == nil {
		return c.noteChatterLocked()
	}
	c.remove(s, pastReset)
	s.fail(errClientGone)
	return c.notePremature()
}

// noteChatterLocked is noteChatter for a caller that holds mu.
func (c *conn) noteChatterLocked() error {
	c.mu.Unlock()
	defer c.mu.Lock()
	return c.noteChatter()
}

// notePremature counts a stream broken off by the client or for its fault. mu is held.
func (c *conn) notePremature() error {
	if c.premature++; c.premature > maxPremature {
		return fault(wire.HTTP2EnhanceYourCalm, ReasonPrematureResets)
	}
	return nil
}

// isIdle reports whether a stream was never opened. mu is held.
func (c *conn) isIdle(id uint32) bool { return id&1 == 0 || id > c.lastID }

// streamFault resets a stream for its client's fault, which counts as the client's own
// reset does (CVE-2025-8671). mu is held.
func (c *conn) streamFault(id uint32, code wire.HTTP2Code, reason string) error {
	c.server.refuse(reason)
	if s := c.streams[id]; s != nil {
		c.remove(s, pastOurs)
		s.fail(errClientGone)
	}
	b, err := c.answer()
	if err != nil {
		return err
	}
	c.output.b = wire.AppendRSTStream(b, id, code)
	c.kick()
	return c.notePremature()
}
