package http1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// pieces is a response's body for tests.
type pieces struct {
	list     []string
	err      error // after the last; nil: io.EOF
	trailers exchange.Fields
	wait     chan bool // if set, every piece waits for one
	ready    bool
}

func (p *pieces) Next() ([]byte, error) {
	if p.wait != nil {
		<-p.wait
	}
	if len(p.list) == 0 {
		if p.err != nil {
			return nil, p.err
		}
		return nil, io.EOF
	}
	piece := p.list[0]
	p.list = p.list[1:]
	return []byte(piece), nil
}

func (p *pieces) Trailers() *exchange.Fields { return &p.trailers }
func (p *pieces) Ready() bool                { return p.ready }

func TestRequestBodies(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 40<<10) // 640 KiB
	chunked := func(body string, size int) string {
		var b strings.Builder
		for rest := body; rest != ""; {
			n := min(size, len(rest))
			fmt.Fprintf(&b, "%x\r\n%s\r\n", n, rest[:n])
			rest = rest[n:]
		}
		return b.String() + "0\r\n\r\n"
	}
	tests := []struct{ name, framing, wire, want string }{
		{"none", "", "", ""},
		{"length 0", "Content-Length: 0\r\n", "", ""},
		{"length", "Content-Length: 5\r\n", "hello", "hello"},
		{"large length", fmt.Sprintf("Content-Length: %d\r\n", len(big)), big, big},
		{"chunked empty", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", ""},
		{"chunked", "Transfer-Encoding: chunked\r\n", chunked("hello", 2), "hello"},
		{"large chunked", "Transfer-Encoding: chunked\r\n", chunked(big, 10000), big},
		{"trailers", "Transfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n", "a"},
		{"continue", "Expect: 100-continue\r\nContent-Length: 5\r\n", "hello", "hello"},
	}
	r := newRig(t, nil, echo)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := r.dial(t)
			for range 2 { // pipelined, so that what follows a body is the next head
				go func() {
					_, _ = io.WriteString(c.TCPConn, "POST / HTTP/1.1\r\nHost: a\r\n"+tt.framing+"\r\n"+tt.wire)
				}()
				if res, body := c.response("POST"); res.StatusCode != 200 || body != tt.want {
					t.Fatalf("%d, %d bytes, want %d", res.StatusCode, len(body), len(tt.want))
				}
			}
		})
	}
}

func TestChunkedBodiesPipelinedBehindLargeOnes(t *testing.T) {
	c := newRig(t, nil, echoLength).dial(t)
	const size = 50000
	one := fmt.Sprintf("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n",
		size, strings.Repeat("x", size))
	go func() { _, _ = io.WriteString(c.TCPConn, strings.Repeat(one, 8)) }()
	for range 8 {
		if _, body := c.response("POST"); body != fmt.Sprint(size) {
			t.Fatalf("got %q", body)
		}
	}
}

func TestContinueWhenBodyIsRead(t *testing.T) {
	c := newRig(t, nil, echo).dial(t)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
	line, err := c.r.ReadString('\n')
	if err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q %v", line, err)
	}
	if _, err := c.r.Discard(2); err != nil {
		t.Fatal(err)
	}
	c.send("hello")
	if _, body := c.response("POST"); body != "hello" {
		t.Errorf("got %q", body)
	}
}

func TestBodyNotWanted(t *testing.T) {
	tests := []struct {
		name, request string
		closed        bool
	}{
		{"small is drained", "Content-Length: 40000\r\n\r\n" + strings.Repeat("x", 40000), false},
		{"large closes", "Content-Length: 400000\r\n\r\n" + strings.Repeat("x", 100000), true},
		{"chunked closes", "Transfer-Encoding: chunked\r\n\r\n5\r\n", true},
		{"never asked for closes", "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newRig(t, nil, textPath).dial(t)
			c.send("POST /1 HTTP/1.1\r\nHost: a\r\n" + tt.request)
			if res, body := c.response("POST"); body != "/1" || res.Close != tt.closed {
				t.Errorf("%q, close %v", body, res.Close)
			}
			if tt.closed {
				c.wantClosed()
				return
			}
			c.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
			if _, body := c.response("GET"); body != "/2" {
				t.Errorf("after the drained body: %q", body)
			}
		})
	}
}

func TestChunkedBodyOverLimit(t *testing.T) {
	r := newRig(t, &config.HttpSettings{Limits: &config.HttpLimits{ContentBytes: 10}}, echo)
	c := r.dial(t)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n")
	if res, _ := c.response("POST"); res.StatusCode != 413 || !res.Close {
		t.Errorf("%d, close %v", res.StatusCode, res.Close)
	}
	c.wantClosed()
	if n := r.server.Stats.Refused("content_too_large"); n != 1 {
		t.Errorf("counted %d", n)
	}
}

