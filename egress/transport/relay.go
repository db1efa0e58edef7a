package transport

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// Interrupter is what a request body may also be: Interrupt makes a Next that waits for
// the client return an error soon. It may be called from any goroutine. Without it
// Finish waits until the client sends, goes or is timed out by its listener.
type Interrupter interface {
	Interrupt()
}

// relay carries the request's body to the origin while the response is awaited.
type relay struct {
	call    *Call
	started bool
	plain   bool  // splicing has failed
	length  int64 // declared; -1: chunked
	wrote   int64 // bytes on the wire; the relay's until it ended

	phase  atomic.Int32
	failed atomic.Pointer[exchange.Error] // the client's fault
	ended  sync.WaitGroup
}

// Phases of a relay.
const (
	relayRuns    = iota
	relayCloses  // the last write is under way: no use in stopping it
	relayDone    // all was written
	relayStopped // not all was written, and never will be
)

func (r *relay) start(c *Call) {
	r.call, r.started = c, true
	r.phase.Store(relayRuns)
	r.ended.Add(1)
	go r.run()
}

// fault returns the client's error that ended the relay, or nil.
func (r *relay) fault() *exchange.Error {
	if !r.started {
		return nil
	}
	return r.failed.Load()
}

func (r *relay) run() {
	defer r.ended.Done()
	defer func() {
		if v := recover(); v != nil { // a body's fault ends this stream and no other
			r.give(errRelayPanic)
		}
	}()
	err := r.copy()
	if err == nil {
		r.phase.Store(relayDone)
		return
	}
	if e, ok := errors.AsType[*sourceError](err); ok {
		// The origin must not take half a body for a whole one, nor may the
		// response be waited for.
		r.give(clientFault(e.error))
		return
	}
	// The origin's fault needs nothing more: an early answer may still be read.
	r.phase.Store(relayStopped)
}

// give ends the call with an error that is not the origin's.
func (r *relay) give(e *exchange.Error) {
	r.phase.Store(relayStopped)
	r.failed.Store(e)
	r.call.conn.interrupt()
}

// sourceError marks what came from the request's body.
type sourceError struct{ error }

func (r *relay) copy() error {
	if r.length < 0 {
		return r.copyChunked()
	}
	left := r.length
	body := r.call.ex.Request.Body
	for left > 0 {
		if left -= r.splice(body, left); left == 0 {
			break
		}
		b, bodyErr := body.Next()
		if int64(len(b)) > left {
			return &sourceError{errBodyTooLong}
		}
		if left -= int64(len(b)); left == 0 {
			r.phase.Store(relayCloses)
		}
		if err := r.write(b); err != nil {
			return err
		}
		if bodyErr != nil && left > 0 {
			return &sourceError{bodyErr}
		}
	}
	return nil
}

func (r *relay) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	r.call.conn.timer.Arm(r.call.options.Idle)
	n, err := r.call.conn.net.Write(b)
	r.wrote += int64(n)
	return err
}

// copyChunked frames each piece as one chunk. The buffer is filled as far as it goes so
// that a chunk and what ends the body are one write.
func (r *relay) copyChunked() error {
	buffer := wire.GetSmall()
	defer wire.PutSmall(buffer)
	body := r.call.ex.Request.Body
	for {
		b, err := body.Next()
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return &sourceError{err}
		}
		out := buffer[:0]
		if len(b) > 0 {
			out = wire.AppendChunkHeader(out, len(b))
			if len(b) <= wire.SmallBuffer/2 {
				out = append(out, b...)
			} else {
				if e := r.write(out); e != nil {
					return e
				}
				if e := r.write(b); e != nil {
					return e
				}
				out = buffer[:0]
			}
			out = wire.AppendChunkEnd(out)
		}
		if ended {
			r.phase.Store(relayCloses)
			return r.write(wire.AppendLastChunk(out, body.Trailers()))
		}
		if e := r.write(out); e != nil {
			return e
		}
	}
}

// closing is how long the end of a relay may take once the response has come.
const closing = time.Second

// stop ends the relay and waits for it. It reports whether all was written.
func (r *relay) stop() (complete bool) {
	if !r.started {
		return true
	}
	switch r.phase.Load() {
	case relayDone:
		r.ended.Wait()
		return true
	case relayRuns:
		r.interrupt()
		r.ended.Wait()
		return false
	}
	interrupted := make(chan struct{})
	late := time.AfterFunc(closing, func() {
		r.interrupt()
		close(interrupted)
	})
	r.ended.Wait()
	if !late.Stop() {
		<-interrupted
		return false
	}
	return r.phase.Load() == relayDone
}

// interrupt ends the waiting of both sides.
func (r *relay) interrupt() {
	r.call.conn.interrupt()
	if i, ok := r.call.ex.Request.Body.(Interrupter); ok {
		i.Interrupt()
	}
}
