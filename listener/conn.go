package listener

import (
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// Conn is an accepted connection: the stream of bytes and what is the same for every
// request on it. A layer in between (TLS, PROXY protocol) may change the exported
// fields before the codec sees them; after that they are read-only.
type Conn struct {
	// Stream is what the codec reads and writes: a *net.TCPConn unless a layer wrapped
	// it.
	Stream net.Conn

	Scheme       exchange.Scheme
	ListenerPort uint16
	Local, Peer  netip.AddrPort
	SNI          string
	PeerIdentity string

	raw      net.Conn // Stream as accepted: what is closed by force
	settings *atomic.Pointer[Settings]

	// peerText and portText are Peer's address and ListenerPort as fields carry them.
	peerText, portText []byte
	// judged is the Settings that trusted was computed from.
	judged  *Settings
	trusted bool

	draining atomic.Bool
	mu       sync.Mutex
	onDrain  func()
	detached bool // no codec serves it inside the poller's call
	forced   bool
}

// NewConn returns the record of a connection that did not come from a Socket, or whose
// addresses a layer changed. Settings may be swapped at any time; the codec loads them
// once for each request.
func NewConn(stream net.Conn, port uint16, settings *atomic.Pointer[Settings]) *Conn {
	c := &Conn{
		Stream: stream, raw: stream, ListenerPort: port, settings: settings,
		Local: addrPort(stream.LocalAddr()), Peer: addrPort(stream.RemoteAddr()),
	}
	text := make([]byte, 0, 48)
	if c.Peer.IsValid() {
		text = c.Peer.Addr().AppendTo(text)
	} else {
		text = append(text, "unknown"...) // RFC 7239 §6.2
	}
	n := len(text)
	text = strconv.AppendUint(text, uint64(port), 10)
	c.peerText, c.portText = text[:n:n], text[n:]
	return c
}

// addrPort returns a TCP address; IPv4-mapped addresses become IPv4 and zones go, so
// that a peer has one address however the socket was bound.
func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := tcp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
}

// Settings returns those in force now.
func (c *Conn) Settings() *Settings { return c.settings.Load() }

// Draining reports whether the connection should end after its next response.
func (c *Conn) Draining() bool { return c.draining.Load() }

// OnDrain sets what wakes the codec when a drain begins; it is called at most once, at
// once if the drain has begun. It must not block.
func (c *Conn) OnDrain(wake func()) {
	c.mu.Lock()
	c.onDrain = wake
	c.mu.Unlock()
	if c.draining.Load() {
		c.Drain()
	}
}

// Drain asks the codec to end the connection: now if it is idle, else after the
// response under way.
func (c *Conn) Drain() {
	c.draining.Store(true)
	c.mu.Lock()
	wake := c.onDrain
	c.onDrain = nil
	c.mu.Unlock()
	if wake != nil {
		wake()
	}
}

// Detach is called when a codec has given the connection up to a tunnel. A force closes
// it from then on, which ends both directions at once. False: it was forced already.
func (c *Conn) Detach() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.detached = true
	return !c.forced
}

// force ends the connection under its codec's hands. Unless detached, it does not close
// the descriptor, which would wait for a codec that serves inside the poller's call: the
// socket's goroutine does, when the codec returns.
func (c *Conn) force() {
	c.mu.Lock()
	c.forced = true
	detached := c.detached
	c.mu.Unlock()
	tcp, ok := c.raw.(*net.TCPConn)
	if !ok || detached {
		c.raw.Close()
		return
	}
	// Errors mean that the connection is closed already.
	_ = tcp.SetDeadline(time.Unix(1, 0))
	_ = tcp.CloseRead()
	_ = tcp.CloseWrite()
}

// trusts reports whether the peer may speak for others, judged once for each Settings.
func (c *Conn) trusts(s *Settings) bool {
	if c.judged != s {
		c.judged = s
		c.trusted = s.Trust.Trusts(c.Peer.Addr())
	}
	return c.trusted
}