func TestEarlyResponseWhileBodyIsRelayed(t *testing.T) {
	r := newRig(t, nil, func(ex *exchange.Exchange) {
		relayed := make(chan error)
		go func() {
			_, err := readAll(ex.Request.Body)
			relayed <- err
		}()
		textPath(ex)
		if err := <-relayed; err == nil {
			panic("a body that never came was read")
		}
	})
	c := r.dial(t)
	c.send("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nsome")
	res, body := c.response("POST")
	if body != "/early" || !res.Close {
		t.Errorf("%q, close %v", body, res.Close)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	c.wantClosed()
}

var errBroken = errors.New("broken off")

func TestResponseFraming(t *testing.T) {
	large := strings.Repeat("z", 70000)
	tests := []struct {
		name, method, version string
		status                int
		framing               exchange.Framing
		length                int64
		body                  *pieces
		want                  string // the body
		coding                string // "length", "chunked", "close", "none"
	}{
		{"length", "GET", "1.1", 200, exchange.FramingLength, 5, &pieces{list: []string{"he", "llo"}}, "hello", "length"},
		{"large length", "GET", "1.1", 200, exchange.FramingLength, 140000, &pieces{list: []string{large, large}}, large + large, "length"},
		{"chunked", "GET", "1.1", 200, exchange.FramingChunked, -1, &pieces{list: []string{"he", "llo"}}, "hello", "chunked"},
		{"chunked, all there", "GET", "1.1", 200, exchange.FramingChunked, -1, &pieces{list: []string{"he", "llo"}, ready: true}, "hello", "chunked"},
		{"large chunked", "GET", "1.1", 200, exchange.FramingChunked, -1, &pieces{list: []string{"a", large, large, "b"}, ready: true}, "a" + large + large + "b", "chunked"},
		{"until close", "GET", "1.1", 200, exchange.FramingClose, -1, &pieces{list: []string{"x"}}, "x", "chunked"},
		{"stream", "GET", "1.1", 200, exchange.FramingStream, -1, &pieces{list: []string{"x"}}, "x", "chunked"},
		{"stream of known length", "GET", "1.1", 200, exchange.FramingStream, 1, &pieces{list: []string{"x"}}, "x", "length"},
		{"none", "GET", "1.1", 200, exchange.FramingNone, -1, nil, "", "length"},
		{"chunked to 1.0", "GET", "1.0", 200, exchange.FramingChunked, -1, &pieces{list: []string{"he", large}}, "he" + large, "close"},
		{"length to 1.0", "GET", "1.0", 200, exchange.FramingLength, 1, &pieces{list: []string{"x"}}, "x", "length"},
		{"HEAD", "HEAD", "1.1", 200, exchange.FramingLength, 5, &pieces{list: []string{"hello"}}, "", "length"},
		{"HEAD chunked", "HEAD", "1.1", 200, exchange.FramingChunked, -1, nil, "", "none"},
		{"204", "GET", "1.1", 204, exchange.FramingLength, 5, &pieces{list: []string{"hello"}}, "", "none"},
		{"304", "GET", "1.1", 304, exchange.FramingNone, 5, nil, "", "length"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newRig(t, nil, func(ex *exchange.Exchange) {
				ex.Response.Status = tt.status
				ex.Response.Framing, ex.Response.ContentLength = tt.framing, tt.length
				if tt.body != nil {
					ex.Response.Body = tt.body
				}
				if err := ex.Downstream.WriteResponse(ex); err != nil {
					t.Errorf("WriteResponse: %v", err)
				}
				if tt.want != "" && ex.BytesSent != int64(len(tt.want)) {
					t.Errorf("BytesSent %d, want %d", ex.BytesSent, len(tt.want))
				}
			}).dial(t)
			c.send(tt.method + " / HTTP/" + tt.version + "\r\nHost: a\r\n\r\n")
			res, body := c.response(tt.method)
			if body != tt.want {
				t.Errorf("%d bytes, want %d", len(body), len(tt.want))
			}
			coding := "none"
			switch {
			case len(res.TransferEncoding) > 0:
				coding = res.TransferEncoding[0]
			case res.Header.Get("Content-Length") != "":
				coding = "length"
			case tt.version == "1.0":
				coding = "close"
			}
			if coding != tt.coding || res.Close != (tt.version == "1.0") {
				t.Errorf("delimited by %s, close %v; want %s", coding, res.Close, tt.coding)
			}
		})
	}
}

