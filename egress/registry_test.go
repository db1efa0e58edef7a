package egress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/fairlead-mesh/fairlead/egress/pool"
	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// picked returns the sorted addresses that b may pick.
func picked(b *Backend) []string {
	list := []string{}
	for _, e := range b.current.Load().set.All() {
		list = append(list, e.target.Load().name)
	}
	slices.Sort(list)
	return list
}

func endpointAt(name, address string, edit ...func(*config.Endpoint)) *config.Endpoint {
	e := &config.Endpoint{Name: name, Set: "s", Address: address, Port: 80}
	for _, f := range edit {
		f(e)
	}
	return e
}

func state(s config.Endpoint_State) func(*config.Endpoint) {
	return func(e *config.Endpoint) { e.State = s }
}

func label(k, v string) func(*config.Endpoint) {
	return func(e *config.Endpoint) { e.Labels = map[string]string{k: v} }
}

func TestEndpointsOfABackend(t *testing.T) {
	ready := endpointAt("a", "10.0.0.1", label("version", "v1"))
	draining := endpointAt("b", "10.0.0.2", state(config.Endpoint_STATE_DRAINING))
	notReady := endpointAt("c", "10.0.0.3", state(config.Endpoint_STATE_NOT_READY))
	elsewhere := endpointAt("d", "10.0.0.4", func(e *config.Endpoint) { e.Set = "other" })
	v2 := endpointAt("e", "10.0.0.5", label("version", "v2"))
	mapped := endpointAt("f", "::ffff:10.0.0.6")
	six := endpointAt("g", "fd00::1")
	named := endpointAt("h", "shop.example")
	noPort := endpointAt("i", "10.0.0.7", func(e *config.Endpoint) { e.Port = 70000 })
	metadata := endpointAt("j", "169.254.169.254")
	tests := []struct {
		name      string
		endpoints []*config.Endpoint
		removed   []string
		subset    map[string]string
		want      []string
	}{
		{"none", nil, nil, nil, []string{}},
		{"ready before draining", []*config.Endpoint{ready, draining, notReady, elsewhere}, nil, nil, []string{"10.0.0.1:80"}},
		{"draining before none", []*config.Endpoint{draining, notReady}, nil, nil, []string{"10.0.0.2:80"}},
		{"subset", []*config.Endpoint{ready, v2, draining}, nil, map[string]string{"version": "v2"}, []string{"10.0.0.5:80"}},
		{"families", []*config.Endpoint{mapped, six}, nil, nil, []string{"10.0.0.6:80", "[fd00::1]:80"}},
		{"unusable", []*config.Endpoint{named, noPort, metadata, ready}, nil, nil, []string{"10.0.0.1:80"}},
		{"removed", []*config.Endpoint{ready, v2}, []string{"a", "unknown"}, nil, []string{"10.0.0.5:80"}},
		{"moved to another set", []*config.Endpoint{ready, v2, endpointAt("a", "10.0.0.1", func(e *config.Endpoint) { e.Set = "other" })}, nil, nil, []string{"10.0.0.5:80"}},
		{"became unusable", []*config.Endpoint{ready, v2, endpointAt("a", "")}, nil, nil, []string{"10.0.0.5:80"}},
	}
	permit := func(a netip.Addr, _ string) error {
		if a.IsLinkLocalUnicast() {
			return errors.New("link-local")
		}
		return nil
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newTestRegistry(t, Options{Permit: permit})
			b := acquire(t, r, &config.Backend{SubsetLabels: tt.subset})
			for _, e := range tt.endpoints {
				r.SetEndpoints([]*config.Endpoint{e}, nil)
			}
			r.SetEndpoints(nil, tt.removed)
			if diff := cmp.Diff(tt.want, picked(b)); diff != "" {
				t.Error(diff)
			}
			// The order does not matter, nor whether it is one change.
			r2 := newTestRegistry(t, Options{Permit: permit})
			r2.SetEndpoints(tt.endpoints, nil)
			r2.SetEndpoints(nil, tt.removed)
			if diff := cmp.Diff(tt.want, picked(acquire(t, r2, &config.Backend{SubsetLabels: tt.subset}))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A change of other endpoints, and of the configuration, leaves connections alone;
// what is gone is closed.
func TestConnectionsOutliveChanges(t *testing.T) {
	o := newOrigin(t, say("hi"))
	r := newTestRegistry(t, Options{})
	r.SetEndpoints([]*config.Endpoint{o.endpoint("a")}, nil)
	old := acquire(t, r, &config.Backend{})
	get(old)
	e := o.endpoint("a")
	e.Weight, e.Labels = 7, map[string]string{"x": "y"}
	r.SetEndpoints([]*config.Endpoint{e, endpointAt("b", "10.0.0.9", state(config.Endpoint_STATE_DRAINING))}, nil)
	get(old)

	cfg := &config.Backend{LoadBalancer: &config.LoadBalancer{Policy: config.LoadBalancer_POLICY_RANDOM}}
	next := acquire(t, r, cfg)
	if same := acquire(t, r, proto.CloneOf(cfg)); same != next || next == old {
		t.Error("equal configurations are not the same Backend")
	}
	old.Release()
	next.Release()
	get(next)
	if o.conns.Load() != 1 || next.Stats().Requests != 3 {
		t.Errorf("%d connections, stats %+v", o.conns.Load(), next.Stats())
	}

	// Other bounds on connections: not the same connections.
	other := acquire(t, r, &config.Backend{ConnectionPool: &config.ConnectionPool{IdleTimeout: durationpb.New(time.Hour)}})
	get(other)
	next.Release()
	if s := other.Stats(); o.conns.Load() != 2 || s.Pool.Closed[pool.ClosedRemoved] != 1 || s.Requests != 4 {
		t.Errorf("%d connections, stats %+v", o.conns.Load(), s)
	}
	if got := get(next); got.err == nil || got.err.Flag() != "UH" {
		t.Errorf("a released Backend answers %+v", got)
	}
	r.SetEndpoints(nil, []string{"a", "b"})
	if s := other.Stats(); s.Pool.Closed[pool.ClosedRemoved] != 2 || s.Pool.Idle != 0 || s.Endpoints != 0 {
		t.Errorf("stats %+v", s)
	}
	other.Release()
	if len(r.logicals)+len(r.sets)+len(r.entries) != 0 {
		t.Errorf("left over: %v %v %v", r.logicals, r.sets, r.entries)
	}
}

// A request under way ends well when its endpoint is removed; then its connection goes.
func TestRemovedWhileInUse(t *testing.T) {
	arrived, proceed := make(chan bool), make(chan bool)
	o := newOrigin(t, func(c net.Conn, _ *http.Request, _ int) bool {
		arrived <- true
		<-proceed
		_, _ = io.WriteString(c, response("hi"))
		return true
	})
	r := newTestRegistry(t, Options{})
	r.SetEndpoints([]*config.Endpoint{o.endpoint("a")}, nil)
	b := acquire(t, r, &config.Backend{})
	done := make(chan result)
	go func() { done <- get(b) }()
	<-arrived
	r.SetEndpoints(nil, []string{"a"})
	if s := b.Stats(); s.Active != 1 || s.Pool.Active != 1 || s.Endpoints != 0 {
		t.Errorf("stats %+v", s)
	}
	close(proceed)
	if got := <-done; got.err != nil || got.body != "hi" {
		t.Errorf("%+v", got)
	}
	if s := b.Stats(); s.Active != 0 || s.Pool.Active != 0 || s.Pool.Closed[pool.ClosedRemoved] != 1 {
		t.Errorf("stats %+v", s)
	}
}

// fakeResolver answers when the test says so.
type fakeResolver struct {
	mu      sync.Mutex
	changed map[string]func([]netip.Addr)
}

func (f *fakeResolver) Watch(name string, changed func([]netip.Addr)) func() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changed[name] = changed
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.changed, name)
	}
}

