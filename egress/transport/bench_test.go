package transport

import (
	"bufio"
	"io"
	"net"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// steadyOrigin answers every request on a connection; it allocates nothing.
func steadyOrigin(t testing.TB) *Conn {
	return origin(t, func(c *net.TCPConn, _ *bufio.Reader) {
		buffer := make([]byte, 4096)
		answer := []byte("HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nServer: x\r\n" +
			"Content-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!")
		for {
			if _, err := c.Read(buffer); err != nil {
				return
			}
			if _, err := c.Write(answer); err != nil {
				return
			}
		}
	})
}

func steadyRequest(t testing.TB) *exchange.Exchange {
	ex := request(t, "GET", "/giropops")
	for _, f := range [][2]string{
		{"User-Agent", "wrk"},
		{"Accept", "*/*"},
		{"X-Forwarded-For", "10.0.0.1"},
		{"X-Forwarded-Proto", "http"},
		{"X-Request-Id", "0123456789abcdef"},
	} {
		ex.Request.Fields.Add([]byte(f[0]), []byte(f[1]))
	}
	return ex
}

func steadyCall(t testing.TB, call *Call, ex *exchange.Exchange, conn *Conn) {
	ex.ResetResponse()
	if err := call.Start(ex, options); err != nil {
		t.Fatal(err)
	}
	if err := call.RoundTrip(conn); err != nil {
		t.Fatal(err)
	}
	if b, err := ex.Response.Body.Next(); len(b) != 13 || err != io.EOF {
		t.Fatalf("%q, %v", b, err)
	}
	if ok, why := call.Finish(); !ok {
		t.Fatal(why)
	}
}

func TestSteadyCallDoesNotAllocate(t *testing.T) {
	conn, ex := steadyOrigin(t), steadyRequest(t)
	var call Call
	steadyCall(t, &call, ex, conn)
	n := testing.AllocsPerRun(200, func() { steadyCall(t, &call, ex, conn) })
	if n > 0 && !raceEnabled {
		t.Errorf("%v allocations for each call", n)
	}
	conn.net.Close()
}

func BenchmarkRoundTrip(b *testing.B) {
	conn, ex := steadyOrigin(b), steadyRequest(b)
	var call Call
	b.ReportAllocs()
	for b.Loop() {
		steadyCall(b, &call, ex, conn)
	}
	conn.net.Close()
}

// The same with a write and a read of net.Conn: what the turn saves.
func BenchmarkRoundTripSlowly(b *testing.B) {
	conn, ex := steadyOrigin(b), steadyRequest(b)
	conn.raw = nil
	var call Call
	b.ReportAllocs()
	for b.Loop() {
		steadyCall(b, &call, ex, conn)
	}
	conn.net.Close()
}
