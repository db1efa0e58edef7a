package http1

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/deadline"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/listener"
)

// handlerFunc makes a Handler of a function.
type handlerFunc func(ex *exchange.Exchange)

func (f handlerFunc) ServeExchange(ex *exchange.Exchange) { f(ex) }

// rig is a Server behind a real Socket.
type rig struct {
	server *Server
	socket *listener.Socket
	calls  atomic.Int64 // requests the handler saw
}

func newSettings(t testing.TB, layer *config.HttpSettings) *listener.Settings {
	t.Helper()
	s, err := listener.NewSettings(layer)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newServer(t testing.TB, h handlerFunc) (*Server, *atomic.Int64) {
	t.Helper()
	calls := new(atomic.Int64)
	sweeper := deadline.New()
	t.Cleanup(sweeper.Stop)
	return &Server{
		Handler: handlerFunc(func(ex *exchange.Exchange) {
			calls.Add(1)
			h(ex)
		}),
		Stats: listener.NewStats(), Sweeper: sweeper, Log: slog.New(slog.DiscardHandler),
	}, calls
}

func newRig(t testing.TB, layer *config.HttpSettings, h handlerFunc, edit ...func(*Server)) *rig {
	t.Helper()
	r := new(rig)
	r.server, _ = newServer(t, func(ex *exchange.Exchange) {
		r.calls.Add(1)
		h(ex)
	})
	for _, f := range edit {
		f(r.server)
	}
	socket, err := listener.Open(listener.Options{
		Address: "127.0.0.1", Settings: newSettings(t, layer),
		Stats: r.server.Stats, Log: r.server.Log,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.socket = socket
	go socket.Serve(r.server.Serve)
	t.Cleanup(func() {
		socket.Close()
		_ = socket.Drain(context.Background())
	})
	return r
}

// client is a raw client connection.
type client struct {
	*net.TCPConn
	t testing.TB
	r *bufio.Reader
}

// testTime bounds every wait of a test: it is hit only by a failure.
const testTime = 20 * time.Second

func (r *rig) dial(t testing.TB) *client {
	t.Helper()
	conn, err := net.Dial("tcp", r.socket.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(testTime)); err != nil {
		t.Fatal(err)
	}
	return &client{TCPConn: conn.(*net.TCPConn), t: t, r: bufio.NewReader(conn)}
}

func (c *client) send(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c.TCPConn, s); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// response reads one response to a request with this method, body and all.
func (c *client) response(method string) (*http.Response, string) {
	c.t.Helper()
	res, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		c.t.Fatalf("read response: %v", err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatalf("read body after %q: %v", body, err)
	}
	return res, string(body)
}

// rest reads until the server closes.
func (c *client) rest() string {
	c.t.Helper()
	b, err := io.ReadAll(c.r)
	if err != nil {
		c.t.Fatalf("read to the end after %q: %v", b, err)
	}
	return string(b)
}

func (c *client) wantClosed() {
	c.t.Helper()
	if rest := c.rest(); rest != "" {
		c.t.Errorf("after the last response: %q", rest)
	}
}

// textPath answers with the path.
func textPath(ex *exchange.Exchange) {
	ex.Respond(200, textPlain, ex.Path)
	_ = ex.Downstream.WriteResponse(ex)
}

// readAll reads a body to its end.
func readAll(b exchange.Body) (string, error) {
	var all strings.Builder
	for b != nil {
		piece, err := b.Next()
		all.Write(piece)
		if err == io.EOF {
			break
		}
		if err != nil {
			return all.String(), err
		}
	}
	return all.String(), nil
}

// echo answers with the request's content.
func echo(ex *exchange.Exchange) {
	body, err := readAll(ex.Request.Body)
	if failure, ok := errors.AsType[*exchange.Error](err); ok {
		ex.Failure = failure
		ex.Respond(failure.HTTPStatus(), textPlain, []byte(failure.Reason))
	} else {
		ex.Respond(200, textPlain, []byte(body))
	}
	if ex.Response.Status != 0 {
		_ = ex.Downstream.WriteResponse(ex)
	}
}

// echoLength answers with how long the content was.
func echoLength(ex *exchange.Exchange) {
	body, err := readAll(ex.Request.Body)
	if failure, ok := errors.AsType[*exchange.Error](err); ok {
		ex.Failure = failure
		if failure.HTTPStatus() == 0 {
			return
		}
		ex.Respond(failure.HTTPStatus(), textPlain, []byte(failure.Reason))
	} else {
		ex.Respond(200, textPlain, strconv.AppendInt(nil, int64(len(body)), 10))
	}
	_ = ex.Downstream.WriteResponse(ex)
}
