package listener

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// Keep-alive probes find peers that vanished without a FIN: after a minute of silence,
// four probes 15 s apart.
const (
	keepAliveIdle     = 60
	keepAliveInterval = 15
	keepAliveCount    = 4
)

// control sets what accepted connections inherit. SO_REUSEPORT lets the next process
// bind before this one has let go.
func control(_, _ string, raw syscall.RawConn) error {
	var failed error
	err := raw.Control(func(fd uintptr) {
		for _, o := range [...]struct{ level, name, value int }{
			{unix.SOL_SOCKET, unix.SO_REUSEPORT, 1},
			{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
			{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, keepAliveIdle},
			{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, keepAliveInterval},
			{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, keepAliveCount},
			{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
		} {
			if err := unix.SetsockoptInt(int(fd), o.level, o.name, o.value); err != nil {
				failed = err
				return
			}
		}
	})
	return errors.Join(err, failed)
}

// isExhausted reports whether accept failed for want of something that closing
// connections brings back.
func isExhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) ||
		errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM)
}
