package http1

import (
	"syscall"
	"unsafe"
)

// readFD and writeFD are calls on a descriptor that never blocks, so that the scheduler
// need not hear of them.
func readFD(fd uintptr, b []byte) (int, error)  { return callFD(syscall.SYS_READ, fd, b) }
func writeFD(fd uintptr, b []byte) (int, error) { return callFD(syscall.SYS_WRITE, fd, b) }

func callFD(trap, fd uintptr, b []byte) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall(trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			return 0, errAgain
		default:
			return 0, errno
		}
	}
}
