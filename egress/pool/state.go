package pool

import (
	"net"
	"syscall"
	"time"
)

// State is what a Pool keeps of a connection. Call Init before it is pooled.
type State struct {
	raw    syscall.RawConn // nil: nothing to look at
	look   func(fd uintptr) bool
	seen   Reason // by the last look
	byte   [1]byte
	shard  uint8
	served int
	since  time.Time // idle since
}

// Init ties the state to its connection. A connection that is no socket is never
// found stale.
func (s *State) Init(conn net.Conn) error {
	*s = State{}
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return err
	}
	s.raw = raw
	s.look = func(fd uintptr) bool { // made once: a look does not allocate
		s.seen = peek(fd, &s.byte)
		return true
	}
	return nil
}

// Served returns how many requests the connection has served and given back; 0 tells
// a new one.
func (s *State) Served() int { return s.served }

// check looks, without waiting, whether the connection still stands. It does not take
// a byte from it.
func (s *State) check() Reason {
	if s.raw == nil {
		return closedNot
	}
	if err := s.raw.Read(s.look); err != nil {
		return ClosedByPeer
	}
	return s.seen
}
