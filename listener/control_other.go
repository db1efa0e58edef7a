//go:build !linux

package listener

import (
	"errors"
	"syscall"
)

// control sets nothing: defaults do for development.
func control(_, _ string, _ syscall.RawConn) error { return nil }

// isExhausted reports whether accept failed for want of descriptors.
func isExhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}
