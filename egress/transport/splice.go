package transport

import (
	"io"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

const (
	// spliceLeast is the body length from which the kernel moves the bytes: below it, a
	// pipe's set-up costs more than the copies it saves.
	spliceLeast = 256 << 10
	// spliceStep is how much is moved between reports of progress.
	spliceStep = 1 << 20
)

// splice moves what it can of the body inside the kernel and returns how much. Its
// errors do not say which side failed: the ordinary way is taken then, and finds out.
func (r *relay) splice(body exchange.Body, left int64) (moved int64) {
	source, ok := body.(exchange.Splicer)
	if !ok || r.plain || left < spliceLeast || r.call.conn.tcp == nil {
		return 0
	}
	for moved < left {
		from, n, ok := source.Remaining()
		if !ok || n != left-moved || n < spliceLeast && moved == 0 {
			return moved
		}
		r.call.conn.timer.Arm(r.call.options.Idle)
		step := min(n, spliceStep)
		if step == left-moved {
			r.phase.Store(relayCloses)
		}
		got, err := r.call.conn.tcp.ReadFrom(&io.LimitedReader{R: from, N: step})
		source.Consumed(got)
		r.wrote += got
		moved += got
		if err != nil || got < step {
			r.plain = true
			return moved
		}
	}
	return moved
}
