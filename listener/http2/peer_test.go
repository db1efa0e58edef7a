package http2

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// testTime bounds every wait of a test: it is hit only by a failure.
const testTime = 2 * time.Minute

// newClient returns net/http's client of HTTP/2 with a connection of its own; x/net's is
// the same one since Go 1.27.
func (r *rig) newClient(t testing.TB) *http.Client {
	t.Helper()
	address := r.socket.Addr().String()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{
		Protocols: protocols,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: testTime}
}

func TestPeerGet(t *testing.T) {
	r := newRig(t, nil, relay)
	client := r.newClient(t)
	for range 3 {
		res, err := client.Get("http://shop.test/a/../b?c=d")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || string(body) != "path /b" || res.ProtoMajor != 2 || res.Header.Get("Date") == "" {
			t.Errorf("%q, %v, %s, %v", body, err, res.Proto, res.Header)
		}
	}
}

// Content goes both ways at once through windows much smaller than it.
func TestPeerPostLarge(t *testing.T) {
	r := newRig(t, nil, relay)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16)
	res, err := r.newClient(t).Post("http://shop.test/", "text/plain", bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d of %d bytes came back, %v", len(got), len(sent), err)
	}
}

func TestPeerTrailers(t *testing.T) {
	r := newRig(t, nil, relay)
	req, err := http.NewRequest(http.MethodPost, "http://shop.test/", io.MultiReader(strings.NewReader("content")))
	if err != nil {
		t.Fatal(err)
	}
	req.Trailer = http.Header{"X-Sum": {"42"}}
	res, err := r.newClient(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "content" {
		t.Fatalf("%q, %v", body, err)
	}
	if got := res.Trailer.Get("X-Sum"); got != "42" {
		t.Errorf("trailers %v", res.Trailer)
	}
}

// 20 connections with 50 streams at once each.
func TestPeerManyStreams(t *testing.T) {
	// A machine that is short of processors may be slow to send a thousand bodies.
	patient := &config.HttpSettings{Timeouts: &config.HttpTimeouts{BodyBytesPerSecond: 1}}
	r := newRig(t, patient, swallow)
	var wg sync.WaitGroup
	for range 20 {
		client := r.newClient(t)
		for i := range 50 {
			wg.Go(func() {
				content := strings.Repeat("x", i*100)
				res, err := client.Post("http://shop.test/", "text/plain", strings.NewReader(content))
				if err != nil {
					t.Error(err)
					return
				}
				defer res.Body.Close()
				if body, err := io.ReadAll(res.Body); err != nil || string(body) != "swallowed" {
					t.Errorf("%q, %v", body, err)
				}
			})
		}
	}
	wg.Wait()
	if n := r.calls.Load(); n != 1000 {
		t.Errorf("%d calls of 1000", n)
	}
}

// gate is a wait that a client's leaving ends.
type gate struct{ open chan struct{} }

func (g *gate) Interrupt() { close(g.open) }

func TestClientCancels(t *testing.T) {
	began, ended := make(chan struct{}), make(chan error, 1)
	r := newRig(t, nil, func(ex *exchange.Exchange) {
		g := &gate{make(chan struct{})}
		ex.Wait.Begin(g)
		close(began)
		<-g.open
		if !ex.Wait.End() {
			ended <- fmt.Errorf("the wait was not cancelled")
			return
		}
		ex.Respond(200, textPlain, []byte("too late"))
		ended <- ex.Downstream.WriteResponse(ex)
	})
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://shop.test/", nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		<-began
		cancel()
	}()
	if res, err := r.newClient(t).Do(req); err == nil {
		res.Body.Close()
		t.Error("an answer to a cancelled request")
	}
	if err := <-ended; err != errClientGone {
		t.Errorf("WriteResponse: %v", err)
	}
}

// A drain lets the request in flight end, and then the connection.
func TestDrain(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	r := newRig(t, nil, func(ex *exchange.Exchange) {
		close(began)
		<-release
		swallow(ex)
	})
	drained := make(chan error, 1)
	go func() {
		<-began
		go func() { drained <- r.socket.Drain(t.Context()) }()
		close(release)
	}()
	res, err := r.newClient(t).Get("http://shop.test/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "swallowed" {
		t.Errorf("%q, %v", body, err)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
}

// An answer that breaks off is reset: no client takes it for whole.
func TestBrokenResponse(t *testing.T) {
	r := newRig(t, nil, func(ex *exchange.Exchange) {
		ex.Respond(200, textPlain, []byte("half"))
		ex.Response.ContentLength = 8
		_ = ex.Downstream.WriteResponse(ex)
	})
	res, err := r.newClient(t).Get("http://shop.test/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("%q was taken for whole", body)
	}
}
