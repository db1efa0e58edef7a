package http1

import (
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// Splicing takes a pipe and two system calls for each time bytes have come. Measured on
// loopback (BenchmarkRelay) it costs the CPU that copying by way of 64 KiB does, and no
// buffer and no cache: worth it for what is large. spliceTurn bounds the bytes between
// two looks at the clock.
const (
	spliceMin  = 256 << 10
	spliceTurn = 1 << 20
)

var (
	errBodyShort = &exchange.Error{
		Kind: exchange.KindUpstreamReset, Source: exchange.SourceUpstream, Reason: "content_short",
	}
	errBodyLong = &exchange.Error{
		Kind: exchange.KindUpstreamProtocol, Source: exchange.SourceUpstream, Reason: "content_long",
	}
)

// writeBody writes the gathered head and the content to its end.
func (c *conn) writeBody(ex *exchange.Exchange, hasBody bool) error {
	if !hasBody {
		return c.flush()
	}
	if ex.Response.Body == nil {
		_ = c.flush() // the response is broken either way
		return errBodyShort
	}
	if ex.Response.Framing == exchange.FramingLength {
		return c.relayLength(ex.Response.Body, ex.Response.ContentLength)
	}
	return c.relayOpen(ex.Response.Body, ex.Response.Framing == exchange.FramingChunked)
}

// relayLength writes content of a known length, and never a byte more.
func (c *conn) relayLength(body exchange.Body, left int64) error {
	ready, _ := body.(exchange.Readier)
	splicer, _ := body.(exchange.Splicer)
	for first := true; ; first = false {
		// Content of a known length is sure to come: its first bytes are waited for.
		if wait := !first && (ready == nil || !ready.Ready()); wait {
			if err := c.flush(); err != nil {
				return err
			}
			if splicer != nil && left >= spliceMin && c.tcp != nil {
				n, err := c.splice(splicer, left)
				if left -= n; err != nil || left == 0 {
					return err
				}
			}
			c.leave()
		}
		piece, err := body.Next()
		if int64(len(piece)) > left {
			_ = c.send(piece[:left], false) // the response is broken either way
			_ = c.flush()
			return errBodyLong
		}
		if len(piece) > 0 {
			left -= int64(len(piece))
			if err := c.send(piece, false); err != nil {
				return err
			}
		}
		switch {
		case left == 0 && (err == nil || err == io.EOF): //nolint:errorlint // a failure may wrap an EOF as its cause: the bare one alone is the end
			return c.flush()
		case err != nil:
			_ = c.flush()
			return short(err)
		}
	}
}

// relayOpen writes content whose end is not known. The head does not wait for it.
func (c *conn) relayOpen(body exchange.Body, chunked bool) error {
	ready, _ := body.(exchange.Readier)
	for {
		if ready == nil || !ready.Ready() {
			if err := c.flush(); err != nil {
				return err
			}
			c.leave()
		}
		piece, err := body.Next()
		if len(piece) > 0 {
			if err := c.send(piece, chunked); err != nil {
				return err
			}
		}
		switch {
		case err == nil:
			continue
		case err != io.EOF: //nolint:errorlint // a failure may wrap an EOF as its cause: the bare one alone is the end
			_ = c.flush() // the response is broken either way
			return err
		case chunked:
			c.out.b = wire.AppendLastChunk(c.out.b, c.trailers(body))
		}
		return c.flush()
	}
}

// trailers returns the trailer fields that the client gets.
func (c *conn) trailers(body exchange.Body) *exchange.Fields {
	if !c.ex.Request.AcceptsTrailers && !c.ex.Response.Fields.Has(exchange.FieldTrailer) {
		return nil
	}
	return body.Trailers()
}

// short is what an early end of content is called.
func short(err error) error {
	if err == io.EOF { //nolint:errorlint // a failure may wrap an EOF as its cause: the bare one alone is the end
		return errBodyShort
	}
	return err
}

// splice moves content from the endpoint's connection to the client's in the kernel,
// if it can. It returns how many bytes went.
func (c *conn) splice(from exchange.Splicer, left int64) (moved int64, err error) {
	src, n, ok := from.Remaining()
	if !ok || n < spliceMin {
		return 0, nil
	}
	for n = min(n, left); n > 0; {
		c.armWrite()
		turn := &io.LimitedReader{R: src, N: min(n, spliceTurn)}
		got, err := c.tcp.ReadFrom(turn)
		from.Consumed(got)
		c.ex.BytesSent += got
		moved, n = moved+got, n-got
		switch {
		case err != nil:
			return moved, c.spliceFailed(err)
		case got == 0:
			return moved, errBodyShort
		}
	}
	return moved, nil
}

// spliceFailed tells whose fault a failed splice is: a broken pipe and our own timer are
// the client's side, the rest is the endpoint's.
func (c *conn) spliceFailed(err error) error {
	if isTimeout(err) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed) {
		return c.written(err)
	}
	return errBodyShort
}
