package egress

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/egress/pool"
	"github.com/fairlead-mesh/fairlead/egress/transport"
	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

func TestKeepAlive(t *testing.T) {
	o := newOrigin(t, say("hi"))
	r := newTestRegistry(t, Options{})
	r.SetEndpoints([]*config.Endpoint{o.endpoint("a")}, nil)
	b := acquire(t, r, &config.Backend{})
	for range 100 {
		if got := get(b); got.err != nil || got.body != "hi" || got.attempts != 1 || got.endpoint != o.addr().String() {
			t.Fatalf("%+v", got)
		}
	}
	s := b.Stats()
	if o.conns.Load() != 1 || s.Requests != 100 || s.Active != 0 || s.Responses[2] != 100 || s.Pool.Reused != 99 || s.Pool.Idle != 1 {
		t.Errorf("%d connections, stats %+v", o.conns.Load(), s)
	}
	if s.BytesReceived != 100*uint64(len(response("hi"))) || s.BytesSent == 0 {
		t.Errorf("%d bytes received, %d sent", s.BytesReceived, s.BytesSent)
	}
}

// The keep-alive race: an origin that closes each connection after its first response,
// without a word. A request that meets the closing is sent again; no GET fails.
func TestStaleConnections(t *testing.T) {
	const n = 1000
	o := newOrigin(t, func(c net.Conn, _ *http.Request, _ int) bool {
		_, _ = io.WriteString(c, response("hi"))
		return false
	})
	r := newTestRegistry(t, Options{})
	r.SetEndpoints([]*config.Endpoint{o.endpoint("a")}, nil)
	b := acquire(t, r, &config.Backend{})
	for i := range n {
		if got := get(b); got.err != nil || got.body != "hi" {
			t.Fatalf("request %d: %+v", i, got)
		}
	}
	s := b.Stats()
	if noticed := s.Pool.Closed[pool.ClosedByPeer]; s.RetriedStale+noticed != n-1 || s.Pool.Created != n {
		t.Errorf("%d sent again, %d noticed before, %d connections", s.RetriedStale, noticed, s.Pool.Created)
	}
}

