package listener

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

// acceptLinger is how long a draining socket goes on accepting, so that connections the
// kernel has already established are served and not reset.
const acceptLinger = 50 * time.Millisecond

// forceGrace is what connections closed by force have to end in, so that requests and
// tunnels on them are counted and logged.
const forceGrace = time.Second

// Drain stops accepting and lets connections end: after their next response, or when they
// have been idle for a moment more. When ctx ends first, what is left is closed by force, and the error
// says how many that were.
func (s *Socket) Drain(ctx context.Context) error {
	s.stopAccepting(acceptLinger)
	for _, c := range s.close() {
		c.Drain()
	}
	select {
	case <-s.empty:
		return nil
	case <-ctx.Done():
	}
	left := s.close()
	for _, c := range left {
		c.force()
	}
	s.stats.ForcedClosed.Add(int64(len(left)))
	select {
	case <-s.empty:
	case <-time.After(forceGrace):
	}
	return fmt.Errorf("listener: port %d: %d connections closed by force: %w",
		s.port, len(left), context.Cause(ctx))
}

// Close stops accepting and closes every connection. It does not wait for handlers.
func (s *Socket) Close() {
	s.stopAccepting(0)
	for _, c := range s.close() {
		c.Drain()
		c.force()
	}
}

// stopAccepting ends Serve within linger, if it runs, and waits for that.
func (s *Socket) stopAccepting(linger time.Duration) {
	s.mu.Lock()
	serving := s.serving
	select {
	case <-s.closing:
	default:
		close(s.closing)
	}
	s.mu.Unlock()
	if !serving || linger == 0 {
		s.listener.Close()
	} else {
		// An error means that the socket is closed already.
		_ = s.listener.SetDeadline(time.Now().Add(linger))
	}
	if serving {
		<-s.ended
	}
}

// close marks the socket closed and returns the connections left.
func (s *Socket) close() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.checkEmpty()
	return slices.Collect(maps.Keys(s.conns))
}
