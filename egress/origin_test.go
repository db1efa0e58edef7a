package egress

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// origin is a server on loopback that answers as its script says.
type origin struct {
	listener net.Listener
	conns    atomic.Int64 // accepted so far
	requests atomic.Int64
	mu       sync.Mutex
	open     map[net.Conn]bool
}

// newOrigin starts an origin. serve handles the n-th request (from 0) of a connection and
// returns whether the connection goes on.
func newOrigin(t testing.TB, serve func(c net.Conn, req *http.Request, n int) bool) *origin {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &origin{listener: l, open: map[net.Conn]bool{}}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			o.conns.Add(1)
			o.mu.Lock()
			o.open[c] = true
			o.mu.Unlock()
			wg.Go(func() { o.serve(c, serve) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		o.mu.Lock()
		for c := range o.open {
			c.Close()
		}
		o.mu.Unlock()
		wg.Wait()
	})
	return o
}

func (o *origin) serve(c net.Conn, serve func(net.Conn, *http.Request, int) bool) {
	defer func() {
		c.Close()
		o.mu.Lock()
		delete(o.open, c)
		o.mu.Unlock()
	}()
	r := bufio.NewReader(c)
	for n := 0; ; n++ {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		o.requests.Add(1)
		if !serve(c, req, n) {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
	}
}

func (o *origin) port() uint32 { return uint32(o.addr().Port()) }

func (o *origin) addr() netip.AddrPort {
	return o.listener.Addr().(*net.TCPAddr).AddrPort()
}

// endpoint returns a configuration endpoint of set s for the origin.
func (o *origin) endpoint(name string) *config.Endpoint {
	return &config.Endpoint{Name: name, Set: "s", Address: "127.0.0.1", Port: o.port()}
}

// say answers with a small response that names the origin.
func say(text string) func(net.Conn, *http.Request, int) bool {
	return func(c net.Conn, _ *http.Request, _ int) bool {
		_, err := io.WriteString(c, response(text))
		return err == nil
	}
}

func response(text string) string {
	return "HTTP/1.1 200 OK\r\nContent-Length: " + itoa(len(text)) + "\r\n\r\n" + text
}

func itoa(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }

func newTestRegistry(t testing.TB, o Options) *Registry {
	t.Helper()
	r := NewRegistry(o)
	t.Cleanup(r.Close)
	return r
}

func acquire(t testing.TB, r *Registry, cfg *config.Backend) *Backend {
	t.Helper()
	if cfg.Name == "" {
		cfg.Name = "outbound|80||shop"
	}
	cfg.EndpointSet = "s"
	b, err := r.Acquire(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// result is what came of one request.
type result struct {
	status   int
	body     string
	err      *exchange.Error
	endpoint string
	attempts int
}

func send(b *Backend, method, path string, body exchange.Body, length int64) result {
	ex := exchange.Get()
	defer exchange.Put(ex)
	ex.Request.MethodToken = []byte(method)
	ex.Request.Method = exchange.LookupMethod(ex.Request.MethodToken)
	ex.Forward.Path, ex.Forward.Authority = []byte(path), []byte("shop.example")
	if body != nil {
		ex.Request.Body, ex.Request.ContentLength = body, length
		ex.Request.Framing = exchange.FramingLength
	}
	err := b.RoundTrip(ex)
	res := result{err: err, endpoint: ex.EndpointName, attempts: ex.Attempts}
	if err != nil {
		return res
	}
	res.status = ex.Response.Status
	var content strings.Builder
	for ex.Response.Body != nil {
		p, err := ex.Response.Body.Next()
		content.Write(p)
		if err != nil {
			if err != io.EOF {
				res.err, _ = errors.AsType[*exchange.Error](err)
			}
			break
		}
	}
	res.body = content.String()
	ex.Upstream.Release(ex)
	return res
}

func get(b *Backend) result { return send(b, "GET", "/", nil, 0) }