// What may be sent again once the origin has taken it, and what may not.
func TestRetryOfStale(t *testing.T) {
	tests := []struct {
		name   string
		method string
		body   exchange.Body
		length int64
		again  bool
	}{
		{"get", "GET", nil, 0, true},
		{"delete", "DELETE", nil, 0, true},
		{"put with a small body", "PUT", exchange.NewBytesBody([]byte("abc")), 3, true},
		{"put with a large body", "PUT", exchange.NewBytesBody(make([]byte, 100_000)), 100_000, false},
		{"post", "POST", exchange.NewBytesBody([]byte("abc")), 3, false},
		{"patch", "PATCH", nil, 0, false},
		{"other", "PURGE", nil, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOrigin(t, func(c net.Conn, req *http.Request, n int) bool {
				if n == 1 {
					_, _ = io.Copy(io.Discard, req.Body)
					return false // it took the second request, and dies
				}
				_, _ = io.WriteString(c, response("hi"))
				return true
			})
			r := newTestRegistry(t, Options{})
			r.SetEndpoints([]*config.Endpoint{o.endpoint("a")}, nil)
			b := acquire(t, r, &config.Backend{})
			get(b)
			got := send(b, tt.method, "/", tt.body, tt.length)
			if again := got.err == nil; again != tt.again {
				t.Fatalf("%+v", got)
			}
			want := uint64(0)
			if tt.again {
				want = 1
			} else if got.err.Flag() != "UC" || got.err.HTTPStatus() != 503 {
				t.Errorf("error %v", got.err)
			}
			if s := b.Stats(); s.RetriedStale != want || s.Active != 0 || s.Pool.Active != 0 {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

// Nothing of a response can be seen once its memory belongs to another request.
func TestReleaseClearsTheResponse(t *testing.T) {
	backend, ex := steady(t)
	for _, local := range []bool{false, true} {
		ex.ResetResponse()
		if err := backend.RoundTrip(ex); err != nil {
			t.Fatal(err)
		}
		if ex.Response.Fields.Len() == 0 || ex.Response.Body == nil || ex.BackendName != backend.Name() {
			t.Fatalf("response %+v of %q", ex.Response, ex.BackendName)
		}
		if e := backend.Endpoints(); len(e) != 1 || e[0].Active != 1 || e[0].Name != ex.EndpointName {
			t.Errorf("endpoints %+v", e)
		}
		if local {
			ex.Respond(403, []byte("text/plain"), []byte("no"))
		}
		ex.Upstream.Release(ex)
		if kept := ex.Response.Fields.Len() > 0 && ex.Response.Body != nil; kept != local || ex.Upstream != nil {
			t.Errorf("local %v: response %+v", local, ex.Response)
		}
	}
}

// A new connection that dies is no race: nothing is sent again.
func TestNoRetryOnNewConnections(t *testing.T) {
	o := newOrigin(t, func(net.Conn, *http.Request, int) bool { return false })
	r := newTestRegistry(t, Options{})
	r.SetEndpoints([]*config.Endpoint{o.endpoint("a")}, nil)
	b := acquire(t, r, &config.Backend{})
	if got := get(b); got.err == nil || got.err.Kind != exchange.KindUpstreamReset || o.requests.Load() != 1 {
		t.Errorf("%+v after %d requests", got, o.requests.Load())
	}
	if s := b.Stats(); s.Failed != 1 || s.Active != 0 || s.Pool.Closed[pool.ClosedFailed] != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestConnectFailure(t *testing.T) {
	good := newOrigin(t, say("hi"))
	closed := netip.MustParseAddrPort("127.0.0.1:1")
	refuse := func(to netip.AddrPort, timeout time.Duration) (net.Conn, *exchange.Error) {
		if to == closed {
			return nil, &exchange.Error{Kind: exchange.KindConnectFailure, Retry: exchange.RetryYes}
		}
		return transport.Dial(to, timeout)
	}
	dead := &config.Endpoint{Name: "dead", Set: "s", Address: "127.0.0.1", Port: 1}
	tests := []struct {
		name      string
		endpoints []*config.Endpoint
		flag      string
	}{
		{"no endpoint", nil, "UH"},
		{"one dead", []*config.Endpoint{dead}, "UF"},
		{"one of two dead", []*config.Endpoint{dead, good.endpoint("good")}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newTestRegistry(t, Options{Dial: refuse})
			r.SetEndpoints(tt.endpoints, nil)
			b := acquire(t, r, &config.Backend{LoadBalancer: &config.LoadBalancer{Policy: config.LoadBalancer_POLICY_ROUND_ROBIN}})
			for range 10 {
				got := get(b)
				switch {
				case tt.flag == "" && got.err != nil:
					t.Fatalf("%+v", got)
				case tt.flag != "" && (got.err == nil || got.err.Flag() != tt.flag || got.err.HTTPStatus() != 503):
					t.Fatalf("%+v", got)
				}
			}
			s := b.Stats()
			if tt.flag == "" && s.ConnectFailures != 5 || s.Active != 0 {
				t.Errorf("stats %+v", s)
			}
			for _, e := range b.current.Load().set.All() {
				if n := e.load.Active(); n != 0 {
					t.Errorf("endpoint %s has %d requests", e.target.Load().name, n)
				}
			}
		})
	}
}

// Dial itself tells a refusal from an expiry.
func TestDial(t *testing.T) {
	o := newOrigin(t, say("hi"))
	o.listener.Close()
	if _, err := transport.Dial(o.addr(), 0); err == nil || err.Kind != exchange.KindConnectFailure {
		t.Errorf("refused: %v", err)
	}
	if _, err := transport.Dial(o.addr(), time.Nanosecond); err == nil || err.Kind != exchange.KindConnectTimeout {
		t.Errorf("no time: %v", err)
	}
}

func TestAcquire(t *testing.T) {
	r := newTestRegistry(t, Options{})
	for _, tt := range []struct {
		name string
		cfg  *config.Backend
	}{
		{"no name", &config.Backend{}},
		{"protocol", &config.Backend{Name: "b", Protocol: 99}},
		{"discovery", &config.Backend{Name: "b", Discovery: 99}},
		{"policy", &config.Backend{Name: "b", LoadBalancer: &config.LoadBalancer{Policy: 99}}},
	} {
		if _, err := r.Acquire(tt.cfg); err == nil {
			t.Errorf("%s is accepted", tt.name)
		}
	}
	if got := r.Backends(); len(got) != 0 {
		t.Errorf("%d backends are left over", len(got))
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	backend, ex := steady(b)
	b.ReportAllocs()
	for b.Loop() {
		steadyRoundTrip(b, backend, ex)
	}
}

func TestSteadyRequestDoesNotAllocate(t *testing.T) {
	backend, ex := steady(t)
	steadyRoundTrip(t, backend, ex)
	if n := testing.AllocsPerRun(200, func() { steadyRoundTrip(t, backend, ex) }); n > 0 && !raceEnabled {
		t.Errorf("%v allocations for each request", n)
	}
}

// steady returns a Backend whose origin allocates nothing, and a GET for it.
func steady(t testing.TB) (*Backend, *exchange.Exchange) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		buffer, answer := make([]byte, 4096), []byte(response("hello"))
		for {
			if _, err := c.Read(buffer); err != nil {
				return
			}
			_, _ = c.Write(answer)
		}
	}()
	r := NewRegistry(Options{})
	t.Cleanup(func() {
		l.Close()
		r.Close()
		<-done
	})
	r.SetEndpoints([]*config.Endpoint{{
		Name: "a", Set: "s", Address: "127.0.0.1", Port: uint32(l.Addr().(*net.TCPAddr).Port),
	}}, nil)
	ex := exchange.Get()
	ex.Request.Method = exchange.MethodGet
	ex.Forward.Path, ex.Forward.Authority = []byte("/giropops"), []byte("shop.example")
	ex.Request.Fields.Add([]byte("User-Agent"), []byte("wrk"))
	return acquire(t, r, &config.Backend{}), ex
}

func steadyRoundTrip(t testing.TB, b *Backend, ex *exchange.Exchange) {
	ex.ResetResponse()
	if err := b.RoundTrip(ex); err != nil {
		t.Fatal(err)
	}
	if p, err := ex.Response.Body.Next(); string(p) != "hello" || err != io.EOF {
		t.Fatalf("%q, %v", p, err)
	}
	ex.Upstream.Release(ex)
}