func (f *fakeResolver) answer(name string, addrs ...string) {
	f.mu.Lock()
	changed := f.changed[name]
	f.mu.Unlock()
	if changed == nil {
		return
	}
	var list []netip.Addr
	for _, a := range addrs {
		list = append(list, netip.MustParseAddr(a))
	}
	changed(list)
}

func TestDNSBackends(t *testing.T) {
	tests := []struct {
		name      string
		discovery config.Backend_Discovery
		answers   [][]string
		want      []string
	}{
		{"no answer yet", config.Backend_DISCOVERY_DNS, nil, []string{"10.1.1.1:80"}},
		{"all addresses", config.Backend_DISCOVERY_DNS, [][]string{{"10.0.0.1", "10.0.0.2"}}, []string{"10.0.0.1:80", "10.0.0.2:80", "10.1.1.1:80"}},
		{"changed", config.Backend_DISCOVERY_DNS, [][]string{{"10.0.0.1", "10.0.0.2"}, {"10.0.0.2", "10.0.0.3"}}, []string{"10.0.0.2:80", "10.0.0.3:80", "10.1.1.1:80"}},
		{"refused address", config.Backend_DISCOVERY_DNS, [][]string{{"127.0.0.1", "10.0.0.2"}}, []string{"10.0.0.2:80", "10.1.1.1:80"}},
		{"first address", config.Backend_DISCOVERY_LOGICAL_DNS, [][]string{{"10.0.0.1", "10.0.0.2"}, {"10.0.0.2", "10.0.0.1"}}, []string{"10.0.0.2:80", "10.1.1.1:80"}},
		{"gone", config.Backend_DISCOVERY_DNS, [][]string{{"10.0.0.1"}, {}}, []string{"10.1.1.1:80"}},
		{"static backends resolve nothing", config.Backend_DISCOVERY_STATIC, [][]string{{"10.0.0.1"}}, []string{"10.1.1.1:80"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resolver := &fakeResolver{changed: map[string]func([]netip.Addr){}}
			r := newTestRegistry(t, Options{Resolver: resolver, Permit: func(a netip.Addr, _ string) error {
				if a.IsLoopback() {
					return errors.New("loopback")
				}
				return nil
			}})
			r.SetEndpoints([]*config.Endpoint{endpointAt("a", "shop.example"), endpointAt("b", "10.1.1.1")}, nil)
			b := acquire(t, r, &config.Backend{Discovery: tt.discovery})
			for _, a := range tt.answers {
				resolver.answer("shop.example", a...)
			}
			if diff := cmp.Diff(tt.want, picked(b)); diff != "" {
				t.Error(diff)
			}
			b.Release()
			if len(resolver.changed) != 0 {
				t.Error("the name is still watched")
			}
		})
	}
}

