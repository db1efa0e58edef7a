package transport

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

const ok200 = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// A client that takes trailers has the origin told so, on this hop's own account.
func TestTrailersAsked(t *testing.T) {
	for _, asked := range []bool{true, false} {
		got := make(chan string, 1)
		conn := origin(t, func(c *net.TCPConn, r *bufio.Reader) {
			got <- readRequest(r)
			_, _ = io.WriteString(c, ok200)
			_, _ = io.Copy(io.Discard, r)
		})
		ex := request(t, "GET", "/a")
		ex.Request.AcceptsTrailers = asked
		var call Call
		if err := call.Start(ex, options); err != nil {
			t.Fatal(err)
		}
		if err := call.RoundTrip(conn); err != nil {
			t.Fatal(err)
		}
		if ok, why := call.Finish(); !ok {
			t.Error(why)
		}
		if head := <-got; strings.Contains(head, "\r\nConnection: te\r\nTE: trailers\r\n") != asked {
			t.Errorf("asked %v: %q", asked, head)
		}
		conn.net.Close()
	}
}

// What is written is read by net/http as it was meant.
func TestRequests(t *testing.T) {
	trailers := new(exchange.Fields)
	trailers.Add([]byte("X-Sum"), []byte("7"))
	trailers.Add([]byte("Content-Length"), []byte("0"))
	big := strings.Repeat("x", 100_000)
	tests := []struct {
		name    string
		method  string
		framing exchange.Framing
		length  int64
		body    exchange.Body
		fields  []string
		want    string // "METHOD target host length coding body trailer", then fields
	}{
		{name: "get", method: "GET", want: "GET /a?b=c shop.example 0 [] ", length: -1},
		{name: "fields", method: "GET", length: -1, fields: []string{"X-A", "1", "x-a", "2", "Host", "evil", "Connection", "x-a", "Transfer-Encoding", "chunked", "Content-Length", "9", "Expect", "100-continue"}, want: "GET /a?b=c shop.example 0 [] X-A=1,2"},
		{name: "own method", method: "PURGE", length: -1, want: "PURGE /a?b=c shop.example 0 [] "},
		{name: "empty post", method: "POST", framing: exchange.FramingLength, want: "POST /a?b=c shop.example 0 [] "},
		{name: "small", method: "POST", framing: exchange.FramingLength, length: 5, body: &pieces{list: []string{"he", "llo"}}, want: "POST /a?b=c shop.example 5 [] hello"},
		{name: "large", method: "PUT", framing: exchange.FramingLength, length: 100_000, body: &pieces{list: []string{big[:70_000], big[70_000:]}}, want: "PUT /a?b=c shop.example 100000 [] " + big},
		{name: "chunked", method: "POST", framing: exchange.FramingChunked, length: -1, body: &pieces{list: []string{"he", "", "llo"}, trailers: trailers}, want: "POST /a?b=c shop.example -1 [chunked] hello|X-Sum=7"},
		{name: "large chunks", method: "POST", framing: exchange.FramingChunked, length: -1, body: &pieces{list: []string{big, "!"}}, want: "POST /a?b=c shop.example -1 [chunked] " + big + "!"},
		{name: "chunked, empty", method: "POST", framing: exchange.FramingChunked, length: -1, body: &pieces{}, want: "POST /a?b=c shop.example -1 [chunked] "},
		{name: "stream of known length", method: "POST", framing: exchange.FramingStream, length: 3, body: &pieces{list: []string{"abc"}}, want: "POST /a?b=c shop.example 3 [] abc"},
		{name: "stream of unknown length", method: "POST", framing: exchange.FramingStream, length: -1, body: &pieces{list: []string{"abc"}}, want: "POST /a?b=c shop.example -1 [chunked] abc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := make(chan string, 1)
			conn := origin(t, func(c *net.TCPConn, r *bufio.Reader) {
				got <- describe(httpRequest(t, r))
				_, _ = io.WriteString(c, ok200)
				_, _ = io.Copy(io.Discard, r)
			})
			ex := request(t, tt.method, "/a")
			ex.Forward.Query, ex.Forward.HasQuery = []byte("b=c"), true
			ex.Request.Framing, ex.Request.ContentLength, ex.Request.Body = tt.framing, tt.length, tt.body
			for i := 0; i < len(tt.fields); i += 2 {
				ex.Request.Fields.Add([]byte(tt.fields[i]), []byte(tt.fields[i+1]))
				ex.Request.ExpectContinue = true
			}
			var call Call
			if err := call.Start(ex, options); err != nil {
				t.Fatal(err)
			}
			if err := call.RoundTrip(conn); err != nil {
				t.Fatal(err)
			}
			if body, err := readBody(ex.Response.Body); body != "ok" || err != nil {
				t.Errorf("response %q, %v", body, err)
			}
			if ok, why := call.Finish(); !ok {
				t.Errorf("not reusable: %v", why)
			}
			if diff := cmp.Diff(tt.want, <-got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func describe(r *http.Request, body string) string {
	if r == nil {
		return "nothing"
	}
	s := fmt.Sprintf("%s %s %s %d %v %s", r.Method, r.RequestURI, r.Host, r.ContentLength, r.TransferEncoding, body)
	for _, name := range []string{"X-A", "Expect", "Connection"} {
		if v := r.Header.Values(name); v != nil {
			s += name + "=" + strings.Join(v, ",")
		}
	}
	for name, v := range r.Trailer {
		s += "|" + name + "=" + strings.Join(v, ",")
	}
	return s
}

// Nothing outside the grammar leaves, whatever a filter made of the request.
func TestRefusesToWrite(t *testing.T) {
	tests := []struct {
		name, reason string
		spoil        func(ex *exchange.Exchange)
	}{
		{"path with CRLF", "emit_target", func(ex *exchange.Exchange) { ex.Forward.Path = []byte("/a HTTP/1.1\r\nX: y") }},
		{"empty path", "emit_target", func(ex *exchange.Exchange) { ex.Forward.Path = nil }},
		{"authority", "emit_authority", func(ex *exchange.Exchange) { ex.Forward.Authority = []byte("a\r\nb") }},
		{"value", "emit_field_value", func(ex *exchange.Exchange) { ex.Request.Fields.Add([]byte("a"), []byte("b\r\nc: d")) }},
		{"name", "emit_field_name", func(ex *exchange.Exchange) { ex.Request.Fields.Add([]byte("a b"), nil) }},
		{"missing body", "request_body_missing", func(ex *exchange.Exchange) { ex.Request.Framing, ex.Request.ContentLength = exchange.FramingLength, 4 }},
		{"a body that is not announced", "request_body_unframed", func(ex *exchange.Exchange) {
			ex.Request.Body = &pieces{list: []string{"GET /admin HTTP/1.1\r\n\r\n"}}
		}},
		{"announced chunks", "request_body_missing", func(ex *exchange.Exchange) { ex.Request.Framing = exchange.FramingChunked }},
		{"announced stream", "request_body_missing", func(ex *exchange.Exchange) { ex.Request.Framing = exchange.FramingStream }},
		{"too long a body", "request_body_too_long", func(ex *exchange.Exchange) {
			ex.Request.Framing, ex.Request.ContentLength = exchange.FramingLength, 4
			ex.Request.Body = &pieces{list: []string{"hello"}}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ex := request(t, "POST", "/")
			tt.spoil(ex)
			var call Call
			if err := call.Start(ex, options); err == nil || err.Kind != exchange.KindInternal || err.Reason != tt.reason {
				t.Errorf("error %v, want %s", err, tt.reason)
			}
			call.Finish()
		})
	}
}

// An origin may answer while it is being sent a body. The answer comes at once; Finish
// stops the upload though the client is silent, and the connection is not used again.
func TestEarlyResponse(t *testing.T) {
	for _, length := range []int64{-1, 1 << 30} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			conn := origin(t, answer("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"))
			ex := request(t, "POST", "/")
			ex.Request.Framing, ex.Request.ContentLength = exchange.FramingLength, length
			if length < 0 {
				ex.Request.Framing = exchange.FramingChunked
			}
			body := &pieces{list: []string{"some"}, wait: make(chan struct{}), stopped: make(chan struct{})}
			ex.Request.Body = body
			var call Call
			if err := call.Start(ex, options); err != nil {
				t.Fatal(err)
			}
			if err := call.RoundTrip(conn); err != nil {
				t.Fatal(err)
			}
			content, err := readBody(ex.Response.Body)
			if ex.Response.Status != 413 || content != "no" || err != nil {
				t.Errorf("%d %q, %v", ex.Response.Status, content, err)
			}
			if ok, _ := call.Finish(); ok {
				t.Error("the connection may be used again")
			}
			body.list = nil // the race detector's bait: nobody reads the body after Finish
		})
	}
}

// A client that breaks off its upload is not taken for an origin's fault, and the
// origin never sees an end.
func TestClientBreaksOff(t *testing.T) {
	malformed := &exchange.Error{Kind: exchange.KindBadRequest, Source: exchange.SourceClient, Reason: "chunk_size_malformed"}
	tests := []struct {
		name    string
		framing exchange.Framing
		length  int64
		list    []string
		end     error
		want    exchange.Kind
	}{
		{"small", exchange.FramingLength, 10, []string{"abc"}, io.ErrUnexpectedEOF, exchange.KindClientGone},
		{"small, short", exchange.FramingLength, 10, []string{"abc"}, nil, exchange.KindClientGone},
		{"large", exchange.FramingLength, 100_000, []string{"abc"}, io.ErrUnexpectedEOF, exchange.KindClientGone},
		{"large, short", exchange.FramingLength, 100_000, []string{"abc"}, nil, exchange.KindClientGone},
		{"chunked", exchange.FramingChunked, -1, []string{"abc"}, malformed, exchange.KindBadRequest},
		{"panics", exchange.FramingChunked, -1, nil, errPanic, exchange.KindInternal},
		{"too long", exchange.FramingLength, 10_000, []string{strings.Repeat("a", 10_001)}, nil, exchange.KindInternal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ended := make(chan error, 1)
			conn := origin(t, func(_ *net.TCPConn, r *bufio.Reader) {
				req, err := http.ReadRequest(r)
				if err == nil {
					_, err = io.Copy(io.Discard, req.Body)
				}
				ended <- err
			})
			ex := request(t, "POST", "/")
			ex.Request.Framing, ex.Request.ContentLength = tt.framing, tt.length
			ex.Request.Body = &pieces{list: tt.list, end: tt.end}
			var call Call
			err := call.Start(ex, options)
			if err == nil {
				err = call.RoundTrip(conn)
			}
			if err == nil || err.Kind != tt.want {
				t.Errorf("error %v", err)
			}
			if ok, _ := call.Finish(); ok {
				t.Error("the connection may be used again")
			}
			conn.net.Close()
			if err := <-ended; err == nil {
				t.Error("the origin saw a whole request")
			}
		})
	}
}

