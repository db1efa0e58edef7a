package e2e

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/test/harness"
)

const (
	large = 64 << 20
	// held is the most that may stay in memory of the whole process while a peer does not read.
	held = 16 << 20
	// stall is how long a write must have been stuck to count as held back. A sender that is never held back
	// ends instead, so the machine's speed decides nothing.
	stall = 200 * time.Millisecond
)

// pattern fills b with what belongs at an offset of a stream.
func pattern(b []byte, offset int64) {
	for i := range b {
		at := offset + int64(i)
		b[i] = byte(at) ^ byte(at>>8) ^ byte(at>>16)
	}
}

// pour writes a pattern of n bytes. The first time it is held back it says so to stalled; it ends stalled when done.
func pour(w interface {
	io.Writer
	SetWriteDeadline(time.Time) error
}, n int64, stalled chan<- int64,
) error {
	defer close(stalled)
	told := false
	buf := make([]byte, 64<<10)
	for sent := int64(0); sent < n; {
		piece := buf[:min(int64(len(buf)), n-sent)]
		pattern(piece, sent)
		wait := stall
		if told {
			wait = harness.Patience
		}
		if err := w.SetWriteDeadline(time.Now().Add(wait)); err != nil {
			return err
		}
		m, err := w.Write(piece)
		sent += int64(m)
		if errors.Is(err, os.ErrDeadlineExceeded) && !told {
			told = true
			stalled <- sent
		} else if err != nil {
			return err
		}
	}
	return nil
}

// drink reads a pattern of n bytes.
func drink(r io.Reader, n int64) error {
	got, want := make([]byte, 64<<10), make([]byte, 64<<10)
	for at := int64(0); at < n; {
		m, err := r.Read(got[:min(int64(len(got)), n-at)])
		pattern(want[:m], at)
		if string(got[:m]) != string(want[:m]) {
			return fmt.Errorf("other bytes at %d to %d", at, at+int64(m))
		}
		if at += int64(m); err != nil && at < n {
			return fmt.Errorf("after %d bytes: %w", at, err)
		}
	}
	return nil
}

func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// requireHeldBack waits until a sender is held back and looks at what the process holds then.
func requireHeldBack(t *testing.T, stalled <-chan int64, before int64) {
	t.Helper()
	sent := harness.Receive(t, "a sender that is held back", stalled)
	if sent == 0 {
		t.Fatalf("%d bytes went although nobody read", int64(large))
	}
	if grown := inUse() - before; grown > held {
		t.Errorf("%d bytes of heap for a body of which nothing was read, at most %d", grown, held)
	}
}

