// Package deadline bounds how long many connections may wait, for almost nothing.
//
// A connection that had to set and clear a timer around every request would spend
// more on timers than on parsing. Here a connection owns a Timer and arms it with one
// atomic store; a Sweeper looks at all of them a few times a second and calls the
// expiry of those that are due, which closes the connection or sets its socket's
// deadline into the past. An expiry comes late by up to two sweep intervals,
// never early. Use it for limits of seconds; use time.Timer where milliseconds count.
package deadline

import (
	"sync"
	"sync/atomic"
	"time"
)

// Interval is how often a Sweeper looks.
const Interval = 100 * time.Millisecond

// shards spread the lock that Add and Remove take.
const shards = 16

// Timer is one connection's limit. It belongs to one connection and must not be
// copied. Arm and Disarm may be called from any goroutine.
type Timer struct {
	at      atomic.Int64 // nanoseconds of the sweeper's clock; 0: not armed
	fired   atomic.Bool
	sweeper *Sweeper
	expire  func()
	shard   uint8
	index   int // in its shard; guarded by the shard's lock
}

// Arm makes the timer expire d from now, by the sweeper's clock, instead of whenever
// it was to before.
func (t *Timer) Arm(d time.Duration) {
	// The sweeper's clock may be one interval behind.
	t.at.Store(t.sweeper.now.Load() + int64(d+Interval))
}

// Rearm is Arm for an expiry that wants to be called again: it does nothing if the timer
// was armed since.
func (t *Timer) Rearm(d time.Duration) {
	t.at.CompareAndSwap(0, t.sweeper.now.Load()+int64(d))
}

// Disarm stops the timer.
func (t *Timer) Disarm() { t.at.Store(0) }

// Fired reports whether the timer has expired and its expiry was called.
func (t *Timer) Fired() bool { return t.fired.Load() }

type shard struct {
	mu     sync.Mutex
	timers []*Timer
}

// Sweeper watches timers. Create it with New and end it with Stop.
type Sweeper struct {
	now    atomic.Int64 // advanced by the sweep, by two intervals at most
	start  time.Time
	next   atomic.Uint32
	shards [shards]shard
	stop   chan struct{}
	done   chan struct{}
}

// New starts a sweeper.
func New() *Sweeper {
	s := &Sweeper{start: time.Now(), stop: make(chan struct{}), done: make(chan struct{})}
	s.now.Store(1)
	go s.run()
	return s
}

// Stop ends the sweeper. Timers no longer expire.
func (s *Sweeper) Stop() {
	close(s.stop)
	<-s.done
}

// Add registers t, not armed. Expire is called once for each Arm, on the sweeper's goroutine, and
// must not block.
func (s *Sweeper) Add(t *Timer, expire func()) {
	t.sweeper, t.expire = s, expire
	t.shard = uint8(s.next.Add(1) % shards)
	sh := &s.shards[t.shard]
	sh.mu.Lock()
	t.index = len(sh.timers)
	sh.timers = append(sh.timers, t)
	sh.mu.Unlock()
}

// Remove forgets t. Its expiry is not called after Remove has returned.
func (s *Sweeper) Remove(t *Timer) {
	sh := &s.shards[t.shard]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	last := len(sh.timers) - 1
	if t.index > last || sh.timers[t.index] != t {
		return
	}
	sh.timers[t.index] = sh.timers[last]
	sh.timers[t.index].index = t.index
	sh.timers[last] = nil
	sh.timers = sh.timers[:last]
}

// Len returns the number of registered timers.
func (s *Sweeper) Len() int {
	n := 0
	for i := range s.shards {
		s.shards[i].mu.Lock()
		n += len(s.shards[i].timers)
		s.shards[i].mu.Unlock()
	}
	return n
}

func (s *Sweeper) run() {
	defer close(s.done)
	ticker := time.NewTicker(Interval)
	defer ticker.Stop()
	for last := s.start; ; {
		select {
		case <-s.stop:
			return
		case <-ticker.C:
			// A sweep that comes very late, on a machine that is short of processors,
			// must not take timers for due that were armed a moment ago by the old clock.
			t := time.Now()
			now := s.now.Load() + int64(min(t.Sub(last), 2*Interval))
			last = t
			s.now.Store(now)
			for i := range s.shards {
				s.shards[i].sweep(now)
			}
		}
	}
}

// sweep calls the expiries that are due. The lock is held meanwhile, so that Remove
// can promise what it promises; expiries only close or set deadlines.
func (sh *shard) sweep(now int64) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for _, t := range sh.timers {
		at := t.at.Load()
		if at == 0 || at > now || !t.at.CompareAndSwap(at, 0) {
			continue
		}
		t.fired.Store(true)
		t.expire()
	}
}
