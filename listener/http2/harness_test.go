package http2

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"

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

func newServer(t testing.TB, h handlerFunc) *Server {
	t.Helper()
	sweeper := deadline.New()
	t.Cleanup(sweeper.Stop)
	return &Server{
		Handler: h, Stats: listener.NewStats(), Sweeper: sweeper, Log: slog.New(slog.DiscardHandler),
	}
}

func newRig(t testing.TB, layer *config.HttpSettings, h handlerFunc) *rig {
	t.Helper()
	r := new(rig)
	r.server = newServer(t, func(ex *exchange.Exchange) {
		r.calls.Add(1)
		h(ex)
	})
	settings, err := listener.NewSettings(layer)
	if err != nil {
		t.Fatal(err)
	}
	socket, err := listener.Open(listener.Options{
		Address: "127.0.0.1", Settings: settings, Stats: r.server.Stats, Log: r.server.Log,
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

func (r *rig) dial(t testing.TB) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", r.socket.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// relay answers with the request's content and trailers as they come.
func relay(ex *exchange.Exchange) {
	ex.Response.Version = exchange.HTTP11
	ex.Response.Status = 200
	ex.Response.Framing = exchange.FramingChunked
	ex.Response.Body = ex.Request.Body
	if ex.Request.Body == nil {
		ex.Respond(200, textPlain, append([]byte("path "), ex.Path...))
	}
	_ = ex.Downstream.WriteResponse(ex)
}

// swallow answers with a text once it has read the content.
func swallow(ex *exchange.Exchange) {
	for b := ex.Request.Body; b != nil; {
		if _, err := b.Next(); err == io.EOF {
			break
		} else if err != nil {
			return
		}
	}
	ex.Respond(200, textPlain, []byte("swallowed"))
	_ = ex.Downstream.WriteResponse(ex)
}
