package http1

import (
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/deadline"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/listener"
)

// Handler answers requests.
type Handler interface {
	// ServeExchange answers ex through ex.Downstream. If it returns without having
	// called WriteResponse, the connection is closed without an answer.
	ServeExchange(ex *exchange.Exchange)
}

// Server serves connections. Its fields are set before the first and not changed.
type Server struct {
	Handler Handler
	Stats   *listener.Stats
	Sweeper *deadline.Sweeper
	Log     *slog.Logger

	// HalfClose: a client that ended its direction after its request still gets a response
	// that is long in coming. Otherwise it counts as gone, as with Envoy and nginx: closing
	// is all that a client does when its user gives up, and looks the same.
	HalfClose bool

	// Refused, if set, is told of requests that were refused before the Handler could
	// see them, for the access log. ex.Failure says why; what was not parsed is empty.
	Refused func(ex *exchange.Exchange)

	date atomic.Pointer[dateText]
}

// Serve serves lc until it ends, and closes it.
func (s *Server) Serve(lc *listener.Conn) {
	c := newConn(s, lc)
	s.Sweeper.Add(&c.timer, c.expire)
	defer func() {
		if p := recover(); p != nil {
			s.Stats.Panics.Add(1)
			s.Log.Error("request panicked", "panic", p, "stack", string(debug.Stack()))
		}
		s.Sweeper.Remove(&c.timer)
		c.stream.Close()
	}()
	lc.OnDrain(c.drain)
	for c.await() && c.serveRequest() {
	}
	if c.lingers {
		c.linger()
	}
	c.in.release()
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
