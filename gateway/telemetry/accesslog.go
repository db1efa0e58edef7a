package telemetry

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of an AccessLog.
const (
	queuedLines    = 8192
	defaultQueued  = 4 << 20
	batchBytes     = 64 << 10 // one write, if there is enough to write
	defaultLinger  = 50 * time.Millisecond
	keptLines      = 1024    // line buffers kept for reuse
	keptLineBytes  = 4 << 10 // and the largest of them
	firstLineBytes = 512
)

// Format is the form of access-log lines.
type Format uint8

// Formats.
const (
	FormatText Format = iota // Istio's default line; see AppendText
	FormatJSON               // see AppendJSON
)

// AccessLogOptions are the settings of an AccessLog.
type AccessLogOptions struct {
	Format Format
	// QueuedBytes bounds the lines that wait to be written. 0: 4 MiB.
	QueuedBytes int64
	// Linger is how long a line waits for company before it is written. 0: 50 ms.
	Linger time.Duration
	// Log hears when writing begins to fail and when it works again. Nil: nobody.
	Log *slog.Logger
}

// AccessLog writes a line for each request. Log may be called by any number of
// goroutines; one goroutine of its own writes. A nil *AccessLog is off.
type AccessLog struct {
	out     io.Writer
	options AccessLogOptions

	lines  *queue[line]
	spare  *queue[line]
	queued atomic.Int64 // bytes in lines
	closed atomic.Bool

	written, dropped atomic.Uint64

	// The writer sleeps until a line comes, then lingers until a batch is full.
	asleep, lingers atomic.Bool
	wake, full      chan struct{}
	closing, done   chan struct{}
	closeOnce       sync.Once

	// The writer's own.
	batch   []byte
	inBatch uint64
	failing bool
}

type line struct{ text []byte }

// AccessLogStats count lines since the start.
type AccessLogStats struct{ Written, Dropped uint64 }

// NewAccessLog returns a log that writes to out until Close. Out is written to by one
// goroutine at a time, whole lines, and may block for as long as it likes.
func NewAccessLog(out io.Writer, o AccessLogOptions) *AccessLog {
	o.QueuedBytes = cmp.Or(o.QueuedBytes, defaultQueued)
	o.Linger = cmp.Or(o.Linger, defaultLinger)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l := &AccessLog{
		out: out, options: o,
		lines: newQueue[line](queuedLines), spare: newQueue[line](keptLines),
		wake: make(chan struct{}, 1), full: make(chan struct{}, 1),
		closing: make(chan struct{}), done: make(chan struct{}),
		batch: make([]byte, 0, batchBytes+keptLineBytes),
	}
	go l.run()
	return l
}

// Enabled reports whether Log does anything: whether a Record is worth filling.
func (l *AccessLog) Enabled() bool { return l != nil }

// Log encodes r and queues the line. It never blocks: if the queue is full the line is
// dropped and counted. It keeps nothing of r.
func (l *AccessLog) Log(r *Record) {
	if l == nil {
		return
	}
	if l.closed.Load() {
		l.dropped.Add(1)
		return
	}
	ln := l.spare.pop()
	if ln == nil {
		ln = &line{text: make([]byte, 0, firstLineBytes)}
	}
	if l.options.Format == FormatJSON {
		ln.text = AppendJSON(ln.text[:0], r)
	} else {
		ln.text = AppendText(ln.text[:0], r)
	}
	size := int64(len(ln.text))
	queued := l.queued.Add(size)
	if queued > l.options.QueuedBytes || !l.lines.push(ln) {
		l.queued.Add(-size)
		l.dropped.Add(1)
		l.recycle(ln)
		return
	}
	l.rouse(queued)
}

// rouse wakes the writer if it sleeps, or ends its lingering if there is a batch.
func (l *AccessLog) rouse(queued int64) {
	if l.asleep.Load() && l.asleep.CompareAndSwap(true, false) {
		signal(l.wake)
	}
	if queued >= batchBytes && l.lingers.Load() && l.lingers.CompareAndSwap(true, false) {
		signal(l.full)
	}
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default: // there is a signal already
	}
}

func (l *AccessLog) recycle(ln *line) {
	if cap(ln.text) <= keptLineBytes {
		l.spare.push(ln)
	}
}

// Stats returns the counts; zero for a nil log.
func (l *AccessLog) Stats() AccessLogStats {
	if l == nil {
		return AccessLogStats{}
	}
	return AccessLogStats{Written: l.written.Load(), Dropped: l.dropped.Load()}
}

// Close writes what is queued and ends the writer. Lines logged later are dropped. If the
// context ends first, because out is stuck, what was not written is lost and Close
// returns the context's error.
func (l *AccessLog) Close(ctx context.Context) error {
	if l == nil {
		return nil
	}
	l.closeOnce.Do(func() {
		l.closed.Store(true)
		close(l.closing)
	})
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *AccessLog) run() {
	defer close(l.done)
	for l.await() {
		l.drain()
	}
	l.drain()
}

// await returns when there is something to write; false when the log is closing.
func (l *AccessLog) await() bool {
	l.asleep.Store(true)
	if l.lines.empty() { // after the flag is up: who pushes now sees it
		select {
		case <-l.wake:
		case <-l.closing:
			return false
		}
	}
	l.asleep.Store(false)
	l.lingers.Store(true)
	defer l.lingers.Store(false)
	if l.queued.Load() >= batchBytes {
		return true
	}
	select {
	case <-time.After(l.options.Linger):
	case <-l.full:
	case <-l.closing:
		return false
	}
	return true
}

// drain writes every line that is queued, in batches.
func (l *AccessLog) drain() {
	for {
		ln := l.lines.pop()
		if ln == nil {
			l.flush()
			return
		}
		l.batch = append(l.batch, ln.text...)
		l.inBatch++
		l.queued.Add(-int64(len(ln.text)))
		l.recycle(ln)
		if len(l.batch) >= batchBytes {
			l.flush()
		}
	}
}

func (l *AccessLog) flush() {
	if l.inBatch == 0 {
		return
	}
	_, err := l.out.Write(l.batch)
	switch {
	case err == nil:
		l.written.Add(l.inBatch)
	default:
		l.dropped.Add(l.inBatch)
	}
	if failing := err != nil; failing != l.failing {
		l.failing = failing
		if failing {
			l.options.Log.Error("access log cannot be written, lines are dropped", "error", err)
		} else {
			l.options.Log.Info("access log can be written again", "dropped", l.dropped.Load())
		}
	}
	l.batch, l.inBatch = l.batch[:0], 0
}
