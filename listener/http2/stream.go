package http2

import (
	"slices"
	"sync"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
	"github.com/fairlead-mesh/fairlead/listener"
)

// stream is one request and its response. It is pooled: the reader makes it, its handler's
// goroutine gives it back. Fields are the connection's mu's unless something else is said.
type stream struct {
	conn *conn
	id   uint32

	// The handler's once it runs.
	ex       *exchange.Exchange
	head     wire.HTTP2Head // and the reader's until then, and for trailers
	settings *listener.Settings
	refusal  *exchange.Error
	section  []byte
	wait     exchange.Wait

	err        *exchange.Error // why it is over before its end; nil if it is not
	recvEnded  bool
	sentEnded  bool
	responded  bool
	continued  bool
	trailers   exchange.Fields
	body       body
	recvWindow int
	headSize   int
	declared   int64 // the content's length; -1 if it was not said

	// Sending. sendable is signalled when a window opens, a turn comes, or err is set.
	sendable   sync.Cond
	turn       bool
	sendWindow int64
	sent       int64
	blockedAt  time.Time
	blocked    time.Duration
}

var streams = sync.Pool{New: func() any { return new(stream) }}

// newStream makes a stream that is not one of the connection's yet.
func (c *conn) newStream(id uint32) *stream {
	s := streams.Get().(*stream)
	s.conn, s.id, s.settings = c, id, c.lc.Settings()
	s.sendable.L, s.body.arrived.L = &c.mu, &c.mu
	s.body.stream = s
	s.sendWindow, s.recvWindow = c.peer.initialWindow, streamWindow
	s.ex = exchange.Get()
	s.ex.Times.Start = time.Now()
	s.ex.Downstream, s.ex.Wait = s, &s.wait
	s.head.Begin(&s.ex.Request.Head, &s.settings.Rules)
	return s
}

// keptSection is how much memory for a response's fields is kept.
const keptSection = 4 << 10

// release gives a stream back that nothing refers to any more.
func (s *stream) release() {
	exchange.Put(s.ex)
	s.body.release()
	section := s.section[:0]
	if cap(section) > keptSection {
		section = nil
	}
	s.trailers.Reset()
	*s = stream{section: section, trailers: s.trailers, head: s.head, body: body{chunks: s.body.chunks}}
	streams.Put(s)
}

// run serves the request; it is the stream's goroutine.
func (s *stream) run() {
	defer s.finish()
	defer func() {
		if p := recover(); p != nil {
			s.conn.server.panicked(p)
		}
	}()
	if s.refusal != nil {
		s.refuse()
		return
	}
	s.conn.server.Stats.Requests.Add(1)
	s.conn.server.Handler.ServeExchange(s.ex)
}

var textPlain = []byte("text/plain; charset=utf-8")

// refuse answers a request that no handler sees.
func (s *stream) refuse() {
	s.conn.server.refuse(s.refusal.Reason)
	s.ex.Failure = s.refusal
	s.ex.Respond(s.refusal.HTTPStatus(), textPlain, []byte(s.refusal.Error()+"\n"))
	_ = s.WriteResponse(s.ex) // an error means that the client is gone
	if s.conn.server.Refused != nil {
		s.conn.server.Refused(s.ex)
	}
}

// finish ends the stream after its handler.
func (s *stream) finish() {
	c := s.conn
	c.mu.Lock()
	if c.streams[s.id] == s {
		code := wire.HTTP2InternalError // broken off, or not answered
		if s.sentEnded {
			code = wire.HTTP2NoError // RFC 9113 §8.1: we need no more of the content
		}
		c.remove(s, pastOurs)
		c.output.b = wire.AppendRSTStream(c.output.open(), s.id, code)
	}
	c.credit(s.body.unread())
	c.running--
	c.heads -= s.headSize
	if at := slices.Index(c.cancelled, s); at >= 0 {
		c.cancelled = slices.Delete(c.cancelled, at, at+1)
	}
	c.flush()
	c.mu.Unlock()
	s.release()
}

// fail ends a stream early: whoever waits for it stops. mu is held.
func (s *stream) fail(why *exchange.Error) {
	if s.err != nil {
		return
	}
	s.err = why
	s.sendable.Broadcast()
	s.body.arrived.Broadcast()
	s.wait.Cancel()
	// The handler may be between two waits: tick tries again.
	s.conn.cancelled = append(s.conn.cancelled, s)
}

// endSent notes that our side of the stream has ended. mu is held.
func (s *stream) endSent() {
	s.sentEnded = true
	if s.recvEnded {
		s.conn.remove(s, pastEnded)
	}
}

// remove ends a stream's being open. Its handler may go on for a while. mu is held.
func (c *conn) remove(s *stream, how uint8) {
	if c.streams[s.id] != s {
		return
	}
	delete(c.streams, s.id)
	c.past.add(s.id, how)
	if how == pastEnded && c.premature > 0 {
		c.premature--
	}
	if len(c.streams) > 0 {
		return
	}
	c.idleAt = time.Now()
	if c.drained {
		c.over = true
		_ = c.stream.SetReadDeadline(longAgo) // wakes the reader; fails only if closed
	}
}
