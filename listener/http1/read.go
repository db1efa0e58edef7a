package http1

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"
)

// readIdle waits for bytes into c.in, which holds none, and owns no buffer while it
// waits. On plain TCP it serves requests itself, as far as idleReady can.
func (c *conn) readIdle() error {
	if c.raw != nil {
		c.err = nil
		if err := c.raw.Read(c.idle); err != nil {
			return err
		}
		return c.err
	}
	c.in.release()
	n, err := c.stream.Read(c.first[:])
	if n == 0 {
		return noBytes(err)
	}
	c.in.space()[0] = c.first[0]
	c.in.w++
	c.endIdleWait()
	return nil
}

// provenRequests is after how many requests a connection is taken for one whose client
// does not end its direction together with a request. probeTime is when it is read from
// all the same.
const (
	provenRequests = 2
	probeTime      = time.Second
)

// idleReady is called by the poller: first at once, then each time the descriptor has
// become readable. Requests without content are served right here, inside the call.
// The poller remembers what becomes readable meanwhile, so that the next wait needs no
// attempt to read first, which nearly always finds nothing and costs a system call.
//
// What the poller does not tell again is an end (FIN) that came together with the
// bytes of the request. Connections that are not proven make the attempt at once,
// others when they have been idle for probeTime.
//
// Inside the call the descriptor's read lock is held: nothing here may read the stream
// by another way. What needs that (an incomplete head, content, an upgrade, a refusal)
// makes idleReady return true and is gone on with outside.
func (c *conn) idleReady(fd uintptr) bool {
	c.held = fd
	done := c.serveIdle(fd)
	c.held = noFD
	return done
}

func (c *conn) serveIdle(fd uintptr) bool {
	for {
		dst := c.in.space()
		n, err := readFD(fd, dst)
		if err == errAgain { //nolint:errorlint // our own value, on every request
			c.in.release()
			return false
		}
		if n <= 0 {
			c.err = noBytes(err)
			return true
		}
		c.in.w += n
		c.probing = false
		c.endIdleWait()
		if !c.serveHere() || c.in.r < c.in.w {
			return true
		}
		c.beginIdle()
		if n < len(dst) && c.served >= provenRequests {
			c.in.release()
			c.probing = true
			if !c.lc.Draining() {
				c.timer.Arm(min(probeTime, c.settings.Timeouts.Idle))
			}
			return false
		}
	}
}

// readMore reads more into c.in.
func (c *conn) readMore() error { return c.readInto(&c.in, c.in.space()) }

// readInto reads once into dst, which is (the beginning of) in.space().
func (c *conn) readInto(in *input, dst []byte) error {
	if c.raw != nil {
		c.dst = dst
		return c.readRaw(in)
	}
	n, err := c.stream.Read(dst)
	if n == 0 {
		return noBytes(err)
	}
	in.w += n
	return nil
}

func (c *conn) readRaw(in *input) error {
	if err := c.raw.Read(c.ready); err != nil {
		return err
	}
	if c.n <= 0 {
		return noBytes(c.err)
	}
	in.w += c.n
	return nil
}

// readReady reads from the descriptor into dst, or reports that it would have to wait.
func (c *conn) readReady(fd uintptr) bool {
	c.n, c.err = readFD(fd, c.dst)
	return c.err != errAgain //nolint:errorlint // our own value
}

// errAgain says that a descriptor would have to wait. An error value made of EAGAIN each
// time would allocate.
var errAgain error = syscall.EAGAIN

func noBytes(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
