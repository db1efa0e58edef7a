package hostile

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestSlowHead is slowloris: heads that never end, whether bytes go on dripping or not,
// and connections without a byte. The gateway ends each by its own clock and counts it.
func TestSlowHead(t *testing.T) {
	const clients = 10
	e := newEdge(t, everything, "timeouts: {head: 0.2s, first_byte: 0.2s}", echo)
	for _, tt := range []struct {
		name, start string
		drips       bool
		status      int // 0: the connection just ends
		reason      string
	}{
		{"silent", "", false, 0, "first_byte_timeout"},
		{"stalled", "GET / HTTP/1.1\r\nHost: a.exam", false, 408, "head_timeout"},
		{"dripping", "GET / HTTP/1.1\r\nHost: a.example\r\nX: ", true, 408, "head_timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := e.refusals(t)[tt.reason]
			var conns []net.Conn
			for range clients {
				c := e.dial(t)
				if _, err := io.WriteString(c, tt.start); err != nil {
					t.Fatal(err)
				}
				if tt.drips {
					go drip(c)
				}
				conns = append(conns, c)
			}
			for _, c := range conns {
				var back strings.Builder
				_, err := io.Copy(&back, io.LimitReader(c, 1<<16))
				if isTimeout(err) {
					t.Fatal("the connection was not ended")
				}
				got, _ := replies(back.String(), "GET")
				if tt.status == 0 && back.Len() > 0 || tt.status != 0 && (len(got) != 1 || got[0].status != tt.status) {
					t.Errorf("answered %.100q, want %d", back.String(), tt.status)
				}
			}
			if n := e.refusals(t)[tt.reason] - before; n != clients {
				t.Errorf("%s counted %d times, want %d", tt.reason, n, clients)
			}
		})
	}
	e.wantUpstream(t)
}

// drip writes a byte now and then until the connection ends.
func drip(c net.Conn) {
	for tick := time.NewTicker(5 * time.Millisecond); ; <-tick.C {
		if _, err := io.WriteString(c, "x"); err != nil {
			tick.Stop()
			return
		}
	}
}

// The bounds of what hostile connections may cost. The promise is 2 MiB of heap for each
// (docs/security.md); this bound is below it, so that a change is seen. It includes the
// recording origin's copies of what it received.
const (
	attackers       = 100
	heapPerAttacker = 512 << 10
)

// TestMemory opens attackers that each make the gateway hold as much as they can, and
// leave again. Nothing of them may stay.
func TestMemory(t *testing.T) {
	const head = "POST / HTTP/1.1\r\nHost: a.example\r\n"
	for _, tt := range []struct{ name, raw string }{
		{"line_100k", "GET /" + strings.Repeat("a", 100<<10)},
		{"field_100k", head + "X: " + strings.Repeat("a", 100<<10)},
		{"fields_1000", head + strings.Repeat("a:\r\n", 1000)},
		{"head_unfinished", head + strings.Repeat("X: "+strings.Repeat("y", 7<<10)+"\r\n", 8)},
		{"chunks_1_byte", head + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1\r\nx\r\n", 30_000)},
		{"chunk_unfinished", head + "Transfer-Encoding: chunked\r\n\r\nfffff\r\n" + strings.Repeat("x", 100<<10)},
		{"chunk_extension", head + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1;"+strings.Repeat("a", 4000)+"\r\nx\r\n", 4)},
		{"trailers", head + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 7)},
		{"length_unfinished", head + "Content-Length: 1000000000\r\n\r\n" + strings.Repeat("x", 100<<10)},
		{"pipeline", strings.Repeat(get("/", "a.example"), 1000)},
	} {
		t.Run(tt.name, func(t *testing.T) { holdAndLeave(t, tt.raw) })
	}
}

func holdAndLeave(t *testing.T, raw string) {
	e := newEdge(t, everything, "", echo)
	newClient(t, e).get("/warm")
	idle, idleHeap := runtime.NumGoroutine(), heap()
	var conns []net.Conn
	done := make(chan struct{}, attackers)
	for range attackers {
		c := e.connect(t)
		conns = append(conns, c)
		go func() {
			_, _ = io.WriteString(c, raw) // the gateway may stop reading, or refuse
			done <- struct{}{}
		}()
	}
	// Writers that the gateway's back-pressure stops end only when they are closed; as
	// many as can have written when nothing moves any more.
	for quiet := time.NewTicker(200 * time.Millisecond); len(done) < attackers; {
		before, bytes := len(done), e.bytes.Load()
		<-quiet.C
		if before == len(done) && bytes == e.bytes.Load() {
			break
		}
	}
	if grown := (heap() - idleHeap) / attackers; grown > heapPerAttacker {
		t.Errorf("%d bytes of heap for each connection, want %d at most", grown, heapPerAttacker)
	} else {
		t.Logf("%d bytes of heap for each connection", grown)
	}
	for _, c := range conns {
		c.Close()
	}
	// What may stay are connections to the origin that are kept for others: ours and its
	// goroutine for each.
	e.wantGoroutines(t, idle)
	if got := newClient(t, e).get("/after"); got != "seen /after" {
		t.Errorf("afterwards: %q", got)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// wantGoroutines waits until no more run than before the attack, and one for each
// connection that the origin keeps open.
func (e *edge) wantGoroutines(t *testing.T, before int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); <-tick.C {
		if runtime.NumGoroutine() <= before+int(e.open.Load()) {
			return
		}
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, fmt.Sprintf("%.4000s", stacks))
}
