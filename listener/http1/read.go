package http1

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// readIdle waits for bytes into c.in, which holds none, and owns no buffer while it
// waits.
func (c *conn) readIdle() error {
	if c.raw != nil {
		c.dst = nil
		return c.readRaw(&c.in)
	}
	c.in.release()
	n, err := c.stream.Read(c.first[:])
	if n == 0 {
		return noBytes(err)
	}
	c.in.space()[0] = c.first[0]
	c.in.w++
	return nil
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

// readReady reads from the descriptor, or reports that it would have to wait. With no
// dst it reads into c.in and holds a buffer only for the attempt.
func (c *conn) readReady(fd uintptr) bool {
	dst := c.dst
	if dst == nil {
		dst = c.in.space()
	}
	for {
		c.n, c.err = syscall.Read(int(fd), dst)
		if c.err != syscall.EINTR {
			break
		}
	}
	if c.err != syscall.EAGAIN {
		return true
	}
	if c.dst == nil {
		c.in.release()
	}
	return false
}

func noBytes(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