// Bodies far larger than any buffer pass in both directions at once.
func TestLargeBodies(t *testing.T) {
	const size = 8 << 20
	block := bytes.Repeat([]byte("0123456789abcdef"), 1<<12)
	conn := origin(t, func(c *net.TCPConn, r *bufio.Reader) {
		readRequest(r)
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size)
		_, _ = io.CopyN(c, r, size) // an echo: it reads no faster than we read
		_, _ = io.Copy(io.Discard, r)
	})
	ex := request(t, "POST", "/")
	ex.Request.Framing, ex.Request.ContentLength = exchange.FramingLength, size
	body := &pieces{}
	for range size / len(block) {
		body.list = append(body.list, string(block))
	}
	ex.Request.Body = body
	var call Call
	if err := call.Start(ex, options); err != nil {
		t.Fatal(err)
	}
	if err := call.RoundTrip(conn); err != nil {
		t.Fatal(err)
	}
	got, err := readBody(ex.Response.Body)
	if len(got) != size || err != nil || got != strings.Repeat(string(block), size/len(block)) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if ok, why := call.Finish(); !ok {
		t.Errorf("not reusable: %v", why)
	}
}

// tcpBody is a client's body of known length on a TCP connection.
type tcpBody struct {
	conn    *net.TCPConn
	left    int64
	spliced int64
	buffer  [4096]byte
}

