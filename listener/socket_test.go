package listener

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

func options(t *testing.T, layer *config.HttpSettings) Options {
	t.Helper()
	s, err := NewSettings(layer)
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Address: "127.0.0.1", Settings: s, Stats: NewStats(), Log: slog.New(slog.DiscardHandler),
	}
}

// opened serves a socket until the test ends.
func opened(t *testing.T, o Options, handle func(*Conn)) *Socket {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(handle)
	t.Cleanup(func() {
		s.Close()
		if err := s.Drain(context.Background()); err != nil {
			t.Error(err)
		}
		if n := o.Stats.Active.Load(); n != 0 || s.Active() != 0 {
			t.Errorf("%d connections active at the end", n)
		}
	})
	return s
}

func dial(t *testing.T, s *Socket) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// greet sends a line and waits for the peer's close.
func greet(c *Conn) {
	_, _ = io.WriteString(c.Stream, "hello\n")
	_, _ = io.Copy(io.Discard, c.Stream)
}

func wantGreeting(t *testing.T, conn net.Conn) {
	t.Helper()
	b := make([]byte, 6)
	if _, err := io.ReadFull(conn, b); err != nil || string(b) != "hello\n" {
		t.Errorf("greeting %q %v", b, err)
	}
}

func TestOpenErrorsNameAddressAndPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0") // without SO_REUSEPORT
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := addrPort(taken.Addr()).Port()
	tests := []struct {
		name    string
		port    uint16
		offset  int
		address string
		want    string
	}{
		{"taken", port, 0, "127.0.0.1", fmt.Sprintf("bind 127.0.0.1:%d (port %d, offset 0): ", port, port)},
		{"taken after offset", port - 5, 5, "127.0.0.1", fmt.Sprintf("bind 127.0.0.1:%d (port %d, offset 5): ", port, port-5)},
		{"offset too large", 65000, 8000, "", "port 65000 with offset 8000 is not a port"},
		{"offset too small", 80, -81, "", "port 80 with offset -81 is not a port"},
		{"foreign address", 80, 8000, "192.0.2.1", "bind 192.0.2.1:8080 (port 80, offset 8000): "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := options(t, nil)
			o.Address, o.Port, o.PortOffset = tt.address, tt.port, tt.offset
			s, err := Open(o)
			if err == nil {
				s.Close()
				t.Fatal("no error")
			}
			if !strings.HasPrefix(err.Error(), "listener: "+tt.want) {
				t.Errorf("error %q", err)
			}
		})
	}
}

func TestTwoSocketsShareAPort(t *testing.T) {
	o := options(t, nil)
	first := opened(t, o, greet)
	o.Port = first.Addr().Port()
	second, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	second.Close()
	wantGreeting(t, dial(t, first))
}

func TestConnectionFacts(t *testing.T) {
	got := make(chan *Conn, 1)
	o := options(t, nil)
	s := opened(t, o, func(c *Conn) { got <- c })
	conn := dial(t, s)
	c := <-got
	if c.Peer.String() != conn.LocalAddr().String() || c.Local != s.Addr() {
		t.Errorf("peer %v, local %v", c.Peer, c.Local)
	}
}

func TestAcceptedSocketsInheritOptions(t *testing.T) {
	got := make(chan [2]int, 1)
	s := opened(t, options(t, nil), func(c *Conn) {
		raw, err := c.Stream.(*net.TCPConn).SyscallConn()
		if err != nil {
			return
		}
		_ = raw.Control(func(fd uintptr) {
			alive, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE)
			noDelay, _ := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NODELAY)
			got <- [2]int{alive, noDelay}
		})
	})
	dial(t, s)
	if v := <-got; v != [2]int{1, 1} {
		t.Errorf("keep-alive and no-delay: %v", v)
	}
}

func TestConnectionLimitPausesAccepting(t *testing.T) {
	o := options(t, &config.HttpSettings{Limits: &config.HttpLimits{Connections: 2}})
	s := opened(t, o, greet)
	first, second := dial(t, s), dial(t, s)
	wantGreeting(t, first)
	wantGreeting(t, second)
	third := dial(t, s) // in the kernel's backlog
	if n := o.Stats.Accepted.Load(); n != 2 {
		t.Errorf("%d accepted", n)
	}
	first.Close()
	wantGreeting(t, third)
	if n := o.Stats.AcceptPaused.Load(); n < 1 {
		t.Errorf("paused %d times", n)
	}
	fourth := dial(t, s)
	more := options(t, nil).Settings
	s.SetSettings(more)
	wantGreeting(t, fourth)
}

func TestPanicIsCounted(t *testing.T) {
	o := options(t, nil)
	s := opened(t, o, func(*Conn) { panic("on purpose") })
	for range 2 {
		if b, err := io.ReadAll(dial(t, s)); err != nil || len(b) > 0 {
			t.Errorf("%q %v", b, err)
		}
	}
	if n := o.Stats.Panics.Load(); n != 2 {
		t.Errorf("%d panics", n)
	}
}

func TestDrainWakesAndWaits(t *testing.T) {
	o := options(t, nil)
	s := opened(t, o, func(c *Conn) {
		woken := make(chan bool)
		c.OnDrain(func() { close(woken) })
		_, _ = io.WriteString(c.Stream, "hello\n")
		<-woken
		if !c.Draining() {
			panic("woken without a drain")
		}
	})
	conn := dial(t, s)
	wantGreeting(t, conn)
	if err := s.Drain(context.Background()); err != nil {
		t.Error(err)
	}
	if b, err := io.ReadAll(conn); err != nil || len(b) > 0 {
		t.Errorf("%q %v", b, err)
	}
	if _, err := net.Dial("tcp", s.Addr().String()); err == nil {
		t.Error("still accepting")
	}
}

func TestDrainServesTheBacklog(t *testing.T) {
	o := options(t, nil)
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	conn := dial(t, s) // established by the kernel, not accepted yet
	serving := make(chan bool)
	go func() {
		close(serving)
		s.Serve(func(c *Conn) { _, _ = io.WriteString(c.Stream, "hello\n") })
	}()
	<-serving
	wantGreeting(t, conn)
	if err := s.Drain(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestDrainOfSocketNeverServed(t *testing.T) {
	s, err := Open(options(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Drain(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestBackoffGrowsAndStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backoff
		stop := make(chan struct{})
		start := time.Now()
		for range 10 {
			b.wait(stop)
		}
		// 5, 10, 20 … 640 ms, then 1 s and 1 s.
		if got, want := time.Since(start), 3275*time.Millisecond; got != want {
			t.Errorf("ten pauses took %v, want %v", got, want)
		}
		close(stop)
		start = time.Now()
		b.wait(stop)
		if time.Since(start) != 0 {
			t.Error("a closing socket waits")
		}
		if b.reset(); !b.first() {
			t.Error("not reset")
		}
	})
}

func TestStatsCountEveryReason(t *testing.T) {
	s := NewStats()
	s.Refuse("bare_lf")
	s.Refuse(ReasonHeadTimeout)
	s.Refuse("no such reason")
	got := make(map[string]int64)
	for reason, n := range s.Refusals() {
		if n > 0 {
			got[reason] = n
		}
	}
	for _, reason := range []string{"bare_lf", ReasonHeadTimeout, reasonOther} {
		if got[reason] != 1 || s.Refused(reason) != 1 {
			t.Errorf("%s counted %d", reason, got[reason])
		}
	}
	if len(got) != 3 {
		t.Errorf("%v", got)
	}
}
