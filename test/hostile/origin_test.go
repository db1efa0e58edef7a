package hostile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// origin is a server on a raw socket that records what it receives. A byte that breaks
// the grammar ends the connection and is a violation.
type origin struct {
	addr      netip.AddrPort
	answer    answer
	bytes     atomic.Int64 // received
	open      atomic.Int64 // connections now
	accepting sync.WaitGroup
	serving   sync.WaitGroup
	broken    chan struct{} // gets one for each connection that ends within a message

	mu         sync.Mutex
	early      func(*message, net.Conn) // is called for each head; nil: not
	messages   []*message               // whose head was in order, in order of arrival
	violations []error
}

// answer responds to a message on its connection and reports whether another may follow.
type answer func(m *message, c net.Conn) bool

func newOrigin(t testing.TB, a answer) *origin {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &origin{addr: l.Addr().(*net.TCPAddr).AddrPort(), answer: a, broken: make(chan struct{}, 1<<16)}
	o.accepting.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			o.serving.Go(func() { o.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		o.accepting.Wait()
		o.serving.Wait()
		o.wantClean(t)
	})
	return o
}

func (o *origin) serve(c net.Conn) {
	o.open.Add(1)
	defer o.open.Add(-1)
	defer c.Close()
	r := bufio.NewReader(io.TeeReader(c, counter{&o.bytes}))
	for {
		m, err := readMessage(r, func(m *message) {
			o.mu.Lock()
			o.messages = append(o.messages, m)
			early := o.early
			o.mu.Unlock()
			if early != nil {
				early(m, c)
			}
		})
		switch {
		case errors.Is(err, errPartial):
			o.broken <- struct{}{}
			return
		case err == io.EOF:
			return
		case err != nil:
			o.violate(err)
			return
		}
		o.finish(m)
		if !o.answer(m, c) {
			return
		}
	}
}

func (o *origin) setEarly(early func(*message, net.Conn)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.early = early
}

// wantBroken waits until a connection has ended within a message.
func (o *origin) wantBroken(t testing.TB) {
	t.Helper()
	select {
	case <-o.broken:
	case <-time.After(patience):
		t.Error("no upstream connection was broken off")
	}
}

// finish marks a message as whole.
func (o *origin) finish(m *message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	m.whole = true
}

// counter counts what is written to it.
type counter struct{ n *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

func (o *origin) violate(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.violations = append(o.violations, err)
}

// take returns the messages since the last take, without those whose end has not come.
func (o *origin) take() (whole, partial []*message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.messages
	o.messages = nil
	partial = slices.DeleteFunc(slices.Clone(all), func(m *message) bool { return m.whole })
	whole = slices.DeleteFunc(all, func(m *message) bool { return !m.whole })
	return whole, partial
}

// wantClean is oracle A.
func (o *origin) wantClean(t testing.TB) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, v := range o.violations {
		t.Errorf("upstream: %v", v)
	}
	o.violations = nil
}

// respond writes a response with that content.
func respond(c net.Conn, method, content string) bool {
	length := len(content)
	if method == "HEAD" {
		content = ""
	}
	_, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", length, content)
	return err == nil
}

// echo answers with the target, which tells the answers of requests apart.
func echo(m *message, c net.Conn) bool { return respond(c, m.method, "seen "+m.target) }
