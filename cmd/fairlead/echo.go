package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"
)

// echo is one of the demo's backends: it answers what it was asked.
type echo struct {
	name   string
	port   int
	server *http.Server
}

// echoReply is its answer, as JSON.
type echoReply struct {
	Service string      `json:"service"`
	Method  string      `json:"method"`
	Path    string      `json:"path"` // path and query as they arrived
	Host    string      `json:"host"`
	Headers http.Header `json:"headers"`
}

// startEcho serves on a free port of 127.0.0.1 until ctx ends.
func startEcho(ctx context.Context, name string) (*echo, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &echo{name: name, port: l.Addr().(*net.TCPAddr).Port}
	e.server = &http.Server{Handler: e, ReadHeaderTimeout: 5 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	go e.server.Serve(l) //nolint:errcheck // ends with Close, below
	context.AfterFunc(ctx, func() { e.server.Close() })
	return e, nil
}

// ServeHTTP answers with the request.
func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Service", e.name)
	reply := echoReply{Service: e.name, Method: r.Method, Path: r.RequestURI, Host: r.Host, Headers: r.Header}
	if err := json.NewEncoder(w).Encode(reply); err != nil && !errors.Is(err, net.ErrClosed) {
		return // the client went away
	}
}
