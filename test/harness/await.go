package harness

import (
	"testing"
	"time"
)

// Await looks again and again until a condition holds that nothing announces, such as a
// socket's end. It fails the test if that takes longer than Patience.
func Await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	late := time.NewTimer(Patience)
	defer late.Stop()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-late.C:
			t.Fatalf("%s: not after %v", what, Patience)
		}
	}
}

// Receive returns what a channel delivers, or fails the test.
func Receive[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	late := time.NewTimer(Patience)
	defer late.Stop()
	select {
	case v := <-from:
		return v
	case <-late.C:
		t.Fatalf("%s: not after %v", what, Patience)
		panic("unreachable") //nolint:forbidigo // Fatalf does not return
	}
}
