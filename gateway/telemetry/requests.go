package telemetry

import (
	"container/list"
	"sync/atomic"
	"time"
)

// maxCells bounds the pairs of status and flag that one destination's series can have;
// origins choose statuses. What is more is counted under "unknown".
const maxCells = 64

// bounds are Istio's default histogram buckets, for milliseconds and for bytes alike.
var bounds = [...]float64{
	0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000,
	300_000, 600_000, 1_800_000, 3_600_000,
}

// The same in the integers that are observed: a value is in the first bucket whose
// bound it does not pass.
var microsecondBounds, byteBounds = func() (us, b [len(bounds)]int64) {
	for i, bound := range bounds {
		us[i], b[i] = int64(bound*1000), int64(bound)
	}
	return us, b
}()

// Requests counts the requests to one destination. Get it from Registry.Requests when
// what sends there is compiled, Release it when that is gone. It may be used by any
// number of goroutines.
type Requests struct {
	registry *Registry
	key      Destination
	labels   []string // of requestLabels, without code and flags

	// cells is never nil, and is copied to be extended, so that readers need no lock.
	cells atomic.Pointer[[]cell]

	// Guarded by Registry.mu.
	refs int
	idle *list.Element // in Registry.idle while refs is 0
}

// cell counts the requests that ended with one status and flag.
type cell struct {
	code   int // -1: any other
	flag   string
	counts *counts
}

type counts struct {
	duration histogram // µs
	received histogram // bytes
	sent     histogram // bytes
}

type histogram struct {
	buckets [len(bounds) + 1]atomic.Uint64 // each counts its own values only
	sum     atomic.Uint64
}

func (h *histogram) observe(bounds *[len(bounds)]int64, v int64) {
	v = max(v, 0)
	i := 0
	for i < len(bounds) && v > bounds[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.sum.Add(uint64(v))
}

// Observe counts one request at its end: the status sent (0 if the client was gone), the
// response flag ("" or "-" for none), how long it took, and the bytes of content received
// from and sent to the client. It neither allocates nor waits, but for the first request
// of a status and flag.
func (r *Requests) Observe(code int, flag string, took time.Duration, received, sent int64) {
	c := r.cell(code, flag)
	c.duration.observe(&microsecondBounds, took.Microseconds())
	c.received.observe(&byteBounds, received)
	c.sent.observe(&byteBounds, sent)
}

func (r *Requests) cell(code int, flag string) *counts {
	if flag == "" {
		flag = "-"
	}
	if code < 0 || code > 999 {
		code = -1
	}
	for {
		old := r.cells.Load()
		if c := find(*old, code, flag); c != nil {
			return c
		}
		if len(*old) >= maxCells || flag != labelValue(flag) {
			code, flag = -1, unknown
			if c := find(*old, code, flag); c != nil {
				return c
			}
		}
		c := new(counts)
		extended := append((*old)[:len(*old):len(*old)], cell{code, flag, c})
		if r.cells.CompareAndSwap(old, &extended) {
			return c
		}
	}
}

func find(cells []cell, code int, flag string) *counts {
	for i := range cells {
		if cells[i].code == code && cells[i].flag == flag {
			return cells[i].counts
		}
	}
	return nil
}

// Release says that the holder will use the handle no more. Its series stay until their
// room is needed: a counter that goes away and comes back loses no count.
func (r *Requests) Release() { r.registry.release(r) }
