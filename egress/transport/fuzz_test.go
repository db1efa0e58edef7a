package transport

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/deadline"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// memory is a connection that says what it was given, in two pieces, and then ends.
type memory struct {
	net.Conn
	pieces [][]byte
}

func (m *memory) Write(p []byte) (int, error) { return len(p), nil }
func (m *memory) SetDeadline(time.Time) error { return nil }
func (m *memory) Close() error                { return nil }
func (m *memory) Read(p []byte) (n int, err error) {
	for len(m.pieces) > 0 {
		if n = copy(p, m.pieces[0]); n > 0 {
			m.pieces[0] = m.pieces[0][n:]
			return n, nil
		}
		m.pieces = m.pieces[1:]
	}
	return 0, io.EOF
}

// Whatever an origin sends, and however it is split: no panic, the same verdict, and
// nothing is accepted that net/http reads otherwise.
func FuzzResponse(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
		"HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\nuntil close",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
	} {
		f.Add([]byte(s), uint16(20), false)
		f.Add([]byte(s), uint16(60), true)
	}
	sweeper := deadline.New()
	f.Cleanup(sweeper.Stop)
	f.Fuzz(func(t *testing.T, raw []byte, cut uint16, head bool) {
		method := "GET"
		if head {
			method = "HEAD"
		}
		whole := fuzzOnce(t, sweeper, method, raw)
		at := int(cut) % (len(raw) + 1)
		if split := fuzzOnce(t, sweeper, method, raw[:at], raw[at:]); split != whole {
			t.Fatalf("split at %d: %+v, whole: %+v", at, split, whole)
		}
		if !whole.clean {
			return
		}
		res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(whole.final(raw))), &http.Request{Method: method})
		if err != nil {
			t.Fatalf("net/http refuses what is accepted: %v", err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || string(body) != whole.body || res.StatusCode != whole.status {
			t.Fatalf("net/http reads %d %q, %v; we %+v", res.StatusCode, body, err, whole)
		}
	})
}

// verdict is what a call made of a response.
type verdict struct {
	clean    bool // it ended well
	status   int
	body     string
	informed int
}

// final returns raw without its informational responses.
func (v verdict) final(raw []byte) []byte {
	for range v.informed {
		_, raw, _ = bytes.Cut(raw, []byte("\r\n\r\n"))
	}
	return raw
}

func fuzzOnce(t *testing.T, sweeper *deadline.Sweeper, method string, raw ...[]byte) (v verdict) {
	conn := new(Conn)
	if err := conn.Init(&memory{pieces: raw}, sweeper); err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ex := exchange.Get()
	defer exchange.Put(ex)
	ex.Request.Method = exchange.LookupMethod([]byte(method))
	ex.Forward.Path, ex.Forward.Authority = []byte("/"), []byte("a")
	client := &clientSide{}
	ex.Downstream = client
	var call Call
	defer call.Finish()
	if err := call.Start(ex, options); err != nil {
		t.Fatal(err)
	}
	if err := call.RoundTrip(conn); err != nil {
		return v
	}
	v.status, v.informed = ex.Response.Status, len(client.got)
	body, err := readBody(ex.Response.Body)
	v.body, v.clean = body, err == nil
	return v
}
