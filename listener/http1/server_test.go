package http1

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

func TestKeepAliveAndSettingsSwap(t *testing.T) {
	r := newRig(t, nil, textPath)
	c := r.dial(t)
	for _, path := range []string{"/a", "/b", "/c"} {
		c.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n")
		res, body := c.response("GET")
		if body != path || res.StatusCode != 200 || res.Close || res.Header.Get("Date") == "" {
			t.Errorf("%s: %d %q %v", path, res.StatusCode, body, res.Header)
		}
		if got := res.Header.Get("Server"); (got == "fairlead") != (path == "/c") {
			t.Errorf("%s: Server is %q", path, got)
		}
		if path == "/b" {
			r.socket.SetSettings(newSettings(t, &config.HttpSettings{
				Headers: &config.ProxyHeaders{Server: "fairlead"},
			}))
		}
	}
	if n := r.server.Stats.Accepted.Load(); n != 1 {
		t.Errorf("%d connections accepted", n)
	}
}

func TestWhoCloses(t *testing.T) {
	tests := []struct {
		name       string
		request    string
		connection string // of the response
		closed     bool
	}{
		{"1.1", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", false},
		{"1.1 close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "close", true},
		{"1.0", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", "close", true},
		{"1.0 keep-alive", "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", "keep-alive", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newRig(t, nil, textPath).dial(t)
			c.send(tt.request)
			raw, err := c.r.Peek(1)
			if err != nil {
				t.Fatal(err, raw)
			}
			head, _ := c.r.Peek(c.r.Buffered())
			if got := headField(string(head), "Connection"); got != tt.connection {
				t.Errorf("Connection: %q, want %q", got, tt.connection)
			}
			c.response("GET")
			if tt.closed {
				c.wantClosed()
				return
			}
			c.send(tt.request)
			c.response("GET")
		})
	}
}

// headField finds a field in raw bytes, since net/http hides Connection.
func headField(head, name string) string {
	for line := range strings.SplitSeq(head, "\r\n") {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return value
		}
	}
	return ""
}

// TestHalfCloseWithRequest ends the client's direction together with the last of several
// requests, which the poller may report as one event.
func TestHalfCloseWithRequest(t *testing.T) {
	r := newRig(t, nil, textPath)
	for n := 1; n <= 4; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			c := r.dial(t)
			for i := 1; i <= n; i++ {
				c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
				if i == n {
					if err := c.CloseWrite(); err != nil {
						t.Fatal(err)
					}
				}
				c.response("GET")
			}
			c.wantClosed()
		})
	}
}

// TestIdleConnectionIsClosed waits for a short idle timeout on a real socket, before and
// after the connection counts as proven.
func TestIdleConnectionIsClosed(t *testing.T) {
	r := newRig(t, &config.HttpSettings{Timeouts: &config.HttpTimeouts{
		Idle: durationpb.New(time.Millisecond),
	}}, textPath)
	for n := 1; n <= 3; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			c := r.dial(t)
			c.send(strings.Repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", n-1))
			for range n - 1 {
				c.response("GET")
			}
			c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
			c.response("GET")
			c.wantClosed()
		})
	}
}

func TestRequestsPerConnection(t *testing.T) {
	r := newRig(t, &config.HttpSettings{
		Limits: &config.HttpLimits{RequestsPerConnection: 2},
	}, textPath)
	c := r.dial(t)
	for i := range 2 {
		c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if res, _ := c.response("GET"); res.Close != (i == 1) {
			t.Errorf("request %d: close %v", i, res.Close)
		}
	}
	c.wantClosed()
}

func TestPipelining(t *testing.T) {
	const one = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
	const post = "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
	const chunked = "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
	handler := func(ex *exchange.Exchange) {
		body, err := readAll(ex.Request.Body)
		if err != nil {
			panic(err)
		}
		ex.Respond(200, textPlain, []byte(string(ex.Path)+body))
		_ = ex.Downstream.WriteResponse(ex)
	}
	stream := one + post + chunked + one + chunked + post
	want := []string{"/1", "/2hello", "/3abcde", "/1", "/3abcde", "/2hello"}
	for _, size := range []int{1, 7, 64, len(stream)} {
		c := newRig(t, nil, handler).dial(t)
		for rest := stream; rest != ""; {
			n := min(size, len(rest))
			c.send(rest[:n])
			rest = rest[n:]
		}
		for i, w := range want {
			if _, body := c.response("GET"); body != w {
				t.Errorf("in pieces of %d, response %d: %q, want %q", size, i, body, w)
			}
		}
	}
}