func TestBrokenResponses(t *testing.T) {
	tests := []struct {
		name, version string
		framing       exchange.Framing
		length        int64
		body          *pieces
	}{
		{"length", "1.1", exchange.FramingLength, 10, &pieces{list: []string{"short"}, err: errBroken}},
		{"length, clean end", "1.1", exchange.FramingLength, 10, &pieces{list: []string{"short"}}},
		{"chunked", "1.1", exchange.FramingChunked, -1, &pieces{list: []string{"short"}, err: errBroken}},
		{"until close", "1.0", exchange.FramingChunked, -1, &pieces{list: []string{"short"}, err: errBroken}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newRig(t, nil, func(ex *exchange.Exchange) {
				ex.Response.Status = 200
				ex.Response.Framing, ex.Response.ContentLength = tt.framing, tt.length
				ex.Response.Body = tt.body
				if err := ex.Downstream.WriteResponse(ex); err == nil {
					t.Error("WriteResponse returned no error")
				}
			}).dial(t)
			c.send("GET / HTTP/" + tt.version + "\r\nHost: a\r\n\r\n")
			whole, err := io.ReadAll(c.r)
			if tt.version == "1.0" {
				if err == nil {
					t.Errorf("the end of %q looks like any other", whole)
				}
				return
			}
			if err != nil || !strings.Contains(string(whole), "short") || strings.HasSuffix(string(whole), "0\r\n\r\n") {
				t.Errorf("%q %v", whole, err)
			}
		})
	}
}

func TestResponseLongerThanItSays(t *testing.T) {
	c := newRig(t, nil, func(ex *exchange.Exchange) {
		ex.Response.Status = 200
		ex.Response.Framing, ex.Response.ContentLength = exchange.FramingLength, 5
		ex.Response.Body = &pieces{list: []string{"helloHTTP/1.1 200 OK\r\n\r\n"}}
		_ = ex.Downstream.WriteResponse(ex)
	}).dial(t)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if _, body := c.response("GET"); body != "hello" {
		t.Errorf("got %q", body)
	}
	c.wantClosed()
}

func TestHeadDoesNotWaitForContent(t *testing.T) {
	body := &pieces{list: []string{"one", "two"}, wait: make(chan bool)}
	c := newRig(t, nil, func(ex *exchange.Exchange) {
		ex.Response.Status, ex.Response.Framing = 200, exchange.FramingChunked
		ex.Response.Body = body
		_ = ex.Downstream.WriteResponse(ex)
	}).dial(t)
	c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	for { // the head arrives before the first piece is let go
		line, err := c.r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "\r\n" {
			break
		}
	}
	for _, want := range []string{"3\r\none\r\n", "3\r\ntwo\r\n", "0\r\n\r\n"} {
		body.wait <- true
		got := make([]byte, len(want))
		if _, err := io.ReadFull(c.r, got); err != nil || string(got) != want {
			t.Errorf("%q %v, want %q", got, err, want)
		}
	}
}

// Trailers go to clients that asked for them, and to those that they were announced to.
func TestWhoGetsTrailers(t *testing.T) {
	tests := []struct {
		name, te, announced string
		want                bool
	}{
		{"asked", "TE: trailers\r\n", "", true},
		{"announced", "", "X-Sum", true},
		{"neither", "", "", false},
		{"asked for something else", "TE: gzip\r\n", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newRig(t, nil, func(ex *exchange.Exchange) {
				body := &pieces{list: []string{"x"}}
				body.trailers.Add([]byte("X-Sum"), []byte("1"))
				ex.Response.Status, ex.Response.Framing, ex.Response.Body = 200, exchange.FramingChunked, body
				if tt.announced != "" {
					ex.Response.Fields.Add([]byte("Trailer"), []byte(tt.announced))
				}
				_ = ex.Downstream.WriteResponse(ex)
			}).dial(t)
			c.send("GET / HTTP/1.1\r\nHost: a\r\n" + tt.te + "Connection: close\r\n\r\n")
			end := "1\r\nx\r\n0\r\n\r\n"
			if tt.want {
				end = "1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n"
			}
			if got := c.rest(); !strings.HasSuffix(got, end) {
				t.Errorf("%q, want it to end %q", got, end)
			}
		})
	}
}

