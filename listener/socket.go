package listener

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Options say what to bind.
type Options struct {
	// Address is the IP address to bind; empty for all, IPv4 and IPv6.
	Address string
	// Port is the configuration's; PortOffset is added to it for the socket alone. Port
	// 0 without an offset lets the kernel choose.
	Port       uint16
	PortOffset int

	Settings *Settings
	Stats    *Stats
	Log      *slog.Logger
}

// Socket is a bound TCP socket and the connections accepted on it. One goroutine
// accepts: the work is in the connections, and each has a goroutine of its own.
type Socket struct {
	listener *net.TCPListener
	port     uint16
	settings atomic.Pointer[Settings]
	stats    *Stats
	log      *slog.Logger

	active   atomic.Int64
	accepted atomic.Int64
	waiting  atomic.Bool   // the acceptor waits for room
	room     chan struct{} // capacity 1
	closing  chan struct{} // closed when accepting is to end
	ended    chan struct{} // closed when it has

	mu      sync.Mutex
	serving bool
	closed  bool
	conns   map[*Conn]struct{}
	empty   chan struct{} // closed when a closed socket has no connection left
}

// Open binds. The error names the address and the port.
func Open(o Options) (*Socket, error) {
	port := int(o.Port) + o.PortOffset
	if port < 0 || port > 65535 {
		return nil, fmt.Errorf("listener: port %d with offset %d is not a port", o.Port, o.PortOffset)
	}
	address := net.JoinHostPort(o.Address, strconv.Itoa(port))
	// Keep-alive probes are set on the socket and inherited, which saves four system
	// calls for each connection.
	config := net.ListenConfig{Control: control, KeepAlive: -1}
	l, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		if opErr, ok := errors.AsType[*net.OpError](err); ok {
			err = opErr.Err
		}
		return nil, fmt.Errorf("listener: bind %s (port %d, offset %d): %w",
			address, o.Port, o.PortOffset, err)
	}
	s := &Socket{
		listener: l.(*net.TCPListener), port: o.Port, stats: o.Stats, log: o.Log,
		room: make(chan struct{}, 1), closing: make(chan struct{}),
		ended: make(chan struct{}), empty: make(chan struct{}), conns: make(map[*Conn]struct{}),
	}
	s.settings.Store(o.Settings)
	return s, nil
}

// Addr returns the address bound.
func (s *Socket) Addr() netip.AddrPort { return addrPort(s.listener.Addr()) }

// Active returns the number of open connections.
func (s *Socket) Active() int { return int(s.active.Load()) }

// Accepted returns the number of connections accepted since Open.
func (s *Socket) Accepted() int64 { return s.accepted.Load() }

// SetSettings swaps the settings. No connection is closed; they count from each one's
// next request on.
func (s *Socket) SetSettings(settings *Settings) {
	s.settings.Store(settings)
	s.signalRoom()
}

// Serve accepts until Drain or Close and calls handle for each connection, on a
// goroutine of its own; the connection is closed when handle returns or panics. Call it
// once.
func (s *Socket) Serve(handle func(*Conn)) {
	s.mu.Lock()
	s.serving = true
	s.mu.Unlock()
	defer close(s.ended)
	defer s.listener.Close()
	var pause backoff
	for s.awaitRoom() {
		stream, err := s.listener.AcceptTCP()
		if err == nil {
			pause.reset()
			s.stats.Accepted.Add(1)
			s.stats.Active.Add(1)
			s.active.Add(1)
			s.accepted.Add(1)
			go s.serve(stream, handle)
			continue
		}
		if errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		if isExhausted(err) {
			s.stats.AcceptExhausted.Add(1)
		}
		if pause.first() {
			s.log.Warn("accept failed", "address", s.Addr().String(), "error", err)
		}
		pause.wait(s.closing)
	}
}

// awaitRoom blocks while there are as many connections as allowed. It returns false
// if the socket closes meanwhile.
func (s *Socket) awaitRoom() bool {
	if s.hasRoom() {
		return true
	}
	s.stats.AcceptPaused.Add(1)
	for {
		s.waiting.Store(true)
		if s.hasRoom() {
			s.waiting.Store(false)
			return true
		}
		select {
		case <-s.room:
		case <-s.closing:
			return false
		}
	}
}

func (s *Socket) hasRoom() bool {
	return s.active.Load() < int64(s.settings.Load().Connections)
}

func (s *Socket) signalRoom() {
	if s.waiting.Load() {
		select {
		case s.room <- struct{}{}:
		default:
		}
	}
}

func (s *Socket) serve(stream *net.TCPConn, handle func(*Conn)) {
	c := NewConn(stream, s.port, &s.settings)
	s.add(c)
	defer func() {
		if p := recover(); p != nil {
			s.stats.Panics.Add(1)
			s.log.Error("connection panicked", "panic", p, "stack", string(debug.Stack()))
		}
		stream.Close()
		s.remove(c)
	}()
	handle(c)
}

func (s *Socket) add(c *Conn) {
	s.mu.Lock()
	s.conns[c] = struct{}{}
	closed := s.closed
	s.mu.Unlock()
	if closed {
		c.Drain()
	}
}

func (s *Socket) remove(c *Conn) {
	s.stats.Active.Add(-1)
	s.active.Add(-1)
	s.signalRoom()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.checkEmpty()
}

// checkEmpty closes s.empty once; s.mu is held. A connection between accept and add is
// in active but not in conns.
func (s *Socket) checkEmpty() {
	if !s.closed || len(s.conns) > 0 || s.active.Load() > 0 {
		return
	}
	select {
	case <-s.empty:
	default:
		close(s.empty)
	}
}

// backoff spaces out failing accepts: 5 ms, doubling up to a second.
type backoff struct{ delay time.Duration }

const (
	firstBackoff = 5 * time.Millisecond
	maxBackoff   = time.Second
)

func (b *backoff) reset()      { b.delay = 0 }
func (b *backoff) first() bool { return b.delay == 0 }

func (b *backoff) wait(stop <-chan struct{}) {
	b.delay = min(max(2*b.delay, firstBackoff), maxBackoff)
	timer := time.NewTimer(b.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-stop:
	}
}
