package http2

import (
	"errors"
	"net"
	"sync"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/fairlead-mesh/fairlead/gateway/deadline"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
	"github.com/fairlead-mesh/fairlead/listener"
)

// conn is one connection.
type conn struct {
	server *Server
	lc     *listener.Conn
	stream net.Conn
	timer  deadline.Timer

	// The reading goroutine's alone.
	in        input
	decoder   *hpack.Decoder
	section   section
	emptyData int
	chatter   chatter

	// mu guards everything below, and the streams. It is never held while anything waits
	// for the network.
	mu      sync.Mutex
	streams map[uint32]*stream
	lastID  uint32 // the highest the client opened
	past    past
	running int // handlers
	heads   int // bytes of their requests' heads
	served  int
	// cancelled are failed streams whose handlers have not returned yet.
	cancelled []*stream
	settled   bool
	peer      peerSettings

	recvWindow int   // what the client may send
	unacked    int   // of it taken by handlers and not given back yet
	sendWindow int64 // what we may send

	premature int
	sentData  int // DATA frames since chatter was looked at

	output  output
	windows line // streams that wait for sendWindow
	turns   line // streams that wait for room in the output

	closing  bool // GOAWAY with an error was sent, or the connection is lost
	draining bool
	drained  bool // the second GOAWAY was sent
	over     bool // nothing is left to do: what was gathered is written, then the end
	drainAt  time.Time
	idleAt   time.Time // since when there is no stream; zero while there is one
	blockAt  time.Time // when the section under way began; zero if there is none
	greeted  bool

	handlers sync.WaitGroup // and goroutines that write
}

// peerSettings are the client's, as far as they matter to us.
type peerSettings struct {
	initialWindow int64
}

func newConn(s *Server, lc *listener.Conn) *conn {
	c := &conn{
		server: s, lc: lc, stream: lc.Stream,
		streams: make(map[uint32]*stream), recvWindow: 65535, sendWindow: 65535,
		peer: peerSettings{initialWindow: 65535}, idleAt: time.Now(),
	}
	c.in.init(c.stream)
	c.output.idle.L = &c.mu
	c.decoder = hpack.NewDecoder(tableSize, c.section.emit)
	c.decoder.SetMaxStringLength(maxSectionBytes)
	return c
}

// serve reads until the connection ends.
func (c *conn) serve() {
	c.timer.Arm(c.lc.Settings().Timeouts.FirstByte)
	c.greet()
	c.lc.OnDrain(c.drain)
	err := c.readPreface()
	for err == nil {
		err = c.readFrame()
	}
	if refusal, ok := errors.AsType[*connError](err); ok {
		c.refuse(refusal)
	}
}

// greet sends our settings and opens the connection's window.
func (c *conn) greet() {
	c.mu.Lock()
	defer c.mu.Unlock()
	rules := &c.lc.Settings().Rules
	var payload [4 * 6]byte
	p := wire.AppendSetting(payload[:0], wire.SettingMaxConcurrentStreams, maxStreams)
	p = wire.AppendSetting(p, wire.SettingInitialWindowSize, streamWindow)
	p = wire.AppendSetting(p, wire.SettingMaxHeaderListSize, uint32(rules.Head))
	p = wire.AppendSetting(p, wire.SettingHeaderTableSize, tableSize)
	b := wire.AppendFrameHeader(c.output.open(), wire.FrameHeader{
		Length: len(p), Type: wire.FrameSettings,
	})
	b = append(b, p...)
	c.output.b = wire.AppendWindowUpdate(b, 0, uint32(connWindow-c.recvWindow))
	c.recvWindow = connWindow
	c.kick()
}

// refuse ends a connection whose client broke the rules.
func (c *conn) refuse(why *connError) {
	c.server.refuse(why.reason)
	c.mu.Lock()
	if c.closing {
		c.mu.Unlock()
		return
	}
	c.output.b = wire.AppendGoAway(c.output.open(), c.lastID, why.code)
	c.lose()
	c.sendRest()
	c.mu.Unlock()
	c.linger()
}

// sendRest writes what was gathered to a connection that is about to end. mu is held and
// let go meanwhile.
func (c *conn) sendRest() {
	_ = c.stream.SetWriteDeadline(time.Now().Add(answerTime)) // fails only if closed
	c.flush()
	for c.output.writing {
		c.output.idle.Wait()
	}
}

// linger ends our direction and reads on for a while before the close: closing with
// bytes unread sends a reset, which can destroy the GOAWAY on its way.
func (c *conn) linger() {
	half, ok := c.stream.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || c.stream.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	trash := wire.GetSmall()
	defer wire.PutSmall(trash)
	for total := 0; total < lingerBytes; {
		n, err := c.stream.Read(trash[:])
		if err != nil {
			return
		}
		total += n
	}
}

// lose marks the connection as one that brings no more: every stream ends. mu is held.
func (c *conn) lose() {
	if c.closing {
		return
	}
	c.closing = true
	for _, s := range c.streams {
		s.fail(errClientGone)
	}
}

// end closes the connection and waits for its handlers.
func (c *conn) end() {
	c.mu.Lock()
	graceful := c.over && !c.closing
	c.lose()
	if graceful {
		c.sendRest()
	}
	c.mu.Unlock()
	if graceful {
		c.linger()
	}
	c.stream.Close()
	c.handlers.Wait()
	c.mu.Lock()
	c.output.release()
	c.mu.Unlock()
	c.in.release()
	c.section.release()
}

var (
	errClientGone = &exchange.Error{
		Kind: exchange.KindClientGone, Source: exchange.SourceClient,
		Reason: listener.ReasonClientGone,
	}
	errWindowStall = &exchange.Error{
		Kind: exchange.KindStreamIdle, Source: exchange.SourceClient, Reason: ReasonWindowStall,
	}
	errBodyTooSlow = &exchange.Error{
		Kind: exchange.KindRequestTimeout, Source: exchange.SourceClient,
		Reason: listener.ReasonBodyTooSlow,
	}
	errBodyIdle = &exchange.Error{
		Kind: exchange.KindStreamIdle, Source: exchange.SourceClient,
		Reason: listener.ReasonStreamIdle,
	}
)