func TestTrailersAndInformational(t *testing.T) {
	c := newRig(t, nil, func(ex *exchange.Exchange) {
		var hints exchange.Head
		hints.Reset()
		hints.Status = 103
		hints.Fields.Add([]byte("Link"), []byte("</a.css>"))
		if err := ex.Downstream.WriteInformational(&hints); err != nil {
			t.Error(err)
		}
		body := &pieces{list: []string{"x"}}
		body.trailers.Add([]byte("X-Sum"), []byte("1"))
		body.trailers.Add([]byte("Content-Length"), []byte("7"))
		ex.Response.Status, ex.Response.Framing, ex.Response.Body = 200, exchange.FramingChunked, body
		_ = ex.Downstream.WriteResponse(ex)
	}).dial(t)
	c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close, TE\r\nTE: gzip, trailers\r\n\r\n")
	got := c.rest()
	if !strings.HasPrefix(got, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\n") {
		t.Errorf("1xx: %q", got)
	}
	if !strings.HasSuffix(got, "1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n") {
		t.Errorf("trailers: %q", got)
	}
	c = newRig(t, nil, func(ex *exchange.Exchange) {
		head := exchange.Head{Status: 103}
		_ = ex.Downstream.WriteInformational(&head)
		textPath(ex)
	}).dial(t)
	c.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
	if got := c.rest(); !strings.HasPrefix(got, "HTTP/1.1 200") {
		t.Errorf("1xx to HTTP/1.0: %q", got)
	}
}

// upstreamBody is content of a known length coming over TCP, some of it read already.
type upstreamBody struct {
	conn     *net.TCPConn
	buffered string
	left     int64
	spliced  int64
}

func (u *upstreamBody) Next() ([]byte, error) {
	if u.buffered != "" {
		piece := u.buffered
		u.buffered = ""
		return []byte(piece), nil
	}
	b := make([]byte, min(u.left, 16<<10))
	n, err := u.conn.Read(b)
	u.left -= int64(n)
	return b[:n], err
}

func (u *upstreamBody) Trailers() *exchange.Fields { return nil }
func (u *upstreamBody) Remaining() (*net.TCPConn, int64, bool) {
	return u.conn, u.left, u.buffered == "" && u.left > 0
}
func (u *upstreamBody) Consumed(n int64) { u.left -= n; u.spliced += n }

func TestSplice(t *testing.T) {
	const size = 5 << 20
	tests := []struct {
		name string
		sent int // by the origin
		ok   bool
	}{{"whole", size, true}, {"origin breaks off", size - 1000000, false}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			origin, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer origin.Close()
			go func() {
				conn, err := origin.Accept()
				if err == nil {
					_, _ = io.WriteString(conn, strings.Repeat("s", tt.sent))
					conn.Close()
				}
			}()
			result := make(chan error, 1)
			c := newRig(t, nil, func(ex *exchange.Exchange) {
				conn, err := net.Dial("tcp", origin.Addr().String())
				if err != nil {
					panic(err)
				}
				defer conn.Close()
				body := &upstreamBody{conn: conn.(*net.TCPConn), buffered: "buffered", left: size}
				ex.Response.Status, ex.Response.Framing = 200, exchange.FramingLength
				ex.Response.ContentLength, ex.Response.Body = size+8, body
				err = ex.Downstream.WriteResponse(ex)
				if tt.ok && (body.spliced != size || ex.BytesSent != size+8) {
					t.Errorf("spliced %d, BytesSent %d", body.spliced, ex.BytesSent)
				}
				result <- err
			}).dial(t)
			c.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			got := c.rest()
			if (<-result == nil) != tt.ok || strings.HasSuffix(got, "buffered"+strings.Repeat("s", size)) != tt.ok {
				t.Errorf("%d bytes", len(got))
			}
		})
	}
}

func TestRequestBodyCanBeSpliced(t *testing.T) {
	begun := make(chan bool)
	c := newRig(t, nil, func(ex *exchange.Exchange) {
		first, err := ex.Request.Body.Next()
		first = bytes.Clone(first)
		begun <- true
		conn, n, ok := ex.Request.Body.(exchange.Splicer).Remaining()
		if err != nil || !ok || n != int64(10-len(first)) {
			panic("not spliceable")
		}
		rest := make([]byte, n)
		if _, err := io.ReadFull(conn, rest); err != nil {
			panic(err)
		}
		ex.Request.Body.(exchange.Splicer).Consumed(n)
		ex.Respond(200, textPlain, append(first, rest...))
		_ = ex.Downstream.WriteResponse(ex)
	}).dial(t)
	for range 2 {
		c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234")
		<-begun
		c.send("56789")
		if res, body := c.response("POST"); body != "0123456789" || res.Close {
			t.Errorf("%q, close %v", body, res.Close)
		}
	}
}
