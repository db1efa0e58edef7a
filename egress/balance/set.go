// Package balance picks one endpoint out of many. It knows nothing of HTTP, health or
// discovery: callers hand it a frozen Set of candidates and report the start and the
// end of each request to the candidate's Load.
//
// A Set never changes; when the endpoints change, a new one is built and swapped in. What
// must outlive that belongs to the caller: a Load for each endpoint and a Cursor for
// each round robin. Pick is safe for any number of goroutines, never blocks and never
// allocates, and costs the same for ten endpoints and for ten thousand.
package balance

import "sync/atomic"

// Policy is the way to choose.
type Policy uint8

// Policies.
const (
	// LeastRequest draws two and takes the one with fewer requests under way for
	// its weight (power of two choices).
	LeastRequest Policy = iota
	// RoundRobin takes one after another; heavier ones come up more often, evenly
	// spread and not in a row.
	RoundRobin
	// Random draws one by weight.
	Random
)

// Load counts what an endpoint has to do. It belongs to the endpoint and is shared by
// all sets it is in.
type Load struct {
	active atomic.Int64
	_      [56]byte // its own cache line: every request writes it
}

// Begin reports a request's start.
func (l *Load) Begin() { l.active.Add(1) }

// End reports a request's end.
func (l *Load) End() { l.active.Add(-1) }

// Active returns the number of requests under way.
func (l *Load) Active() int64 { return l.active.Load() }

// Cursor is a round robin's position. Sets that follow each other share one, so that
// frequent changes do not send everyone to the first endpoint.
type Cursor struct {
	next atomic.Uint64
	_    [56]byte
}

// Candidate is one endpoint of a set.
type Candidate[T any] struct {
	// Value is what Pick returns.
	Value T
	// Load must not be nil for LeastRequest.
	Load *Load
	// Weight is the share of requests; 0 means 1.
	Weight uint32
	// Draining candidates are chosen only if all are draining.
	Draining bool
}

// Set is a frozen list of candidates and what is needed to pick fast.
type Set[T any] struct {
	policy  Policy
	cursor  *Cursor
	values  []T
	loads   []*Load
	weights []uint32 // nil: all equal
	shares  shares   // of weights
}

// NewSet freezes the candidates. Cursor may be nil for policies other than RoundRobin.
func NewSet[T any](policy Policy, cursor *Cursor, candidates []Candidate[T]) *Set[T] {
	s := &Set[T]{policy: policy, cursor: cursor}
	ready := 0
	for i := range candidates {
		if !candidates[i].Draining {
			ready++
		}
	}
	n := ready
	if ready == 0 {
		n = len(candidates)
	}
	s.values, s.loads = make([]T, 0, n), make([]*Load, 0, n)
	weights, equal := make([]uint32, 0, n), true
	for i := range candidates {
		c := &candidates[i]
		if c.Draining && ready > 0 {
			continue
		}
		s.values = append(s.values, c.Value)
		s.loads = append(s.loads, c.Load)
		weights = append(weights, max(1, c.Weight))
		equal = equal && weights[len(weights)-1] == weights[0]
	}
	if !equal {
		s.weights, s.shares = weights, newShares(weights)
	}
	return s
}

// Len returns the number of candidates that may be picked.
func (s *Set[T]) Len() int { return len(s.values) }

// All returns the values that may be picked. The slice is the set's own.
func (s *Set[T]) All() []T { return s.values }

// Pick returns the endpoint for this request, or T's zero value if there is none. Key
// is 64 random bits; RoundRobin does not use it.
func (s *Set[T]) Pick(key uint64) (v T) {
	switch len(s.values) {
	case 0:
		return v
	case 1:
		return s.values[0]
	}
	switch s.policy {
	case RoundRobin:
		return s.values[s.turn()]
	case Random:
		return s.values[s.draw(key)]
	default:
		return s.values[s.leastOfTwo(key)]
	}
}

// golden is 2⁶⁴ divided by the golden ratio, odd. Its multiples modulo 2⁶⁴ visit every
// interval in proportion to its length and as evenly spread as can be (the three-gap
// theorem): a weighted round robin without a table of turns.
const golden = 0x9E3779B97F4A7C15

func (s *Set[T]) turn() int {
	n := s.cursor.next.Add(1) - 1
	if s.weights == nil {
		return int(n % uint64(len(s.values)))
	}
	return s.shares.at(n * golden)
}

func (s *Set[T]) draw(key uint64) int {
	if s.weights == nil {
		return scale(key, uint64(len(s.values)))
	}
	return s.shares.at(key)
}

// leastOfTwo draws both by weight and then compares load for weight. A tie goes to the
// first, so that an idle set is shared by weight.
func (s *Set[T]) leastOfTwo(key uint64) int {
	a, b := s.draw(key), s.draw(remix(key))
	if a == b {
		if b++; b == len(s.values) {
			b = 0
		}
	}
	loadA, loadB := s.loads[a].Active(), s.loads[b].Active()
	if s.weights != nil {
		loadA *= int64(s.weights[b])
		loadB *= int64(s.weights[a])
	}
	if loadB < loadA {
		return b
	}
	return a
}

// remix makes other random bits of random bits.
func remix(x uint64) uint64 {
	x = (x ^ x>>31) * 0xBF58476D1CE4E5B9
	return x ^ x>>29
}
