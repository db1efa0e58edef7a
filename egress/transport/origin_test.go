package transport

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/deadline"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// An origin serves one connection on loopback as serve says.
func origin(t testing.TB, serve func(c *net.TCPConn, r *bufio.Reader)) *Conn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer far.Close()
		serve(far.(*net.TCPConn), bufio.NewReader(far))
	}()
	sweeper := deadline.New()
	conn := new(Conn)
	if err := conn.Init(near, sweeper); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		near.Close()
		<-done
		sweeper.Stop()
	})
	return conn
}

// answer serves one request with raw bytes and then drains the connection.
func answer(raw string) func(*net.TCPConn, *bufio.Reader) {
	return func(c *net.TCPConn, r *bufio.Reader) {
		readRequest(r)
		_, _ = io.WriteString(c, raw)
		c.CloseWrite()
		_, _ = io.Copy(io.Discard, r)
	}
}

// readRequest reads a request's head, up to the empty line.
func readRequest(r *bufio.Reader) string {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		b.WriteString(line)
		if err != nil || line == "\r\n" {
			return b.String()
		}
	}
}

var options = Options{Rules: wire.DefaultResponseRules()}

func request(t testing.TB, method, path string) *exchange.Exchange {
	t.Helper()
	ex := exchange.Get()
	ex.Request.MethodToken = []byte(method)
	ex.Request.Method = exchange.LookupMethod(ex.Request.MethodToken)
	ex.Request.Version = exchange.HTTP11
	ex.Forward.Path = []byte(path)
	ex.Forward.Authority = []byte("shop.example")
	t.Cleanup(func() { exchange.Put(ex) })
	return ex
}

// errPanic as the end of pieces makes them panic.
var errPanic = errors.New("panic")

// pieces is a body of scripted pieces; an error comes after the last.
type pieces struct {
	list     []string
	end      error
	wait     chan struct{} // if set: Next blocks after the list until it is closed
	trailers *exchange.Fields
	stopped  chan struct{}
}

func (p *pieces) Next() ([]byte, error) {
	if len(p.list) == 0 {
		if p.wait != nil {
			select {
			case <-p.wait:
			case <-p.stopped:
				return nil, errors.New("interrupted")
			}
		}
		if p.end == nil {
			return nil, io.EOF
		}
		if errors.Is(p.end, errPanic) {
			_ = p.list[0] // out of range
		}
		return nil, p.end
	}
	b := []byte(p.list[0])
	p.list = p.list[1:]
	return b, nil
}

func (p *pieces) Trailers() *exchange.Fields { return p.trailers }

func (p *pieces) Interrupt() { close(p.stopped) }

// readBody reads to the end and returns content and error (nil for io.EOF).
func readBody(b exchange.Body) (string, error) {
	if b == nil {
		return "", nil
	}
	var s strings.Builder
	for {
		p, err := b.Next()
		s.Write(p)
		if err == io.EOF {
			return s.String(), nil
		}
		if err != nil {
			return s.String(), err
		}
	}
}

// clientSide records what goes to the client before the response.
type clientSide struct {
	exchange.Downstream
	got []string
	err error
}

func (c *clientSide) WriteInformational(h *exchange.Head) error {
	s := fmt.Sprint(h.Status)
	for _, f := range h.Fields.All() {
		s += fmt.Sprintf(" %s=%s", f.Name, f.Value)
	}
	c.got = append(c.got, s)
	return c.err
}

// httpRequest reads a request with net/http, as the second opinion on what we write.
func httpRequest(t testing.TB, r *bufio.Reader) (*http.Request, string) {
	req, err := http.ReadRequest(r)
	if err != nil {
		t.Errorf("net/http refuses our request: %v", err)
		return nil, ""
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		t.Errorf("net/http refuses our body: %v", err)
	}
	return req, string(body)
}
