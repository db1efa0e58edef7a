package http2

import (
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/deadline"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
	"github.com/fairlead-mesh/fairlead/listener"
)

// Handler answers requests, those of one connection at the same time.
type Handler interface {
	// ServeExchange answers ex through ex.Downstream. If it returns without having
	// called WriteResponse, the stream is reset.
	ServeExchange(ex *exchange.Exchange)
}

// Server serves connections. Its fields are set before the first and not changed.
type Server struct {
	Handler Handler
	Stats   *listener.Stats
	Sweeper *deadline.Sweeper
	Log     *slog.Logger

	// Refused, if set, is told of requests that were refused before the Handler could
	// see them, for the access log; from several goroutines.
	Refused func(ex *exchange.Exchange)

	date atomic.Pointer[dateText]

	mu      sync.Mutex
	refused map[string]int64
}

// IsPreface reports whether the first bytes of a cleartext connection are HTTP/2's, so
// that both versions can be served on one port. more is true if prefix is too short to
// tell; no request of HTTP/1 that is served begins as the preface does.
func IsPreface(prefix []byte) (is, more bool) {
	if len(prefix) >= len(wire.HTTP2Preface) {
		return string(prefix[:len(wire.HTTP2Preface)]) == wire.HTTP2Preface, false
	}
	return false, strings.HasPrefix(wire.HTTP2Preface, string(prefix))
}

// Serve serves lc until it ends and its handlers have returned, and closes it.
func (s *Server) Serve(lc *listener.Conn) {
	c := newConn(s, lc)
	s.Sweeper.Add(&c.timer, c.tick)
	defer func() {
		if p := recover(); p != nil {
			s.panicked(p)
		}
		c.end()
		s.Sweeper.Remove(&c.timer)
	}()
	c.serve()
}

func (s *Server) panicked(p any) {
	s.Stats.Panics.Add(1)
	s.Log.Error("request panicked", "panic", p, "stack", string(debug.Stack()))
}

// refuse counts a refusal.
func (s *Server) refuse(reason string) {
	s.Stats.Refuse(reason)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused == nil {
		s.refused = make(map[string]int64)
	}
	s.refused[reason]++ // reasons are words of ours: the map is bounded
}

// Refusals returns how often a reason was counted on this server.
func (s *Server) Refusals(reason string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused[reason]
}

// dateText is the value of Date in one second.
type dateText struct {
	second int64
	text   []byte
}

// dateAt returns the Date field's value (RFC 9110 §6.6.1).
func (s *Server) dateAt(t time.Time) []byte {
	second := t.Unix()
	if d := s.date.Load(); d != nil && d.second == second {
		return d.text
	}
	d := &dateText{second: second, text: t.UTC().AppendFormat(nil, "Mon, 02 Jan 2006 15:04:05 GMT")}
	s.date.Store(d)
	return d.text
}
