package http1

import (
	"net"
	"sync"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
	"github.com/fairlead-mesh/fairlead/listener"
)

// outputSize is how much of a response is gathered into one write.
const outputSize = 16 << 10

// chunkOverhead is room for a chunk's framing: 16 digits, two CRLFs; the last chunk
// without trailers, too.
const chunkOverhead = 32

// output gathers what is to be written. It is pooled and held while a response is
// being written.
type output struct {
	b       []byte
	vec     net.Buffers
	parts   [3][]byte
	storage [outputSize]byte
}

var outputs = sync.Pool{New: func() any { return new(output) }}

func getOutput() *output {
	o := outputs.Get().(*output)
	o.b = o.storage[:0]
	return o
}

func putOutput(o *output) {
	o.b, o.vec, o.parts = nil, nil, [3][]byte{}
	outputs.Put(o)
}

// fits reports whether n bytes of content and their framing can be gathered.
func (o *output) fits(n int) bool { return len(o.b)+n+chunkOverhead <= outputSize }

var (
	crlf = []byte("\r\n")

	errClientGone = &exchange.Error{Kind: exchange.KindClientGone, Source: exchange.SourceClient}
	errClientIdle = &exchange.Error{
		Kind: exchange.KindStreamIdle, Source: exchange.SourceClient,
		Reason: listener.ReasonStreamIdle,
	}
)

// flush writes what was gathered.
func (c *conn) flush() error {
	o := c.out
	if len(o.b) == 0 {
		return nil
	}
	c.armWrite()
	rest := o.b
	if c.held != noFD {
		// The descriptor is at hand and takes most responses whole. An error shows again
		// below.
		n, _ := writeFD(c.held, rest)
		rest = rest[max(n, 0):]
	}
	var err error
	if len(rest) > 0 {
		_, err = c.stream.Write(rest)
	}
	o.b = o.storage[:0]
	return c.written(err)
}

// flushWith writes what was gathered and then piece, in one system call where the
// connection can, and without copying piece.
func (c *conn) flushWith(piece, after []byte) error {
	o := c.out
	o.parts = [3][]byte{o.b, piece, after}
	o.vec = o.parts[:]
	if len(after) == 0 {
		o.vec = o.parts[:2]
	}
	if len(o.b) == 0 {
		o.vec = o.vec[1:]
	}
	c.armWrite()
	var err error
	if len(o.vec) == 1 {
		_, err = c.stream.Write(piece)
	} else {
		_, err = o.vec.WriteTo(c.stream)
	}
	o.b = o.storage[:0]
	return c.written(err)
}

// written turns a failed write into what it means.
func (c *conn) written(err error) error {
	switch {
	case err == nil:
		return nil
	case isTimeout(err):
		c.server.Stats.Refuse(listener.ReasonStreamIdle)
		return errClientIdle
	}
	return errClientGone
}

// send gathers or writes a piece of content.
func (c *conn) send(piece []byte, chunked bool) error {
	o := c.out
	c.ex.BytesSent += int64(len(piece))
	if o.fits(len(piece)) {
		if !chunked {
			o.b = append(o.b, piece...)
			return nil
		}
		o.b = wire.AppendChunkHeader(o.b, len(piece))
		o.b = append(o.b, piece...)
		o.b = wire.AppendChunkEnd(o.b)
		return nil
	}
	if !chunked {
		return c.flushWith(piece, nil)
	}
	if !o.fits(0) {
		if err := c.flush(); err != nil {
			return err
		}
	}
	o.b = wire.AppendChunkHeader(o.b, len(piece))
	return c.flushWith(piece, crlf)
}

var continueLine = []byte("HTTP/1.1 100 Continue\r\n\r\n")

// sendContinue tells a client that waits for it to send its content. It reports false
// if the content will not come, since the response has begun.
func (c *conn) sendContinue(ex *exchange.Exchange) bool {
	if !ex.Request.ExpectContinue {
		return true
	}
	c.interim.Lock()
	defer c.interim.Unlock()
	if c.continued {
		return true
	}
	if c.responded {
		return false
	}
	c.continued = true
	_ = c.stream.SetWriteDeadline(time.Now().Add(answerTime)) // fails only if closed
	_, err := c.stream.Write(continueLine)
	_ = c.stream.SetWriteDeadline(time.Time{})
	return err == nil
}
