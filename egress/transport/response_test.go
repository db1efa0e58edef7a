package transport

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/egress/pool"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

func TestResponses(t *testing.T) {
	tests := []struct {
		name     string
		method   string
		raw      string
		status   int
		body     string
		trailer  string
		informed []string
		reusable bool
	}{
		{name: "length", raw: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", status: 200, body: "hello", reusable: true},
		{name: "length 0", raw: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", status: 200, reusable: true},
		{name: "no content", raw: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, reusable: true},
		{name: "not modified", raw: "HTTP/1.1 304 \r\nContent-Length: 99\r\nEtag: x\r\n\r\n", status: 304, reusable: true},
		{name: "head", method: "HEAD", raw: "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", status: 200, reusable: true},
		{name: "until close", raw: "HTTP/1.1 200 OK\r\n\r\nall of it", status: 200, body: "all of it"},
		{name: "HTTP/1.0", raw: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi"},
		{name: "last response", raw: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi"},
		{
			name: "chunked", raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
			status: 200, body: "hello!", reusable: true,
		},
		{
			name: "trailers", raw: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n",
			status: 200, body: "a", trailer: "X-Sum=7", reusable: true,
		},
		{
			name: "early hints", raw: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x-a\r\nX-A: 1\r\n\r\n" +
				"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
			status: 200, body: "hi", informed: []string{"103 Link=</a>", "102"}, reusable: true,
		},
		{name: "bytes after the end", raw: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n", status: 200, body: "hi"},
	}
	for _, tt := range tests {
		// Split anywhere: one byte at a time must say the same as all at once.
		for _, split := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", tt.name, split), func(t *testing.T) {
				conn := origin(t, func(c *net.TCPConn, r *bufio.Reader) {
					readRequest(r)
					if split {
						for i := range tt.raw {
							_, _ = io.WriteString(c, tt.raw[i:i+1])
						}
					} else {
						_, _ = io.WriteString(c, tt.raw)
					}
					c.CloseWrite()
					_, _ = io.Copy(io.Discard, r)
				})
				method := tt.method
				if method == "" {
					method = "GET"
				}
				ex := request(t, method, "/")
				client := &clientSide{}
				ex.Downstream = client
				var call Call
				if err := call.Start(ex, options); err != nil {
					t.Fatal(err)
				}
				if err := call.RoundTrip(conn); err != nil {
					t.Fatal(err)
				}
				body, err := readBody(ex.Response.Body)
				if err != nil || body != tt.body || ex.Response.Status != tt.status {
					t.Errorf("%d %q, %v", ex.Response.Status, body, err)
				}
				trailer := ""
				if ex.Response.Body != nil && ex.Response.Body.Trailers() != nil {
					f := ex.Response.Body.Trailers().All()[0]
					trailer = fmt.Sprintf("%s=%s", f.Name, f.Value)
				}
				if diff := cmp.Diff(tt.informed, client.got); diff != "" || trailer != tt.trailer {
					t.Errorf("trailer %q; informational responses: %s", trailer, diff)
				}
				// Stray bytes that come later are the pool's to find.
				if reusable, why := call.Finish(); reusable != tt.reusable && !(split && tt.name == "bytes after the end") {
					t.Errorf("reusable = %v, %v", reusable, why)
				}
			})
		}
	}
}

// What an origin may not say: answered 502, and the connection is dropped. Reliability
// row A16.
func TestHostileResponses(t *testing.T) {
	tests := []struct{ name, raw, reason string }{
		{"CL and TE", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "content_length_and_transfer_encoding"},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "content_length_repeated"},
		{"length list", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", "content_length_malformed"},
		{"bare LF", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", "bare_lf"},
		{"bare CR splits", "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\n\r\n", "bare_cr"},
		{"NUL", "HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n", "control_byte"},
		{"obs-fold", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "obs_fold"},
		{"space before colon", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n", "space_before_colon"},
		{"coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "transfer_encoding_unsupported"},
		{"huge head", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("a", 8000)+"\r\n", 1250) + "\r\n", "head_too_large"},
		{"many fields", "HTTP/1.1 200 OK\r\n" + strings.Repeat("a:\r\n", 300) + "\r\n", "field_too_many"},
		{"1xx flood", strings.Repeat("HTTP/1.1 103 \r\n\r\n", 1000), "informational_too_many"},
		{"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "status_line_malformed"},
		{"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", "version_unsupported"},
		{"status 999", "HTTP/1.1 999 OK\r\n\r\n", "status_out_of_range"},
		{"switch unasked", "HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", "upgrade_not_asked"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn := origin(t, answer(tt.raw))
			ex := request(t, "GET", "/")
			ex.Downstream = &clientSide{}
			var call Call
			if err := call.Start(ex, options); err != nil {
				t.Fatal(err)
			}
			err := call.RoundTrip(conn)
			if err == nil || err.Kind != exchange.KindUpstreamProtocol || err.HTTPStatus() != 502 {
				t.Fatalf("error %v", err)
			}
			if err.Reason != tt.reason || err.Retry != exchange.RetryNo {
				t.Errorf("reason %s, want %s; retry %v", err.Reason, tt.reason, err.Retry)
			}
			if reusable, _ := call.Finish(); reusable {
				t.Error("the connection may be used again")
			}
		})
	}
}

// A body that breaks off is never a clean end.
func TestTruncatedBodies(t *testing.T) {
	tests := []struct {
		name, raw, body string
		kind            exchange.Kind
	}{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "hello", exchange.KindUpstreamReset},
		{"length, none", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "", exchange.KindUpstreamReset},
		{"in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "hel", exchange.KindUpstreamReset},
		{"between chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "hello", exchange.KindUpstreamReset},
		{"before the last CRLF", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", "hello", exchange.KindUpstreamReset},
		{"bad size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0x5\r\n", "hello", exchange.KindUpstreamProtocol},
		{"spill", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n", "hello", exchange.KindUpstreamProtocol},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn := origin(t, answer(tt.raw))
			ex := request(t, "GET", "/")
			var call Call
			if err := call.Start(ex, options); err != nil {
				t.Fatal(err)
			}
			if err := call.RoundTrip(conn); err != nil {
				t.Fatal(err)
			}
			body, err := readBody(ex.Response.Body)
			e, ok := errors.AsType[*exchange.Error](err)
			if !ok || e.Kind != tt.kind || body != tt.body {
				t.Errorf("%q, %v", body, err)
			}
			if _, again := ex.Response.Body.Next(); again != err {
				t.Errorf("the next Next says %v", again)
			}
			if reusable, _ := call.Finish(); reusable {
				t.Error("the connection may be used again")
			}
		})
	}
}

func TestNoAnswer(t *testing.T) {
	good := "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	tests := []struct {
		name   string
		served int // requests before it
		serve  func(c *net.TCPConn, r *bufio.Reader)
		retry  exchange.Retry
	}{
		{"closed, new", 0, func(_ *net.TCPConn, r *bufio.Reader) { readRequest(r) }, exchange.RetryNo},
		{"reset, new", 0, func(c *net.TCPConn, r *bufio.Reader) { readRequest(r); _ = c.SetLinger(0) }, exchange.RetryNo},
		{"closed, reused", 1, func(_ *net.TCPConn, r *bufio.Reader) { readRequest(r) }, exchange.RetryIfReused},
		{"reset, reused", 1, func(c *net.TCPConn, r *bufio.Reader) { readRequest(r); _ = c.SetLinger(0) }, exchange.RetryIfReused},
		{"half a head", 1, answer("HTTP/1.1 200 OK\r\nA: "), exchange.RetryNo},
		{"after a 1xx", 1, answer("HTTP/1.1 103 \r\n\r\n"), exchange.RetryNo},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn := origin(t, func(c *net.TCPConn, r *bufio.Reader) {
				for range tt.served {
					readRequest(r)
					_, _ = io.WriteString(c, good)
				}
				tt.serve(c, r)
			})
			connections := pool.New[*Conn](pool.Options{})
			connections.Add(conn)
			for range tt.served {
				var call Call
				ex := request(t, "GET", "/")
				if err := errors.Join(asError(call.Start(ex, options)), asError(call.RoundTrip(conn))); err != nil {
					t.Fatal(err)
				}
				if ok, why := call.Finish(); !ok {
					t.Fatal(why)
				}
				connections.Put(conn, time.Now())
			}
			ex := request(t, "GET", "/")
			var call Call
			if err := call.Start(ex, options); err != nil {
				t.Fatal(err)
			}
			err := call.RoundTrip(conn)
			if err == nil || err.Kind != exchange.KindUpstreamReset || err.Retry != tt.retry || !call.Repeatable() {
				t.Errorf("error %v, want retry %v", err, tt.retry)
			}
			if ok, _ := call.Finish(); ok {
				t.Error("the connection may be used again")
			}
		})
	}
}

func asError(e *exchange.Error) error {
	if e == nil {
		return nil
	}
	return e
}

// Views of the response's head stay as they are while the body is read into what is
// left of the buffer and then into a larger one.
func TestHeadOutlivesBody(t *testing.T) {
	for _, size := range []int{100, 15_000, 40_000, 300_000} {
		for _, headSize := range []int{10, 7_000, 40_000} {
			t.Run(fmt.Sprintf("%d after %d", size, headSize), func(t *testing.T) {
				content := strings.Repeat("0123456789", size/10)
				long := ""
				for range headSize / 7000 {
					long += "X-Long: " + strings.Repeat("v", 6990) + "\r\n"
				}
				conn := origin(t, answer(fmt.Sprintf(
					"HTTP/1.1 200 Fine\r\nX-Tag: first\r\n%sContent-Length: %d\r\n\r\n%s", long, size, content)))
				ex := request(t, "GET", "/")
				var call Call
				if err := call.Start(ex, options); err != nil {
					t.Fatal(err)
				}
				if err := call.RoundTrip(conn); err != nil {
					t.Fatal(err)
				}
				body, err := readBody(ex.Response.Body)
				if err != nil || body != content {
					t.Errorf("%d bytes of %d, %v", len(body), size, err)
				}
				tag, _ := ex.Response.Fields.Lookup(exchange.KeyOf("x-tag"))
				if string(tag) != "first" || string(ex.Response.Reason) != "Fine" {
					t.Errorf("the head now says %q %q", tag, ex.Response.Reason)
				}
				if ok, why := call.Finish(); !ok {
					t.Errorf("not reusable: %v", why)
				}
			})
		}
	}
}

// Ready tells content that is here from content that is to come, framing from content.
func TestReady(t *testing.T) {
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	tests := []struct {
		name, raw string
		ready     []bool // before each Next
	}{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", []bool{true}},
		{"length, to come", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", []bool{false}},
		{"length, half", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na", []bool{true, false}},
		{"until close", "HTTP/1.1 200 OK\r\n\r\na", []bool{true, false}},
		{"chunk", chunked + "3\r\nabc\r\n", []bool{true, false}},
		{"chunks and end", chunked + "1\r\na\r\n1\r\nb\r\n0\r\n\r\n", []bool{true, true}},
		{"end", chunked + "0\r\n\r\n", []bool{true}},
		{"framing alone", chunked + "3\r", []bool{false}},
		{"fault", chunked + "x", []bool{true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn := origin(t, answer(tt.raw))
			ex := request(t, "GET", "/")
			var call Call
			if err := call.Start(ex, options); err != nil {
				t.Fatal(err)
			}
			if err := call.RoundTrip(conn); err != nil {
				t.Fatal(err)
			}
			for i, want := range tt.ready {
				if got := ex.Response.Body.(exchange.Readier).Ready(); got != want {
					t.Errorf("before Next %d: ready %v", i, got)
				}
				_, _ = ex.Response.Body.Next()
			}
			call.Finish()
		})
	}
}
