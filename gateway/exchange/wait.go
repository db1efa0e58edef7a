package exchange

import (
	"runtime"
	"sync/atomic"
)

// Interrupter is what a wait is for: Interrupt makes it end soon, with an error.
type Interrupter interface{ Interrupt() }

// Wait lets the client's side end the waiting for the endpoint when the client has gone.
// It belongs to a connection or stream of the client's side and outlives its exchanges. Its
// zero value is ready; a nil Wait is one that nobody ends.
//
// Begin and End are called by the goroutine that waits, Cancel by any other. Once End has
// returned, Cancel does not touch what was waited for: it may serve another exchange.
type Wait struct {
	state atomic.Uint32
	on    Interrupter
}

const (
	waitNone uint32 = iota
	waitOn
	waitEnding // Cancel interrupts
	waitCancelled
)

// Begin says that from now on the exchange waits on something.
func (w *Wait) Begin(on Interrupter) {
	if w == nil {
		return
	}
	w.on = on
	w.state.Store(waitOn)
}

// End says that the waiting is over, and returns whether it was cancelled.
func (w *Wait) End() (cancelled bool) {
	if w == nil || w.state.CompareAndSwap(waitOn, waitNone) {
		return false
	}
	for w.state.Load() == waitEnding {
		runtime.Gosched() // for as long as an Interrupt takes
	}
	return w.state.Swap(waitNone) == waitCancelled
}

// Cancel ends the waiting, if there is any, and returns whether there was.
func (w *Wait) Cancel() bool {
	if !w.state.CompareAndSwap(waitOn, waitEnding) {
		return false
	}
	w.on.Interrupt()
	w.state.Store(waitCancelled)
	return true
}
