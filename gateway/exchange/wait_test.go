package exchange

import (
	"sync"
	"testing"
)

type interrupts struct{ n int }

func (i *interrupts) Interrupt() { i.n++ }

func TestWait(t *testing.T) {
	var none *Wait
	none.Begin(nil)
	if none.End() {
		t.Error("a nil Wait was cancelled")
	}
	var w Wait
	if w.Cancel() {
		t.Error("cancelled what nobody waits for")
	}
	on := new(interrupts)
	w.Begin(on)
	if w.End() || w.Cancel() || on.n != 0 {
		t.Errorf("cancelled after its end; %d interrupts", on.n)
	}
	w.Begin(on)
	if !w.Cancel() || w.Cancel() || on.n != 1 {
		t.Errorf("%d interrupts, want 1", on.n)
	}
	if !w.End() {
		t.Error("End does not say that it was cancelled")
	}
	w.Begin(on)
	if w.End() {
		t.Error("cancelled by what ended the wait before")
	}
}

// What was waited for is the waiting goroutine's alone once End has returned: the race
// detector sees a Cancel that comes late.
func TestWaitAgainstCancel(t *testing.T) {
	var w Wait
	stop := make(chan struct{})
	var cancels int
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if w.Cancel() {
					cancels++
				}
			}
		}
	})
	told, on := 0, new(interrupts)
	for range 20_000 {
		before := on.n
		w.Begin(on)
		cancelled := w.End()
		if cancelled {
			told++
		}
		if cancelled != (on.n == before+1) {
			t.Fatalf("cancelled %v, but %d interrupts", cancelled, on.n-before)
		}
	}
	close(stop)
	wg.Wait()
	if told != cancels {
		t.Errorf("%d cancels, %d told", cancels, told)
	}
}
