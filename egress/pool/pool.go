// Package pool keeps the connections to one endpoint that wait for their next request.
//
// It knows nothing of what is spoken on them. A connection is taken with Get, or made
// by the caller and reported with Add; it is then active and the caller's alone, until
// Put gives it back or Discard closes it. The one used last is taken first, so that
// those not needed grow old and are closed by Sweep. Every connection is looked at before
// it serves again: an endpoint that has closed it, or sent bytes nobody asked for, costs a
// look and not a request.
//
// Use one Pool for each endpoint. It is safe for concurrent use. Its locks are held for a
// few instructions, never during a system call, and there are several, so that cores
// rarely meet.
package pool

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is what is pooled: usually a struct that embeds State.
type Conn interface {
	// PoolState returns the connection's State, always the same.
	PoolState() *State
	// Close closes the connection. It is called once by the pool.
	Close() error
}

// Options bound a Pool. Zero values mean the defaults.
type Options struct {
	// IdleTimeout is how long a connection may wait. Default: 60s.
	IdleTimeout time.Duration
	// MaxIdle is how many may wait. Default: 512.
	MaxIdle int
	// MaxRequests is how many requests a connection serves; 0: no limit.
	MaxRequests int
}

// Defaults of Options; see config.ConnectionPool.
const (
	DefaultIdleTimeout = 60 * time.Second
	DefaultMaxIdle     = 512
)

func (o Options) withDefaults() Options {
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = DefaultIdleTimeout
	}
	if o.MaxIdle <= 0 {
		o.MaxIdle = DefaultMaxIdle
	}
	return o
}

// Pool holds the idle connections to one endpoint.
type Pool[C Conn] struct {
	options Options
	shards  []shard[C]
	created atomic.Uint64
	closed  [reasonCount]atomic.Uint64
	unfit   atomic.Uint64 // taken from a shard, and then closed
	gone    atomic.Bool   // Close was called
}

// A shard is a stack: the last connection is the one used last.
type shard[C Conn] struct {
	mu    sync.Mutex
	idle  []C
	taken uint64
	waits atomic.Int32 // len(idle), to pass by an empty shard without its lock
	_     [64]byte
}

// shardIdle is the least MaxIdle a shard is worth having for.
const shardIdle = 32

// New returns an empty pool.
func New[C Conn](o Options) *Pool[C] {
	o = o.withDefaults()
	n := 1
	for n < runtime.GOMAXPROCS(0) && n < 8 && o.MaxIdle/(2*n) >= shardIdle {
		n *= 2
	}
	return &Pool[C]{options: o, shards: make([]shard[C], n)}
}

// Get returns an idle connection and true, or false if there is none that can be used.
// Now is the present time; key, random bits, says where to look first.
func (p *Pool[C]) Get(now time.Time, key uint64) (c C, ok bool) {
	for i := range p.shards {
		sh := &p.shards[(key+uint64(i))%uint64(len(p.shards))]
		for {
			if c, ok = sh.pop(); !ok {
				break
			}
			reason := p.fitness(c.PoolState(), now)
			if reason == closedNot {
				return c, true
			}
			p.unfit.Add(1)
			p.Discard(c, reason)
		}
	}
	return c, false
}

// fitness says why a waiting connection cannot serve, or closedNot. Every one is looked
// at, however short its wait: bytes that came after a response are another one, which
// the next request, anybody's, would get for its own.
func (p *Pool[C]) fitness(s *State, now time.Time) Reason {
	if now.Sub(s.since) >= p.options.IdleTimeout {
		return ClosedIdleTimeout
	}
	return s.check()
}

// Add reports a connection that the caller made and uses.
func (p *Pool[C]) Add(c C) {
	n := p.created.Add(1)
	s := c.PoolState()
	s.shard = uint8(n % uint64(len(p.shards)))
	s.served = 0
}

// Put gives back a connection that can serve another request. The pool closes it if
// it has enough, or if the connection has served enough.
func (p *Pool[C]) Put(c C, now time.Time) {
	s := c.PoolState()
	s.since = now
	s.served++
	if p.options.MaxRequests > 0 && s.served >= p.options.MaxRequests {
		p.Discard(c, ClosedMaxRequests)
		return
	}
	sh := &p.shards[s.shard]
	sh.mu.Lock()
	fits := len(sh.idle) < p.options.MaxIdle/len(p.shards)
	gone := p.gone.Load() // under the lock: Close empties each shard once
	if fits && !gone {
		sh.idle = append(sh.idle, c)
		sh.waits.Store(int32(len(sh.idle)))
		sh.mu.Unlock()
		return
	}
	sh.mu.Unlock()
	if gone {
		p.Discard(c, ClosedRemoved)
	} else {
		p.Discard(c, ClosedMaxIdle)
	}
}

// Discard closes a connection that is the caller's.
func (p *Pool[C]) Discard(c C, reason Reason) {
	p.closed[reason].Add(1)
	_ = c.Close() // it is of no use any more, whatever Close says
}

// Sweep closes the connections that have waited too long. Call it every second or so.
func (p *Pool[C]) Sweep(now time.Time) {
	for i := range p.shards {
		sh := &p.shards[i]
		if sh.waits.Load() == 0 {
			continue
		}
		for _, c := range sh.takeOlder(now.Add(-p.options.IdleTimeout)) {
			p.Discard(c, ClosedIdleTimeout)
		}
	}
}

// Close closes what waits now, and what is put back later. It may be called again.
func (p *Pool[C]) Close() {
	p.gone.Store(true)
	for i := range p.shards {
		for _, c := range p.shards[i].takeAll() {
			p.Discard(c, ClosedRemoved)
		}
	}
}

func (sh *shard[C]) pop() (c C, ok bool) {
	if sh.waits.Load() == 0 {
		return c, false
	}
	sh.mu.Lock()
	if n := len(sh.idle); n > 0 {
		var none C
		c, ok = sh.idle[n-1], true
		sh.idle[n-1] = none
		sh.idle = sh.idle[:n-1]
		sh.waits.Store(int32(n - 1))
		sh.taken++
	}
	sh.mu.Unlock()
	return c, ok
}

// takeOlder removes those idle since before t: the stack is sorted by age.
func (sh *shard[C]) takeOlder(t time.Time) []C {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	n := 0
	for n < len(sh.idle) && !sh.idle[n].PoolState().since.After(t) {
		n++
	}
	if n == 0 {
		return nil
	}
	old := append([]C(nil), sh.idle[:n]...)
	rest := copy(sh.idle, sh.idle[n:])
	clear(sh.idle[rest:])
	sh.idle = sh.idle[:rest]
	sh.waits.Store(int32(rest))
	return old
}

func (sh *shard[C]) takeAll() []C {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	all := sh.idle
	sh.idle = nil
	sh.waits.Store(0)
	return all
}