func (b *tcpBody) Next() ([]byte, error) {
	n, err := b.conn.Read(b.buffer[:min(b.left, 4096)])
	b.left -= int64(n)
	return b.buffer[:n], err
}
func (b *tcpBody) Trailers() *exchange.Fields { return nil }
func (b *tcpBody) Remaining() (*net.TCPConn, int64, bool) {
	return b.conn, b.left, true
}

func (b *tcpBody) Consumed(n int64) {
	b.left -= n
	b.spliced += n
}

func TestSplice(t *testing.T) {
	const size = 3<<20 + 17
	content := bytes.Repeat([]byte("abcdefg"), size/7+1)[:size]
	tests := []struct {
		name string
		sent int // bytes the client sends of those it declared
		kind exchange.Kind
	}{{"whole", size, 0}, {"client gone", size / 2, exchange.KindClientGone}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			received := make(chan []byte, 1)
			conn := origin(t, func(c *net.TCPConn, r *bufio.Reader) {
				readRequest(r)
				all, _ := io.ReadAll(io.LimitReader(r, size))
				received <- all
				fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size)
				_, _ = c.Write(content)
				_, _ = io.Copy(io.Discard, r)
			})
			client := origin(t, func(c *net.TCPConn, _ *bufio.Reader) { _, _ = c.Write(content[:tt.sent]) })
			ex := request(t, "POST", "/")
			ex.Request.Framing, ex.Request.ContentLength = exchange.FramingLength, size
			body := &tcpBody{conn: client.tcp, left: size}
			ex.Request.Body = body
			var call Call
			if err := call.Start(ex, options); err != nil {
				t.Fatal(err)
			}
			err := call.RoundTrip(conn)
			if tt.kind != 0 {
				if err == nil || err.Kind != tt.kind {
					t.Errorf("error %v", err)
				}
				call.Finish()
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if all := <-received; !bytes.Equal(all, content) {
				t.Errorf("%d bytes received", len(all))
			}
			first, _ := ex.Response.Body.Next()
			from, n, ok := ex.Response.Body.(exchange.Splicer).Remaining()
			if !ok || int(n) != size-len(first) {
				t.Fatalf("Remaining() = %d, %v after %d", n, ok, len(first))
			}
			rest, _ := io.ReadAll(io.LimitReader(from, n))
			ex.Response.Body.(exchange.Splicer).Consumed(n)
			if string(first)+string(rest) != string(content) {
				t.Error("the response came out wrong")
			}
			if _, err := ex.Response.Body.Next(); err != io.EOF {
				t.Errorf("after the end: %v", err)
			}
			if ok, why := call.Finish(); !ok || body.spliced != size {
				t.Errorf("reusable %v, %v; %d bytes spliced", ok, why, body.spliced)
			}
		})
	}
}

