package egress

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/fairlead-mesh/fairlead/egress/pool"
	"github.com/fairlead-mesh/fairlead/egress/transport"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// stream is one request on its way through a Backend. It is the Exchange's Upstream.
type stream struct {
	transport.Call
	backend  *Backend
	endpoint *endpoint // which counts it as under way; nil: none was chosen
	conn     *transport.Conn

	now        time.Time
	key        uint64 // random
	idempotent bool
}

var streams = sync.Pool{New: func() any { return new(stream) }}

var errNoEndpoint = &exchange.Error{
	Kind: exchange.KindNoHealthyEndpoint, Source: exchange.SourceUs, Reason: "no_endpoint",
}

// RoundTrip sends the request of ex to one of the Backend's endpoints and reads the
// response's head into ex.Response; its body follows by ex.Response.Body. It sets
// BackendName, EndpointName, Attempts, Times and Upstream, which the caller releases
// after the response was relayed. After an error there is nothing to release.
func (b *Backend) RoundTrip(ex *exchange.Exchange) *exchange.Error {
	ex.BackendName = b.name
	b.stats.started.Add(1)
	s := streams.Get().(*stream)
	s.backend = b
	err := s.send(ex)
	if err != nil {
		s.end(err)
		ex.ResetResponse() // it may hold views of a buffer that is no longer ours
		return err
	}
	ex.Times.UpstreamHead = time.Now()
	b.stats.answered(ex.Response.Status)
	ex.Upstream = s
	return nil
}

// send tries until there is a response, or an error that stands.
func (s *stream) send(ex *exchange.Exchange) *exchange.Error {
	s.now = time.Now()
	ex.Times.UpstreamStart = s.now
	// A slow client is waited for before a connection is taken.
	if err := s.Start(ex, s.backend.registry.call); err != nil {
		return err
	}
	if ex.Request.Body != nil {
		s.now = time.Now()
	}
	s.key = rand.Uint64()
	s.idempotent = ex.Request.Method.IsIdempotent()
	chosen := s.backend.current.Load()
	if !s.choose(chosen.set.Pick(s.key)) {
		return errNoEndpoint
	}
	reused, err := s.connect(chosen, false)
	if err != nil {
		return err
	}
	if err = s.try(ex); err == nil || !reused || !s.mayRepeat(err) {
		return err
	}
	// The connection had been closing. A new one cannot be.
	s.backend.stats.retriedStale.Add(1)
	s.discard(pool.ClosedFailed)
	if _, err = s.connect(chosen, true); err != nil {
		return err
	}
	return s.try(ex)
}

// choose makes e the endpoint, and counts the request there.
func (s *stream) choose(e *endpoint) bool {
	if s.endpoint != nil {
		s.endpoint.load.End()
	}
	if s.endpoint = e; e == nil {
		return false
	}
	e.load.Begin()
	return true
}

// connect gets a connection to the endpoint or, if none can be made, to one other. Fresh
// asks for a new one.
func (s *stream) connect(chosen *concrete, fresh bool) (reused bool, err *exchange.Error) {
	if reused, err = s.connectTo(s.endpoint, fresh); err == nil {
		return reused, nil
	}
	other := chosen.other(s.key, s.endpoint)
	if other == nil {
		return false, err
	}
	s.choose(other)
	return s.connectTo(other, fresh)
}

func (s *stream) connectTo(e *endpoint, fresh bool) (reused bool, err *exchange.Error) {
	if !fresh {
		if s.conn, reused = e.pool.Get(s.now, s.key); reused {
			return true, nil
		}
	}
	if s.conn, err = e.connect(s.backend); err != nil {
		s.backend.stats.connectFailures.Add(1)
	}
	return false, err
}

func (s *stream) try(ex *exchange.Exchange) *exchange.Error {
	ex.Attempts++
	ex.EndpointName = s.endpoint.target.Load().name
	return s.RoundTrip(s.conn)
}

func (s *stream) mayRepeat(err *exchange.Error) bool {
	if !s.Repeatable() {
		return false
	}
	return err.Retry == exchange.RetryYes || err.Retry == exchange.RetryIfReused && s.idempotent
}

func (s *stream) discard(why pool.Reason) {
	s.endpoint.pool.Discard(s.conn, why)
	s.conn = nil
}

// Release implements exchange.Upstream. What ex.Response holds of the relayed response is
// gone afterwards, as its memory serves others: whoever logs of it does so before. A
// local answer that took its place stays.
func (s *stream) Release(ex *exchange.Exchange) {
	ex.Upstream = nil
	s.end(nil)
	if !ex.Answered {
		ex.Response.Body = nil
		ex.Response.Fields.Reset()
		ex.Response.Reason, ex.Response.Upgrade = nil, nil
	}
}

// end gives everything back.
func (s *stream) end(failure *exchange.Error) {
	stats := &s.backend.stats
	reusable, why := s.Finish()
	if s.conn != nil {
		if reusable {
			s.endpoint.pool.Put(s.conn, time.Now())
		} else {
			s.discard(why)
		}
	}
	s.choose(nil)
	stats.sent.Add(uint64(s.Wrote))
	stats.received.Add(uint64(s.Read))
	if failure != nil {
		stats.failed.Add(1)
	}
	stats.finished.Add(1)
	s.backend, s.conn = nil, nil
	streams.Put(s)
}