func TestBadRequestAfterGoodOnes(t *testing.T) {
	r := newRig(t, nil, textPath)
	c := r.dial(t)
	c.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n" +
		"GET /3 HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\nGET /4 HTTP/1.1\r\nHost: a\r\n\r\n")
	for _, want := range []string{"/1", "/2"} {
		if _, body := c.response("GET"); body != want {
			t.Errorf("got %q, want %q", body, want)
		}
	}
	res, body := c.response("GET")
	if res.StatusCode != 400 || !res.Close || body != "bad_request: field_name_invalid\n" {
		t.Errorf("%d close %v %q", res.StatusCode, res.Close, body)
	}
	c.wantClosed()
	if n := r.calls.Load(); n != 2 {
		t.Errorf("the handler saw %d requests", n)
	}
}

func TestRefusals(t *testing.T) {
	long := strings.Repeat("x", 9000)
	tests := []struct {
		name, request string
		status        int
		reason        string
	}{
		{"both framings", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "content_length_and_transfer_encoding"},
		{"no host", "GET / HTTP/1.1\r\n\r\n", 400, "host_missing"},
		{"bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400, "bare_lf"},
		{"long target", "GET /" + long + " HTTP/1.1\r\nHost: a\r\n\r\n", 414, "target_too_long"},
		{"long value", "GET / HTTP/1.1\r\nHost: a\r\nX: " + long + "\r\n\r\n", 431, "field_too_large"},
		{"many fields", "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("a: b\r\n", 101) + "\r\n", 431, "field_too_many"},
		{"trace", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_refused"},
		{"expectation", "POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\nContent-Length: 1\r\n\r\na", 417, "expectation_unknown"},
		{"version", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505, "version_unsupported"},
		{"preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http2_preface"},
		{"above root", "GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "path_escapes_root"},
		{"content too large", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", 413, "content_too_large"},
		{"unread behind", "GET / HTTP/0.9\r\n\r\n" + strings.Repeat("y", 200<<10), 505, "version_unsupported"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			refused := make(chan string, 1)
			r := newRig(t, &config.HttpSettings{
				Limits: &config.HttpLimits{ContentBytes: 1000},
			}, textPath, func(s *Server) {
				s.Refused = func(ex *exchange.Exchange) { refused <- ex.Failure.Reason }
			})
			c := r.dial(t)
			c.send(tt.request)
			res, _ := c.response("GET")
			if res.StatusCode != tt.status || !res.Close {
				t.Errorf("%d, close %v; want %d and close", res.StatusCode, res.Close, tt.status)
			}
			c.wantClosed()
			if got := <-refused; got != tt.reason || r.server.Stats.Refused(tt.reason) != 1 {
				t.Errorf("refused for %q, counted %d", got, r.server.Stats.Refused(tt.reason))
			}
			if n := r.calls.Load(); n != 0 {
				t.Errorf("the handler saw it")
			}
		})
	}
}

func TestLargeHeads(t *testing.T) {
	tests := []struct {
		name  string
		bytes uint32 // limit; 0: default
		value int
		count int
	}{
		{"over a small buffer", 0, 8000, 5},
		{"nearly the limit", 0, 8000, 8},
		{"over a large buffer", 256 << 10, 8000, 25},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newRig(t, &config.HttpSettings{
				Limits: &config.HttpLimits{HeadBytes: tt.bytes},
			}, echo).dial(t)
			for range 2 {
				c.send("POST / HTTP/1.1\r\nHost: a\r\n" +
					strings.Repeat("X-Pad: "+strings.Repeat("p", tt.value)+"\r\n", tt.count) +
					"Content-Length: 5\r\n\r\nhello")
				if res, body := c.response("POST"); res.StatusCode != 200 || body != "hello" {
					t.Fatalf("%d %q", res.StatusCode, body)
				}
			}
		})
	}
}

func TestHandlerPanicKillsOneConnection(t *testing.T) {
	r := newRig(t, nil, func(ex *exchange.Exchange) {
		if string(ex.Path) == "/panic" {
			panic("on purpose")
		}
		textPath(ex)
	})
	other := r.dial(t)
	other.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
	other.response("GET")
	c := r.dial(t)
	c.send("GET /panic HTTP/1.1\r\nHost: a\r\n\r\n")
	c.wantClosed()
	other.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
	if _, body := other.response("GET"); body != "/2" {
		t.Errorf("the other connection: %q", body)
	}
	if n := r.server.Stats.Panics.Load(); n != 1 {
		t.Errorf("%d panics counted", n)
	}
}

func TestNoAnswerClosesConnection(t *testing.T) {
	c := newRig(t, nil, func(*exchange.Exchange) {}).dial(t)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	c.wantClosed()
}

func TestDrain(t *testing.T) {
	entered, release := make(chan bool), make(chan bool)
	r := newRig(t, nil, func(ex *exchange.Exchange) {
		if string(ex.Path) == "/slow" {
			entered <- true
			<-release
		}
		textPath(ex)
	})
	idle, busy, fresh := r.dial(t), r.dial(t), r.dial(t)
	idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	idle.response("GET")
	busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
	<-entered

	drained := make(chan error)
	go func() { drained <- r.socket.Drain(context.Background()) }()
	idle.wantClosed()
	// A client that has connected and not asked yet is served.
	fresh.send("GET /fresh HTTP/1.1\r\nHost: a\r\n\r\n")
	if res, body := fresh.response("GET"); body != "/fresh" || !res.Close {
		t.Errorf("fresh connection: %q, close %v", body, res.Close)
	}
	release <- true
	if res, body := busy.response("GET"); body != "/slow" || !res.Close {
		t.Errorf("busy connection: %q, close %v", body, res.Close)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
}

func TestDrainDeadlineForces(t *testing.T) {
	entered, release := make(chan bool), make(chan bool)
	r := newRig(t, nil, func(ex *exchange.Exchange) {
		entered <- true
		<-release
		textPath(ex)
	})
	defer close(release)
	c := r.dial(t)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	<-entered
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.socket.Drain(ctx); err == nil || !strings.Contains(err.Error(), "1 connections") {
		t.Errorf("Drain: %v", err)
	}
	if n := r.server.Stats.ForcedClosed.Load(); n != 1 {
		t.Errorf("%d forced", n)
	}
}

func TestTunnel(t *testing.T) {
	c := newRig(t, nil, func(ex *exchange.Exchange) {
		ex.Respond(101, nil, nil)
		ex.Response.Upgrade = ex.Request.Upgrade
		if err := ex.Downstream.WriteResponse(ex); err != nil {
			panic(err)
		}
		d, err := ex.Downstream.Tunnel()
		if err != nil {
			panic(err)
		}
		if d.(exchange.TCPDuplex).TCPConn() != nil {
			panic("spliceable with bytes buffered")
		}
		all, err := io.ReadAll(d)
		if err != nil || d.(exchange.TCPDuplex).TCPConn() == nil {
			panic("not spliceable")
		}
		_, _ = d.Write(bytes.ToUpper(all))
		_ = d.CloseWrite()
	}).dial(t)
	c.send("GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly ")
	res, err := http.ReadResponse(c.r, nil)
	if err != nil || res.StatusCode != 101 || res.Header.Get("Upgrade") != "websocket" {
		t.Fatal(res, err)
	}
	c.send("late")
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got := c.rest(); got != "EARLY LATE" {
		t.Errorf("through the tunnel: %q", got)
	}
}

func TestSwitchedWithoutTunnelCloses(t *testing.T) {
	c := newRig(t, nil, func(ex *exchange.Exchange) {
		ex.Respond(101, nil, nil)
		ex.Response.Upgrade = ex.Request.Upgrade
		_ = ex.Downstream.WriteResponse(ex)
	}).dial(t)
	c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" +
		"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
	if rest := c.rest(); strings.Count(rest, "HTTP/1.1") != 1 {
		t.Errorf("%q", rest)
	}
}

func shortTimeouts() *config.HttpSettings {
	return &config.HttpSettings{Timeouts: &config.HttpTimeouts{
		FirstByte: durationpb.New(10 * time.Second), Head: durationpb.New(5 * time.Second),
		Idle: durationpb.New(60 * time.Second), StreamIdle: durationpb.New(30 * time.Second),
	}}
}
