package http2

import (
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/listener"
)

// inBubble serves one connection in a bubble of synctest, which also fails if a goroutine
// is left when the connection has ended.
func inBubble(t *testing.T, h handlerFunc, run func(s *Server, lc *listener.Conn, theirs net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, h)
		settings, err := listener.NewSettings()
		if err != nil {
			t.Fatal(err)
		}
		var current atomic.Pointer[listener.Settings]
		current.Store(settings)
		ours, theirs := net.Pipe()
		lc := listener.NewConn(ours, 80, &current)
		done := make(chan struct{})
		go func() {
			s.Serve(lc)
			close(done)
		}()
		run(s, lc, theirs)
		theirs.Close()
		<-done
	})
}

// wantWithin fails unless an event comes between two moments after start.
func wantWithin(t *testing.T, c *client, prefix string, start time.Time, least, most time.Duration) {
	t.Helper()
	got := c.until(prefix)
	if took := time.Since(start); got == "closed" && prefix != "closed" || took < least || took > most {
		t.Errorf("%q after %v, want %q after %v to %v", got, took, prefix, least, most)
	}
}

// Row B6: a client that opens no window holds a stream for 30 s, and drips of a byte do
// not make it longer.
func TestWindowStall(t *testing.T) {
	for _, drip := range []bool{false, true} {
		inBubble(t, swallow, func(s *Server, _ *listener.Conn, theirs net.Conn) {
			c := newClient(t, theirs, http2.Setting{ID: http2.SettingInitialWindowSize})
			start := time.Now()
			c.request(1, true, plain...)
			for range 5 {
				time.Sleep(time.Second)
				if drip {
					_ = c.fr.WriteWindowUpdate(1, 1)
				}
			}
			wantWithin(t, c, "1: CANCEL", start, 30*time.Second, 33*time.Second)
			if got := s.Refusals(ReasonWindowStall); got != 1 {
				t.Errorf("counted %d", got)
			}
			c.request(3, true, plain...)
			if got := c.until("3: "); got != "3: 200" {
				t.Errorf("the next stream: %q", got)
			}
		})
	}
}

func TestTimes(t *testing.T) {
	tests := []struct {
		name        string
		run         func(c *client)
		event       string
		least, most time.Duration
	}{
		{"idle", func(*client) {}, "goaway", 60 * time.Second, 62 * time.Second},
		{"idle with pings", func(c *client) {
			for range 59 {
				time.Sleep(time.Second)
				_ = c.fr.WritePing(false, [8]byte{})
			}
		}, "goaway", 60 * time.Second, 62 * time.Second},
		{"head not ended", func(c *client) {
			_ = c.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.encode(plain...)})
		}, "goaway", 5 * time.Second, 7 * time.Second},
		{"content that does not come", func(c *client) {
			c.request(1, false, plain...)
		}, "1: 408", 5 * time.Second, 7 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, answerFailure, func(_ *Server, _ *listener.Conn, theirs net.Conn) {
				c := newClient(t, theirs)
				start := time.Now()
				tt.run(c)
				wantWithin(t, c, tt.event, start, tt.least, tt.most)
			})
		})
	}
}

// answerFailure answers as the gateway does when content fails.
func answerFailure(ex *exchange.Exchange) {
	if _, err := ex.Request.Body.Next(); err != nil {
		ex.Respond(408, textPlain, []byte("slow"))
		_ = ex.Downstream.WriteResponse(ex)
	}
}

func TestNoPreface(t *testing.T) {
	inBubble(t, swallow, func(s *Server, _ *listener.Conn, theirs net.Conn) {
		start := time.Now()
		b := make([]byte, 1024)
		for {
			if _, err := theirs.Read(b); err != nil {
				break
			}
		}
		if took := time.Since(start); took < 10*time.Second || took > 13*time.Second {
			t.Errorf("closed after %v", took)
		}
		if got := s.Refusals(listener.ReasonFirstByte); got != 1 {
			t.Errorf("counted %d", got)
		}
	})
}

// A drain says first that it begins and then, when the client has seen that, what was the
// last stream: one that was on its way meanwhile is served.
func TestDrainInTwoSteps(t *testing.T) {
	inBubble(t, swallow, func(_ *Server, lc *listener.Conn, theirs net.Conn) {
		c := newClient(t, theirs)
		c.request(1, true, plain...)
		events := []string{c.until("1: ")}
		lc.Drain()
		events = append(events, c.next(), c.next())
		c.request(3, true, plain...)
		events = append(events, c.next())
		_ = c.fr.WritePing(true, drainPing)
		events = append(events, c.next(), c.next())
		want := []string{
			"1: 200", "goaway 2147483647: NO_ERROR", `ping false "drain\x00\x00\x00"`, "3: 200",
			"goaway 3: NO_ERROR", "closed",
		}
		for i := range want {
			if events[i] != want[i] {
				t.Errorf("event %d is %q, want %q", i, events[i], want[i])
			}
		}
	})
}

// A client that never reads is let go.
func TestNotReading(t *testing.T) {
	inBubble(t, swallow, func(s *Server, _ *listener.Conn, theirs net.Conn) {
		section := newEncoder(t).encode(plain...)
		fr := http2.NewFramer(theirs, nil)
		_, _ = theirs.Write([]byte(http2.ClientPreface))
		_ = fr.WriteSettings()
		for id := uint32(1); id < 100; id += 2 {
			_ = fr.WriteHeaders(http2.HeadersFrameParam{
				StreamID: id, BlockFragment: section, EndHeaders: true, EndStream: true,
			})
		}
		time.Sleep(writeTime + 5*time.Second)
		if got := s.Refusals(ReasonWriteStall); got != 1 {
			t.Errorf("counted %d", got)
		}
		if err := fr.WritePing(false, [8]byte{}); err == nil {
			t.Error("the connection is still open")
		}
	})
}