// What is refused is said, with who asked for it; mapped and zoned addresses are judged as
// what they are.
func TestRefusedAddressesAreLogged(t *testing.T) {
	var log bytes.Buffer
	resolver := &fakeResolver{changed: map[string]func([]netip.Addr){}}
	r := newTestRegistry(t, Options{
		Resolver: resolver, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Permit: func(a netip.Addr, name string) error {
			if name == "shop.example" && (a == netip.MustParseAddr("127.0.0.1") || a == netip.MustParseAddr("fe80::1")) {
				return errors.New("not there")
			}
			return nil
		},
	})
	r.SetEndpoints([]*config.Endpoint{endpointAt("a", "shop.example")}, nil)
	b := acquire(t, r, &config.Backend{Discovery: config.Backend_DISCOVERY_DNS})
	resolver.answer("shop.example", "::ffff:127.0.0.1", "fe80::1%eth0", "10.0.0.2")
	if diff := cmp.Diff([]string{"10.0.0.2:80"}, picked(b)); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{"backends=[outbound|80||shop]", "name=shop.example", "address=127.0.0.1", "address=fe80::1", `reason="not there"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log lacks %q: %s", want, log.String())
		}
	}
}

// A logical name's connections outlive a change of its address.
func TestLogicalDNSKeepsConnections(t *testing.T) {
	o := newOrigin(t, say("hi"))
	resolver := &fakeResolver{changed: map[string]func([]netip.Addr){}}
	r := newTestRegistry(t, Options{Resolver: resolver})
	e := o.endpoint("a")
	e.Address = "shop.example"
	r.SetEndpoints([]*config.Endpoint{e}, nil)
	b := acquire(t, r, &config.Backend{Discovery: config.Backend_DISCOVERY_LOGICAL_DNS})
	if got := get(b); got.err == nil || got.err.Flag() != "UH" {
		t.Errorf("without an answer: %+v", got)
	}
	resolver.answer("shop.example", "127.0.0.1")
	get(b)
	resolver.answer("shop.example", "127.0.0.2", "127.0.0.1")
	if got := get(b); got.err != nil || o.conns.Load() != 1 {
		t.Errorf("%+v over %d connections", got, o.conns.Load())
	}
}

// Endpoints, configurations and requests all change at once, and no request fails.
func TestChangesUnderLoad(t *testing.T) {
	origins := []*origin{newOrigin(t, say("hi")), newOrigin(t, say("hi")), newOrigin(t, say("hi"))}
	r := newTestRegistry(t, Options{})
	all := []*config.Endpoint{}
	for i, o := range origins {
		all = append(all, o.endpoint(fmt.Sprint("e", i)))
	}
	r.SetEndpoints(all, nil)
	cfg := func(i int) *config.Backend {
		return &config.Backend{LoadBalancer: &config.LoadBalancer{Policy: config.LoadBalancer_Policy(i % 4)}}
	}
	var mu sync.RWMutex // a snapshot's pin: who holds it may use current
	current := acquire(t, r, cfg(0))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 300 {
				mu.RLock()
				got := get(current)
				mu.RUnlock()
				if got.err != nil || got.body != "hi" {
					t.Errorf("%+v", got)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for i := range 300 {
			r.SetEndpoints(nil, []string{fmt.Sprint("e", 1+i%2)})
			r.SetEndpoints(all[1:], nil)
		}
	})
	wg.Go(func() {
		for i := range 100 {
			next := acquire(t, r, cfg(i))
			mu.Lock()
			old := current
			current = next
			mu.Unlock()
			old.Release()
		}
	})
	wg.Wait()
	s := current.Stats()
	if s.Requests != 1200 || s.Active != 0 || s.Pool.Active != 0 || s.Failed != 0 {
		t.Errorf("stats %+v", s)
	}
	current.Release()
}

func TestUpgradeThroughABackend(t *testing.T) {
	o := newOrigin(t, func(c net.Conn, _ *http.Request, _ int) bool {
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nearly")
		return false
	})
	r := newTestRegistry(t, Options{})
	r.SetEndpoints([]*config.Endpoint{o.endpoint("a")}, nil)
	b := acquire(t, r, &config.Backend{})
	ex := exchange.Get()
	defer exchange.Put(ex)
	ex.Request.Method, ex.Request.Upgrade = exchange.MethodGet, []byte("websocket")
	ex.Forward.Path, ex.Forward.Authority = []byte("/"), []byte("shop.example")
	if err := b.RoundTrip(ex); err != nil {
		t.Fatal(err)
	}
	tunnel, err := ex.Upstream.Tunnel()
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(tunnel); string(got) != "early" {
		t.Errorf("the tunnel carried %q", got)
	}
	tunnel.Close()
	ex.Upstream.Release(ex)
	if s := b.Stats(); s.Responses[1] != 1 || s.Pool.Closed[pool.ClosedTunnel] != 1 || s.Active != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestClose(t *testing.T) {
	o := newOrigin(t, say("hi"))
	r := NewRegistry(Options{})
	r.SetEndpoints([]*config.Endpoint{o.endpoint("a")}, nil)
	b := acquire(t, r, &config.Backend{})
	get(b)
	r.Close()
	if s := b.Stats(); s.Pool.Idle != 0 || s.Pool.Closed[pool.ClosedRemoved] != 1 {
		t.Errorf("stats %+v", s)
	}
	if got := get(b); got.err == nil || got.err.Flag() != "UH" {
		t.Errorf("after Close: %+v", got)
	}
}

func BenchmarkSetEndpoints(b *testing.B) {
	r := NewRegistry(Options{})
	defer r.Close()
	var list []*config.Endpoint
	for i := range 1000 {
		list = append(list, endpointAt(fmt.Sprintf("e%04d", i), fmt.Sprintf("10.0.%d.%d", i/250, i%250)))
	}
	r.SetEndpoints(list, nil)
	cfg := &config.Backend{Name: "b", EndpointSet: "s"}
	if _, err := r.Acquire(cfg); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.SetEndpoints(list[i%1000:i%1000+1], nil)
	}
}
