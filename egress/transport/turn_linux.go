package transport

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// turn is one write and the read of what comes back, as one operation of the runtime's
// poller. A Read of net.Conn tries first and waits only after the kernel said "not yet",
// which it nearly always does right after a request was written. Here readiness is
// forgotten before the write, so that it can only announce what came after it: the
// connection waits first and reads once. That saves a system call for each request.
//
// An end of stream that came before is forgotten too. An endpoint that has closed answers
// the write with a reset, which wakes us; one that only closed its direction, between the
// pool's look at it and the write, and still reads, is noticed by the connection's timer.
type turn struct {
	out   []byte
	in    []byte
	wrote int // -1: not tried
	got   int
	errno unix.Errno
	step  func(fd uintptr) (done bool)
}

func (t *turn) init() { t.step = t.do }

// do is called until it returns true; between the calls the poller waits for the socket
// to be readable.
func (t *turn) do(fd uintptr) bool {
	if t.wrote < 0 {
		t.wrote = 0
		n, errno := call(unix.SYS_WRITE, fd, t.out)
		if errno == unix.EAGAIN {
			return true // the rest is written in the ordinary way
		}
		if t.errno = errno; errno != 0 {
			return true
		}
		t.wrote = n
		return n < len(t.out)
	}
	n, errno := call(unix.SYS_READ, fd, t.in)
	if errno == unix.EAGAIN {
		return false
	}
	t.got, t.errno = n, errno
	return true
}

// call is a read or write that never blocks, so that the scheduler need not know.
func call(trap, fd uintptr, b []byte) (int, unix.Errno) {
	for {
		n, _, errno := unix.RawSyscall(trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		if errno == unix.EINTR {
			continue
		}
		if errno != 0 {
			return 0, errno
		}
		return int(n), 0
	}
}

// exchange writes out and reads once into in. It returns how many bytes were written
// and read; read is 0 without an error at the end of the stream.
func (c *Conn) exchange(out, in []byte) (wrote, read int, err error) {
	if c.raw == nil {
		return c.exchangeSlowly(out, in)
	}
	t := &c.turn
	t.out, t.in, t.wrote, t.got, t.errno = out, in, -1, 0, 0
	err = c.raw.Read(t.step)
	t.out, t.in = nil, nil
	wrote = max(0, t.wrote)
	if err != nil {
		return wrote, 0, err
	}
	if t.errno != 0 {
		return wrote, 0, t.errno
	}
	if wrote < len(out) {
		n, got, err := c.exchangeSlowly(out[wrote:], in)
		return wrote + n, got, err
	}
	return wrote, t.got, nil
}
