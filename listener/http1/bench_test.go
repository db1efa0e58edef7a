package http1

import (
	"io"
	"net"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

const benchRequest = "GET /giropops/x?y=z HTTP/1.1\r\nHost: shop.example.com\r\n" +
	"User-Agent: wrk/4.1.0\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n"

var benchBody = []byte("hello, world\n")

func answer(ex *exchange.Exchange) {
	ex.Respond(200, textPlain, benchBody)
	_ = ex.Downstream.WriteResponse(ex)
}

// roundTrip sends one request and reads one response whose size is known.
func roundTrip(tb testing.TB, conn net.Conn, request, response []byte) {
	if _, err := conn.Write(request); err != nil {
		tb.Fatal(err)
	}
	if _, err := io.ReadFull(conn, response); err != nil {
		tb.Fatal(err)
	}
}

// responseSize learns how long the answer is.
func responseSize(tb testing.TB, conn net.Conn, request []byte) int {
	if _, err := conn.Write(request); err != nil {
		tb.Fatal(err)
	}
	n, err := conn.Read(make([]byte, 4096))
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func BenchmarkKeepAlive(b *testing.B) {
	rig := newRig(b, nil, answer)
	conn := rig.dial(b).TCPConn
	request := []byte(benchRequest)
	response := make([]byte, responseSize(b, conn, request))
	b.ReportAllocs()
	for b.Loop() {
		roundTrip(b, conn, request, response)
	}
}

// BenchmarkCodec is what the codec costs without sockets: the same request again and
// again, from memory.
func BenchmarkCodec(b *testing.B) {
	server, _ := newServer(b, answer)
	c := memoryConn(b, server, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	server.Serve(c)
}
