package pool

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// peek tells a connection that is silent from one that ended, failed or talks. It calls
// the kernel directly, as unix.Recvfrom allocates room for an address.
func peek(fd uintptr, buf *[1]byte) Reason {
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(buf)),
			1, unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0)
		switch {
		case errno == unix.EINTR:
			continue
		case errno == unix.EAGAIN:
			return closedNot
		case errno != 0 || n == 0:
			return ClosedByPeer
		}
		return ClosedStrayBytes
	}
}
