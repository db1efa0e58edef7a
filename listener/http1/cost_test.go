package http1

import (
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/listener"
)

// TestNoAllocationPerRequest serves many requests on one connection over loopback and
// counts what the whole process allocated.
func TestNoAllocationPerRequest(t *testing.T) {
	if raceEnabled {
		t.Log("pools drop things at random in race builds; there is nothing to measure")
		return
	}
	tests := []struct {
		name, request string
		handler       handlerFunc
	}{
		{"no content", benchRequest, answer},
		{"content", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", consume},
		{"chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", consume},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn := newRig(t, nil, tt.handler).dial(t).TCPConn
			request := []byte(tt.request)
			response := make([]byte, responseSize(t, conn, request))
			n := testing.AllocsPerRun(500, func() { roundTrip(t, conn, request, response) })
			if n != 0 {
				t.Errorf("%v allocations for each request", n)
			}
		})
	}
}

// consume reads the content and answers.
func consume(ex *exchange.Exchange) {
	for {
		if _, err := ex.Request.Body.Next(); err != nil {
			break
		}
	}
	answer(ex)
}

// TestIdleConnectionHoldsNoBuffer looks at the input of a connection that waits.
func TestIdleConnectionHoldsNoBuffer(t *testing.T) {
	server, _ := newServer(t, answer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	var settings atomic.Pointer[listener.Settings]
	settings.Store(newSettings(t, nil))
	c := newConn(server, listener.NewConn(far, 80, &settings))
	server.Sweeper.Add(&c.timer, c.expire)
	defer server.Sweeper.Remove(&c.timer)

	blocked := make(chan bool)
	idle := c.idle
	c.idle = func(fd uintptr) bool {
		done := idle(fd)
		if !done {
			blocked <- c.in.buf == nil
		}
		return done
	}
	ended := make(chan bool)
	go func() {
		defer close(ended)
		for c.await() && c.serveRequest() {
		}
	}()
	for range 3 {
		if released := <-blocked; !released {
			t.Error("waits with a buffer in hand")
		}
		if _, err := io.WriteString(near, benchRequest); err != nil {
			t.Fatal(err)
		}
		if n := readResponse(t, near); n == 0 {
			t.Fatal("no response")
		}
	}
	<-blocked
	near.Close()
	<-ended
}

func readResponse(t *testing.T, conn net.Conn) int {
	t.Helper()
	n, err := conn.Read(make([]byte, 4096))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// BenchmarkIdleConnections reports the heap and stack bytes of a connection that has
// served a request and waits for the next. Both ends are in this process; the client's
// end holds a descriptor and no goroutine.
func BenchmarkIdleConnections(b *testing.B) {
	const count = 2000
	rig := newRig(b, nil, answer)
	for b.Loop() {
		before := memoryInUse()
		conns := make([]net.Conn, count)
		var buf [4096]byte
		for i := range conns {
			conn, err := net.Dial("tcp", rig.socket.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			conns[i] = conn
			if _, err := io.WriteString(conn, benchRequest); err != nil {
				b.Fatal(err)
			}
			if _, err := conn.Read(buf[:]); err != nil {
				b.Fatal(err)
			}
		}
		after := memoryInUse()
		b.ReportMetric(float64(after.heap-before.heap)/count, "heap-B/conn")
		b.ReportMetric(float64(after.stack-before.stack)/count, "stack-B/conn")
		for _, conn := range conns {
			conn.Close()
		}
	}
}

type memory struct{ heap, stack int64 }

// memoryInUse collects first, which also shrinks stacks that were larger.
func memoryInUse() memory {
	var m runtime.MemStats
	for range 4 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return memory{int64(m.HeapAlloc), int64(m.StackInuse)}
}
