package http1

import "golang.org/x/sys/unix"

// hungUp looks for a reset or, unless half is set, an end of the peer's direction. Unlike a
// peek it sees an end that has bytes before it.
func hungUp(fd uintptr, half bool) bool {
	fds := []unix.PollFd{{Fd: int32(fd)}} // errors and hang-ups of both directions are always told
	if !half {
		fds[0].Events = unix.POLLRDHUP
	}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0
}