func TestLargeResponse(t *testing.T) {
	for _, framing := range []string{"length", "chunked", "close"} {
		t.Run(framing, func(t *testing.T) {
			stalled := make(chan int64, 1)
			poured := make(chan error, 1)
			o := harness.Serve(t, "large", func(p *harness.Peer) {
				if _, err := p.ReadHead(); err != nil {
					return
				}
				switch framing {
				case "length":
					fmt.Fprintf(p, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", large)
				case "close":
					fmt.Fprint(p, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
				default:
					fmt.Fprint(p, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
					poured <- pour(&chunker{Peer: p}, large, stalled)
					fmt.Fprint(p, "0\r\n\r\n")
					return
				}
				poured <- pour(p, large, stalled)
			})
			a := behind(t, o)
			c := a.Dial(t, 80)
			before := inUse()
			c.Send(get("", "/").Bytes())
			requireHeldBack(t, stalled, before)
			head := strings.ToLower(c.Head())
			var body io.Reader = c.Reader
			if strings.Contains(head, "transfer-encoding: chunked") {
				body = newUnchunker(c.Reader)
			}
			if err := drink(body, large); err != nil {
				t.Error(err)
			}
			if err := harness.Receive(t, "the end of the response", poured); err != nil {
				t.Error("the origin: ", err)
			}
		})
	}
}

func TestLargeRequest(t *testing.T) {
	for _, chunked := range []bool{false, true} {
		t.Run(fmt.Sprint("chunked ", chunked), func(t *testing.T) {
			begin := make(chan struct{})
			drunk := make(chan error, 1)
			o := harness.Serve(t, "large", func(p *harness.Peer) {
				head, err := p.ReadHead()
				if err != nil {
					return
				}
				<-begin
				var body io.Reader = p.Reader
				if strings.Contains(strings.ToLower(head), "transfer-encoding: chunked") {
					body = newUnchunker(p.Reader)
				}
				drunk <- drink(body, large)
				fmt.Fprint(p, "HTTP/1.1 204 No Content\r\n\r\n")
			})
			a := behind(t, o)
			c := a.Dial(t, 80)
			before := inUse()
			stalled, poured := make(chan int64, 1), make(chan error, 1)
			if chunked {
				c.Send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
			} else {
				c.Send(fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", large))
			}
			go func() {
				if !chunked {
					poured <- pour(c, large, stalled)
					return
				}
				err := pour(&chunker{Peer: &harness.Peer{Conn: c.TCPConn}}, large, stalled)
				if err == nil {
					_, err = io.WriteString(c.TCPConn, "0\r\n\r\n")
				}
				poured <- err
			}()
			requireHeldBack(t, stalled, before)
			close(begin)
			if err := harness.Receive(t, "the end of the request", drunk); err != nil {
				t.Error("the origin: ", err)
			}
			if err := harness.Receive(t, "the client's end", poured); err != nil {
				t.Error("the client: ", err)
			}
			if got := c.Next("POST"); got.Status != 204 {
				t.Errorf("%d, want 204", got.Status)
			}
		})
	}
}

// TestIdleConnectionsRace: an origin closes connections when it pleases, as all do after a while. A request that
// meets the close is repeated and nobody sees a thing.
func TestIdleConnectionsRace(t *testing.T) {
	const requests, clients = 2000, 8
	o := harness.Serve(t, "fickle", func(p *harness.Peer) {
		for range 1 + rand.IntN(4) {
			if _, err := p.ReadHead(); err != nil {
				return
			}
			if _, err := io.WriteString(p, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"); err != nil {
				return
			}
		}
		for range rand.IntN(200) {
			runtime.Gosched() // now and then the close comes with the next request
		}
	})
	a := behind(t, o)
	got := tally(t, a, get("", "/"), requests, clients)
	if got["200 ok"] != requests {
		t.Errorf("%v, want %d times 200", got, requests)
	}
	if o.Accepted() < requests/8 {
		t.Errorf("only %d connections: the origin closed too few to show anything", o.Accepted())
	}
}

// TestUnsafeRequestsAreNotRepeated: what the origin may have acted on goes there once.
func TestUnsafeRequestsAreNotRepeated(t *testing.T) {
	var served, posts atomic.Int64
	o := harness.Serve(t, "fickle", func(p *harness.Peer) {
		for range 2 {
			head, err := p.ReadHead()
			if err != nil {
				return
			}
			if strings.HasPrefix(head, "POST") {
				posts.Add(1)
				return // read, perhaps acted on, and gone
			}
			served.Add(1)
			if _, err := io.WriteString(p, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); err != nil {
				return
			}
		}
	})
	a := behind(t, o)
	const n = 50
	var failed int
	for range n {
		if got := a.Do(t, get("", "/")); got.Status != 200 {
			t.Fatalf("GET: %d", got.Status)
		}
		if got := a.Do(t, harness.Request{Method: "POST"}); got.Status >= 500 {
			failed++
		}
	}
	if posts.Load() != n || failed != n {
		t.Errorf("of %d POSTs the origin read %d and %d failed; each goes once and fails", n, posts.Load(), failed)
	}
}

// chunker writes each piece as one chunk. A piece that is cut off by a deadline is continued.
type chunker struct {
	*harness.Peer
	pending string // of the framing around the chunk under way
	left    int
}

func (c *chunker) Write(b []byte) (int, error) {
	if c.left == 0 {
		c.pending += fmt.Sprintf("%x\r\n", len(b))
		c.left = len(b)
	}
	if err := c.flush(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(b[:min(len(b), c.left)])
	if c.left -= n; err != nil || c.left > 0 {
		return n, err
	}
	c.pending = "\r\n"
	return n, c.flush()
}

func (c *chunker) flush() error {
	n, err := io.WriteString(c.Conn, c.pending)
	c.pending = c.pending[n:]
	return err
}

// unchunker reads the content of chunks.
type unchunker struct {
	from interface {
		io.Reader
		ReadString(byte) (string, error)
	}
	left int64
}

func newUnchunker(from interface {
	io.Reader
	ReadString(byte) (string, error)
},
) *unchunker {
	return &unchunker{from: from}
}

func (u *unchunker) Read(b []byte) (int, error) {
	for u.left == 0 {
		line, err := u.from.ReadString('\n')
		if err != nil {
			return 0, err
		}
		if line = strings.TrimSpace(line); line == "" {
			continue // after a chunk
		}
		if _, err := fmt.Sscanf(line, "%x", &u.left); err != nil {
			return 0, err
		}
		if u.left == 0 {
			return 0, io.EOF
		}
	}
	n, err := u.from.Read(b[:min(int64(len(b)), u.left)])
	u.left -= int64(n)
	return n, err
}
