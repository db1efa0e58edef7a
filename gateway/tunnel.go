package gateway

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
	"github.com/fairlead-mesh/fairlead/listener"
)

// tunnelSteps is how often in its idle time a direction of a tunnel looks at the clock. What
// moved is known a step late, so a tunnel ends between its idle time and three steps more.
const tunnelSteps = 8

// tunnel relays bytes both ways after a switch of protocols. Each direction ends alone
// (half-close). The tunnel ends when both have, when either fails, when no byte went either
// way for the idle time, and at a drain's deadline, as that closes the client's connection.
type tunnel struct {
	idle  time.Duration
	moved atomic.Int64 // when bytes last went, by the process's clock
	stale atomic.Bool  // ended for want of them
	start time.Time
}

var errTunnelIdle = &exchange.Error{
	Kind: exchange.KindStreamIdle, Source: exchange.SourceUs, Reason: listener.ReasonStreamIdle,
}

// tunnel serves an exchange whose 101 was sent, to its end.
func (g *Gateway) tunnel(ex *exchange.Exchange, idle time.Duration) {
	down, err := ex.Downstream.Tunnel()
	if err != nil {
		return
	}
	defer down.Close()
	up, err := ex.Upstream.Tunnel()
	if err != nil {
		return
	}
	defer up.Close()
	t := &tunnel{idle: idle, start: time.Now()}
	// What was read along with the heads goes first; then the bytes can stay in the
	// kernel.
	received, err := t.flush(up, down)
	ex.BytesReceived += received
	if err != nil {
		return
	}
	sent, err := t.flush(down, up)
	ex.BytesSent += sent
	if err != nil {
		return
	}
	upwards := make(chan int64, 1)
	go func() { upwards <- t.relay(up, down) }()
	ex.BytesSent += t.relay(down, up)
	ex.BytesReceived += <-upwards
	if t.stale.Load() {
		ex.Failure = errTunnelIdle
		g.stats.Refuse(listener.ReasonStreamIdle)
	}
}

// flush sends on what src has buffered above its connection. It does not wait for more.
func (t *tunnel) flush(dst, src exchange.Duplex) (int64, error) {
	from, ok := src.(exchange.TCPDuplex)
	if !ok {
		return 0, nil
	}
	var sent int64
	buf := wire.GetSmall()
	defer wire.PutSmall(buf)
	setWriteDeadline(dst, time.Now().Add(t.idle))
	for from.Buffered() > 0 {
		n, err := src.Read(buf[:])
		if err != nil {
			return sent, err
		}
		n, err = dst.Write(buf[:n])
		sent += int64(n)
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// relay copies until src ends and then ends dst's direction. An error ends both, so that
// the other direction does not wait for a peer that is gone. It returns the bytes copied.
func (t *tunnel) relay(dst, src exchange.Duplex) (total int64) {
	to, from := writer(dst), reader(src)
	step := t.idle / tunnelSteps
	for {
		// A read that times out has taken nothing: the copy is gone on with. A write that
		// does has waited for the idle time at least, and its bytes are lost.
		start := time.Now()
		setReadDeadline(src, start.Add(step))
		setWriteDeadline(dst, start.Add(step+t.idle))
		n, err := io.Copy(to, from)
		total += n
		if n > 0 {
			t.moved.Store(int64(time.Since(t.start)))
		}
		switch {
		case err == nil:
			if dst.CloseWrite() == nil {
				return total
			}
		case errors.Is(err, os.ErrDeadlineExceeded):
			took := time.Since(start)
			if took < step+t.idle && time.Since(t.start)-time.Duration(t.moved.Load()) < step+t.idle {
				continue
			}
			t.stale.Store(true)
		}
		_ = dst.Close() // of no use any more, whatever Close says
		_ = src.Close()
		return total
	}
}

// setReadDeadline bounds reading from those that can be bounded.
func setReadDeadline(d exchange.Duplex, at time.Time) {
	if c, ok := d.(interface{ SetReadDeadline(time.Time) error }); ok {
		_ = c.SetReadDeadline(at) // fails only if closed
	}
}

// setWriteDeadline bounds writing to those that can be bounded.
func setWriteDeadline(d exchange.Duplex, at time.Time) {
	if c, ok := d.(interface{ SetWriteDeadline(time.Time) error }); ok {
		_ = c.SetWriteDeadline(at) // fails only if closed
	}
}

// reader and writer return the connection itself where there is one: io.Copy splices
// between two of them.
func reader(d exchange.Duplex) io.Reader {
	if c := plain(d); c != nil {
		return c
	}
	return d
}

func writer(d exchange.Duplex) io.Writer {
	if c := plain(d); c != nil {
		return c
	}
	return d
}

func plain(d exchange.Duplex) *net.TCPConn {
	if t, ok := d.(exchange.TCPDuplex); ok {
		return t.TCPConn()
	}
	return nil
}

// asFailure turns an error of writing a response into the record of it.
func asFailure(err error) *exchange.Error {
	if e, ok := errors.AsType[*exchange.Error](err); ok {
		return e
	}
	return errGone
}
