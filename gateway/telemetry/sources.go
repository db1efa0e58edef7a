package telemetry

import (
	"iter"
	"slices"
	"time"
)

// Sources are what other rooms count by themselves and this one reads when it is
// scraped. Any may be nil. They are called by several goroutines and must not block.
type Sources struct {
	// Listeners yields the connections of each listener.
	Listeners iter.Seq[Listener]
	// Refusals yields how many requests were refused, by reason: fixed words in snake
	// case (exchange.Error.Reason), never bytes from outside.
	Refusals iter.Seq2[string, int64]
	// Certificates yields when each certificate expires.
	Certificates iter.Seq2[string, time.Time]
	// Backends yields what was sent to each backend.
	Backends iter.Seq[Backend]
	// Panics counts the panics that were recovered.
	Panics func() int64
	// AccessLog is the log whose lines are counted.
	AccessLog *AccessLog
}

// Listener is the state of one listener's connections.
type Listener struct {
	Name     string
	Active   int64 // open now
	Accepted int64 // since the start
}

// Backend is the state of one backend.
type Backend struct {
	Name            string
	Requests        int64 // handed to an endpoint, every attempt
	ConnectFailures int64
	StaleRetries    int64 // sent again because a kept connection had died
	// The moment's numbers.
	RequestsActive    int64
	ConnectionsActive int64
	ConnectionsIdle   int64
}

func (b *Backend) add(other *Backend) {
	b.Requests += other.Requests
	b.ConnectFailures += other.ConnectFailures
	b.StaleRetries += other.StaleRetries
	b.RequestsActive += other.RequestsActive
	b.ConnectionsActive += other.ConnectionsActive
	b.ConnectionsIdle += other.ConnectionsIdle
}

// totals are the sources added up, by label value.
type totals struct {
	listeners map[string]Listener
	refusals  map[string]int64
	backends  map[string]Backend
	expiry    map[string]time.Time
	panics    int64
	lines     AccessLogStats
}

func (r *Registry) totals() totals {
	r.mu.Lock()
	sources := slices.Clip(r.sources)
	r.mu.Unlock()
	t := totals{listeners: map[string]Listener{}, refusals: map[string]int64{}, backends: map[string]Backend{}, expiry: map[string]time.Time{}}
	for _, s := range sources {
		t.add(&s)
	}
	return t
}

func (t *totals) add(s *Sources) {
	if s.Listeners != nil {
		for l := range s.Listeners {
			name := labelValue(l.Name)
			sum := t.listeners[name]
			sum.Active += l.Active
			sum.Accepted += l.Accepted
			t.listeners[name] = sum
		}
	}
	if s.Refusals != nil {
		for reason, n := range s.Refusals {
			t.refusals[labelValue(reason)] += n
		}
	}
	if s.Certificates != nil {
		for name, at := range s.Certificates {
			t.expiry[labelValue(name)] = at
		}
	}
	if s.Backends != nil {
		for b := range s.Backends {
			name := labelValue(b.Name)
			sum := t.backends[name]
			sum.add(&b)
			t.backends[name] = sum
		}
	}
	if s.Panics != nil {
		t.panics += s.Panics()
	}
	if s.AccessLog != nil {
		stats := s.AccessLog.Stats()
		t.lines.Written += stats.Written
		t.lines.Dropped += stats.Dropped
	}
}