func TestUpgrade(t *testing.T) {
	for _, early := range []string{"", "first "} {
		t.Run(early, func(t *testing.T) {
			conn := origin(t, func(c *net.TCPConn, r *bufio.Reader) {
				head := readRequest(r)
				if !strings.Contains(head, "Connection: upgrade\r\nUpgrade: websocket\r\n") {
					t.Errorf("request %q", head)
				}
				_, _ = io.WriteString(c, "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: x\r\n\r\n"+early)
				_, _ = io.Copy(c, r) // until we close our direction
				_, _ = io.WriteString(c, ".")
			})
			ex := request(t, "GET", "/")
			ex.Request.Upgrade = []byte("websocket")
			var call Call
			if err := call.Start(ex, options); err != nil {
				t.Fatal(err)
			}
			if _, err := call.Tunnel(); err == nil {
				t.Error("a tunnel before a 101")
			}
			if err := call.RoundTrip(conn); err != nil {
				t.Fatal(err)
			}
			if ex.Response.Status != 101 || string(ex.Response.Upgrade) != "WebSocket" || ex.Response.Fields.Len() != 1 {
				t.Errorf("head %+v", ex.Response.Head)
			}
			tunnel, err := call.Tunnel()
			if err != nil {
				t.Fatal(err)
			}
			if tcp := tunnel.(exchange.TCPDuplex).TCPConn(); (tcp == nil) != (early != "") {
				t.Errorf("with %q read early, the connection is %v", early, tcp)
			}
			_, _ = io.WriteString(tunnel, "ping")
			tunnel.CloseWrite()
			var got bytes.Buffer
			_, _ = io.Copy(&got, tunnel)
			if got.String() != early+"ping." || tunnel.(exchange.TCPDuplex).TCPConn() == nil {
				t.Errorf("the tunnel carried %q", got.String())
			}
			tunnel.Close()
			if ok, why := call.Finish(); ok || why.String() != "tunnel" {
				t.Errorf("reusable: %v, %v", ok, why)
			}
		})
	}
}

