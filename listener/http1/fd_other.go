//go:build !linux

package http1

import (
	"errors"
	"syscall"
)

func readFD(fd uintptr, b []byte) (int, error)  { return callFD(syscall.Read, fd, b) }
func writeFD(fd uintptr, b []byte) (int, error) { return callFD(syscall.Write, fd, b) }

func callFD(call func(int, []byte) (int, error), fd uintptr, b []byte) (int, error) {
	for {
		n, err := call(int(fd), b)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return 0, errAgain
		}
		return n, err
	}
}
