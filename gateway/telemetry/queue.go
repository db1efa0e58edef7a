package telemetry

import "sync/atomic"

// queue is a bounded queue for any number of goroutines on both ends; neither end ever
// waits. It is Dmitry Vyukov's array queue: every slot has a number that says whose turn
// it is. A slot with number n may be filled by the n-th push, which makes it n+1; then
// the n-th pop may empty it, which makes it n+len(slots), for the next round:
//
//	4 slots, push a, push b, pop  →  numbers 4 2 2 3, head 1, tail 2
//
// Whoever moves head or tail with a compare-and-swap owns that slot until it sets the
// number.
type queue[T any] struct {
	slots []slot[T]
	mask  uint64
	_     [64]byte
	tail  atomic.Uint64 // the next push
	_     [64]byte
	head  atomic.Uint64 // the next pop
	_     [64]byte
}

type slot[T any] struct {
	turn  atomic.Uint64
	value *T
}

// newQueue returns a queue for size values, a power of two.
func newQueue[T any](size int) *queue[T] {
	q := &queue[T]{slots: make([]slot[T], size), mask: uint64(size) - 1}
	for i := range q.slots {
		q.slots[i].turn.Store(uint64(i))
	}
	return q
}

// push adds v and reports whether there was room.
func (q *queue[T]) push(v *T) bool {
	for {
		at := q.tail.Load()
		s := &q.slots[at&q.mask]
		switch turn := s.turn.Load(); {
		case turn == at:
			if q.tail.CompareAndSwap(at, at+1) {
				s.value = v
				s.turn.Store(at + 1)
				return true
			}
		case turn < at:
			return false // it still holds what was pushed one round ago
		}
	}
}

// pop takes the oldest value, or returns nil if there is none that is complete.
func (q *queue[T]) pop() *T {
	for {
		at := q.head.Load()
		s := &q.slots[at&q.mask]
		switch turn := s.turn.Load(); {
		case turn == at+1:
			if q.head.CompareAndSwap(at, at+1) {
				v := s.value
				s.value = nil
				s.turn.Store(at + q.mask + 1)
				return v
			}
		case turn <= at:
			return nil
		}
	}
}

// empty reports whether a pop would find nothing.
func (q *queue[T]) empty() bool {
	at := q.head.Load()
	return q.slots[at&q.mask].turn.Load() <= at
}