func TestUpgradeDeclined(t *testing.T) {
	tests := []struct {
		name, raw string
		status    int
	}{
		{"ordinary answer", ok200, 200},
		{"another protocol", "HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", 502},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn := origin(t, answer(tt.raw))
			ex := request(t, "GET", "/")
			ex.Request.Upgrade = []byte("websocket")
			var call Call
			if err := call.Start(ex, options); err != nil {
				t.Fatal(err)
			}
			err := call.RoundTrip(conn)
			status := ex.Response.Status
			if err != nil {
				status = err.HTTPStatus()
			}
			if _, err := call.Tunnel(); err == nil || status != tt.status {
				t.Errorf("status %d, tunnel %v", status, err)
			}
			call.Finish()
		})
	}
}

func TestIdleTimeout(t *testing.T) {
	tests := []struct {
		name string
		raw  string
	}{
		{"no head", ""},
		{"half a head", "HTTP/1.1 200"},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn := origin(t, func(c *net.TCPConn, r *bufio.Reader) {
				readRequest(r)
				_, _ = io.WriteString(c, tt.raw)
				_, _ = io.Copy(io.Discard, r)
			})
			ex := request(t, "GET", "/")
			var call Call
			short := options
			short.Idle = time.Millisecond
			if err := call.Start(ex, short); err != nil {
				t.Fatal(err)
			}
			var err error
			if e := call.RoundTrip(conn); e != nil {
				err = e
			} else {
				_, err = readBody(ex.Response.Body)
			}
			e, ok := errors.AsType[*exchange.Error](err)
			if !ok || e.Kind != exchange.KindUpstreamTimeout || e.HTTPStatus() != 504 {
				t.Errorf("error %v", err)
			}
			if ok, _ := call.Finish(); ok {
				t.Error("the connection may be used again")
			}
			conn.net.Close()
		})
	}
}

func TestInformationalToAGoneClient(t *testing.T) {
	conn := origin(t, answer("HTTP/1.1 103 \r\n\r\n"+ok200))
	ex := request(t, "GET", "/")
	ex.Downstream = &clientSide{err: io.ErrClosedPipe}
	var call Call
	if err := call.Start(ex, options); err != nil {
		t.Fatal(err)
	}
	if err := call.RoundTrip(conn); err == nil || err.Kind != exchange.KindClientGone {
		t.Errorf("error %v", err)
	}
	call.Finish()
}

// A connection whose time ran out as it was given back costs its next request another
// try and no failure.
func TestExpiredWhileIdle(t *testing.T) {
	conn := origin(t, answer(ok200))
	conn.timer.Arm(0)
	if _, err := conn.net.Read(make([]byte, 1)); err == nil || !conn.timer.Fired() {
		t.Fatalf("the timer did not run out: %v", err)
	}
	ex := request(t, "POST", "/")
	var call Call
	if err := call.Start(ex, options); err != nil {
		t.Fatal(err)
	}
	if err := call.RoundTrip(conn); err == nil || err.Retry != exchange.RetryYes || !call.Repeatable() {
		t.Errorf("error %v", err)
	}
	if ok, _ := call.Finish(); ok {
		t.Error("the connection may be used again")
	}
	_ = conn.net.Close()
}
