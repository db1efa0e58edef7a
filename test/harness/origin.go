package harness

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Origin is a server behind the appliance.
type Origin struct {
	Name string
	Addr netip.AddrPort

	accepted atomic.Int64
	requests atomic.Int64
	mu       sync.Mutex
	open     map[net.Conn]struct{}
	closed   bool
	running  sync.WaitGroup
	listener net.Listener
}

// Peer is one connection as an origin sees it.
type Peer struct {
	net.Conn
	*bufio.Reader
	origin *Origin
}

// Read reads what is buffered first.
func (p *Peer) Read(b []byte) (int, error) { return p.Reader.Read(b) }

// ReadHead returns the bytes of a message's head, the empty line included.
func (p *Peer) ReadHead() (string, error) {
	var head strings.Builder
	for {
		line, err := p.ReadSlice('\n')
		head.Write(line)
		if err != nil {
			return head.String(), err
		}
		if len(line) <= 2 {
			p.origin.requests.Add(1)
			return head.String(), nil
		}
	}
}

// Serve starts an origin that does with each connection what the test says. The connection
// is closed when serve returns.
func Serve(t testing.TB, name string, serve func(*Peer)) *Origin {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &Origin{
		Name: name, Addr: netip.MustParseAddrPort(l.Addr().String()), listener: l,
		open: make(map[net.Conn]struct{}),
	}
	o.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			o.accepted.Add(1)
			if o.keep(c) {
				o.running.Go(func() {
					defer o.drop(c)
					serve(&Peer{c, bufio.NewReader(c), o})
				})
			}
		}
	})
	t.Cleanup(o.Close)
	return o
}

func (o *Origin) keep(c net.Conn) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		c.Close()
		return false
	}
	o.open[c] = struct{}{}
	return true
}

func (o *Origin) drop(c net.Conn) {
	c.Close()
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.open, c)
}

// Close stops listening, closes all connections and returns when every serve has.
func (o *Origin) Close() {
	o.listener.Close()
	o.mu.Lock()
	o.closed = true
	for c := range o.open {
		c.Close()
	}
	o.mu.Unlock()
	o.running.Wait()
}

// Accepted is the number of connections so far.
func (o *Origin) Accepted() int64 { return o.accepted.Load() }

// Requests is the number of heads read so far.
func (o *Origin) Requests() int64 { return o.requests.Load() }

// Echoed is what an echo origin says of a request.
type Echoed struct {
	Origin string
	Method string
	Host   string
	Target string
	Header http.Header
	Body   string
}

// Echo starts an origin that answers every request with what it got, as JSON.
func Echo(t testing.TB, name string) *Origin {
	t.Helper()
	return Serve(t, name, func(p *Peer) {
		for {
			r, err := http.ReadRequest(p.Reader)
			if err != nil {
				return
			}
			p.origin.requests.Add(1)
			if err := echo(p, r, name); err != nil || r.Close {
				return
			}
		}
	})
}

func echo(w io.Writer, r *http.Request, name string) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	b, err := json.Marshal(Echoed{
		Origin: name, Method: r.Method, Host: r.Host, Target: r.RequestURI, Header: r.Header, Body: string(body),
	})
	if err != nil {
		return err
	}
	head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Origin: %s\r\nX-Seen: origin\r\nContent-Length: %d\r\n\r\n",
		name, len(b))
	if r.Method == http.MethodHead {
		b = nil
	}
	_, err = w.Write(append([]byte(head), b...))
	return err
}

// Refusing returns an address where nobody listens.
func Refusing(t testing.TB) *Origin {
	t.Helper()
	o := Serve(t, "refusing", func(*Peer) {})
	o.Close()
	return o
}

// isTimeout tells a deadline from an end.
func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}
