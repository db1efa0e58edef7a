package snapshot

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/egress"
	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/telemetry"
)

func newCompiler(t testing.TB) *Compiler {
	t.Helper()
	registry := egress.NewRegistry(egress.Options{})
	t.Cleanup(registry.Close)
	return NewCompiler(registry, telemetry.NewRegistry(telemetry.Options{}), nil)
}

func parse(t testing.TB, text string) []*config.Resource {
	t.Helper()
	rs, err := config.UnmarshalYAML([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// apply compiles and retires at once.
func apply(c *Compiler, d config.Delta) Result {
	r := c.Compile(&d)
	r.Retire()
	return r
}

// ask says what a snapshot makes of "port host/path".
func ask(s *Snapshot, request string) string {
	var port uint16
	var rest string
	if _, err := fmt.Sscan(request, &port, &rest); err != nil {
		return err.Error()
	}
	host, path, _ := strings.Cut(rest, "/")
	p := s.Port(PortKey{Port: port, Secure: port == 443})
	if p == nil {
		return "closed"
	}
	ex := exchange.Get()
	defer exchange.Put(ex)
	ex.Host, ex.Path, ex.SNI = []byte(host), []byte("/"+path), host
	a, err := p.Match(ex)
	switch {
	case err == errMisdirected:
		return "misdirected"
	case err != nil:
		return "none"
	}
	switch {
	case a.Redirect != nil:
		return a.Route + " redirect"
	case a.Direct != nil:
		return fmt.Sprintf("%s %d", a.Route, a.Direct.Status)
	}
	t := a.Pick()
	switch {
	case t == nil:
		return a.Route + " nowhere"
	case t.Failure != nil:
		return a.Route + " " + t.Failure.Reason
	}
	return fmt.Sprintf("%s → %s (%d filters)", a.Route, t.Backend.Name(), t.Chain.Len())
}

const base = `
gateway: {name: g}
---
listener: {name: g/a, gateway: g, port: 80, protocol: PROTOCOL_HTTP, hostnames: [a.com]}
---
listener: {name: g/any, gateway: g, port: 80, protocol: PROTOCOL_HTTP}
---
backend: {name: b, endpoint_set: s}
---
route:
  name: on-a
  attachments: [{listener: g/a}]
  http: {matches: [{path: {segment_prefix: /x}}], forward: {backends: [{backend: b, weight: 1}]}}
---
route:
  name: on-any
  attachments: [{listener: g/any}]
  http: {forward: {backends: [{backend: b, weight: 1}]}}
`

func TestCompile(t *testing.T) {
	type asks map[string]string
	steps := []struct {
		name     string
		changed  string
		removed  []config.Name
		rejected []string
		want     asks
	}{
		{name: "everything", changed: base, want: asks{
			"80 a.com/x": "on-a → b (0 filters)", "80 a.com/y": "none", "80 b.com/y": "on-any → b (0 filters)", "81 a.com/": "closed",
		}},
		{
			name:     "a bad route is refused and its last good version stays",
			changed:  "route: {name: on-a, attachments: [{listener: g/a}], http: {matches: [{path: {regex: '('}}], forward: {backends: [{backend: b, weight: 1}]}}}",
			rejected: []string{"route on-a"}, want: asks{"80 a.com/x": "on-a → b (0 filters)"},
		},
		{
			name:     "another change leaves the refusal standing",
			changed:  "route: {name: new, attachments: [{listener: g/a}], http: {matches: [{path: {exact: /n}}], direct_response: {status: 204}}}",
			rejected: []string{"route on-a"}, want: asks{"80 a.com/n": "new 204", "80 a.com/x": "on-a → b (0 filters)"},
		},
		{
			name:    "mended",
			changed: "route: {name: on-a, attachments: [{listener: g/a}], http: {matches: [{path: {exact: /z}}], redirect: {}}}",
			want:    asks{"80 a.com/z": "on-a redirect", "80 a.com/x": "none"},
		},
		{name: "the backend goes", removed: []config.Name{{Kind: config.KindBackend, Name: "b"}}, want: asks{"80 b.com/": "on-any backend_unknown"}},
		{name: "and comes back", changed: "backend: {name: b, endpoint_set: s2}", want: asks{"80 b.com/": "on-any → b (0 filters)"}},
		{
			name:    "a listener moves with its routes",
			changed: "listener: {name: g/any, gateway: g, port: 81, protocol: PROTOCOL_HTTP}",
			want:    asks{"80 b.com/": "none", "81 b.com/": "on-any → b (0 filters)", "80 a.com/z": "on-a redirect"},
		},
		{
			name:     "a protocol we do not serve",
			changed:  "listener: {name: g/tcp, gateway: g, port: 82, protocol: PROTOCOL_TCP}",
			rejected: []string{"listener g/tcp"}, want: asks{"82 a/": "closed"},
		},
		{name: "a refused resource is forgotten when it goes", removed: []config.Name{{Kind: config.KindListener, Name: "g/tcp"}}, want: asks{"82 a/": "closed"}},
		{
			name:    "a policy on the gateway",
			changed: "policy: {name: p, targets: [{gateway: g}], headers: {request: {remove: [x]}}}",
			want:    asks{"81 b.com/": "on-any → b (1 filters)"},
		},
		{
			name:     "a policy of no kind closes its targets",
			changed:  "policy: {name: p, targets: [{route: on-any}]}",
			rejected: []string{"policy p"}, want: asks{"81 b.com/": "on-any → b (1 filters)"},
		},
		{name: "until it goes", removed: []config.Name{{Kind: config.KindPolicy, Name: "p"}}, want: asks{"81 b.com/": "on-any → b (0 filters)"}},
		{
			name: "all weights zero", changed: "route: {name: on-any, attachments: [{listener: g/any}], http: {forward: {backends: [{backend: b}]}}}",
			want: asks{"81 b.com/": "on-any nowhere"},
		},
		{
			name:    "listeners go",
			removed: []config.Name{{Kind: config.KindListener, Name: "g/a"}, {Kind: config.KindListener, Name: "g/any"}},
			want:    asks{"80 a.com/z": "closed", "81 b.com/": "closed"},
		},
	}
	c := newCompiler(t)
	for i, tt := range steps {
		d := config.Delta{Version: fmt.Sprint(i), Removed: tt.removed}
		if tt.changed != "" {
			d.Changed = parse(t, tt.changed)
		}
		r := apply(c, d)
		var rejected []string
		for _, x := range r.Ack.Rejected {
			rejected = append(rejected, x.Name.String())
			if x.Reason == "" {
				t.Errorf("%s: %s is rejected without a reason", tt.name, x.Name)
			}
		}
		if diff := cmp.Diff(tt.rejected, rejected); diff != "" {
			t.Errorf("%s: rejected %s", tt.name, diff)
		}
		for request, want := range tt.want {
			if got := ask(r.Snapshot, request); got != want {
				t.Errorf("%s: %s: got %q, want %q", tt.name, request, got, want)
			}
		}
	}
}

func TestClosedPolicyAnswers503(t *testing.T) {
	for _, kind := range []string{"", ", unenforced: {reason: x}"} {
		testClosed(t, "policy: {name: p, targets: [{route: on-any}]"+kind+"}")
	}
}

func testClosed(t *testing.T, policy string) {
	t.Helper()
	c := newCompiler(t)
	r := apply(c, config.Delta{Changed: parse(t, base+"---\n"+policy+"\n")})
	ex := exchange.Get()
	defer exchange.Put(ex)
	ex.Host, ex.Path = []byte("b.com"), []byte("/")
	a, _ := r.Snapshot.Port(PortKey{Port: 80}).Match(ex)
	target := a.Pick()
	target.Chain.Request(ex)
	if ex.Response.Status != 503 || ex.Failure.Flag() != "UAEX" {
		t.Errorf("answers %d, flag %v", ex.Response.Status, ex.Failure)
	}
}

func TestUntouchedPortsAreShared(t *testing.T) {
	c := newCompiler(t)
	first := apply(c, config.Delta{Changed: parse(t, base+`
---
listener: {name: g/other, gateway: g, port: 90, protocol: PROTOCOL_HTTP}
---
route: {name: o, attachments: [{listener: g/other}], http: {direct_response: {status: 200}}}
`)}).Snapshot
	second := apply(c, config.Delta{Changed: parse(t, "route: {name: o2, attachments: [{listener: g/other}], http: {matches: [{path: {exact: /2}}], direct_response: {status: 200}}}")}).Snapshot
	if first.Port(PortKey{Port: 80}) != second.Port(PortKey{Port: 80}) {
		t.Error("a port that the change does not reach was built again")
	}
	if first.Port(PortKey{Port: 90}) == second.Port(PortKey{Port: 90}) {
		t.Error("the touched port is the old one")
	}
	if got := ask(first, "90 a/2"); got != "o 200" {
		t.Errorf("the old snapshot changed: %s", got)
	}
}

// TestRandomDeltasAgreeWithRebuild applies random deltas; what came of them must be what
// a fresh compiler makes of the same resources at once.
func TestRandomDeltasAgreeWithRebuild(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	pick := func(options ...string) string { return options[rng.IntN(len(options))] }
	one := func() string {
		switch rng.IntN(7) {
		case 0:
			return fmt.Sprintf("gateway: {name: %s, http: {limits: {fields: %d}}}", pick("g", "h"), 10+rng.IntN(3))
		case 1, 2:
			return fmt.Sprintf("listener: {name: %s, gateway: %s, port: %s, protocol: PROTOCOL_HTTP, hostnames: [%s]}",
				pick("l1", "l2", "l3"), pick("g", "h"), pick("80", "81"), pick("a.com", "'*.com'", "'*'"))
		case 3:
			return fmt.Sprintf("backend: {name: %s, endpoint_set: %s}", pick("b1", "b2"), pick("s", "t"))
		case 4:
			return fmt.Sprintf("policy: {name: %s, targets: [{%s: %s}], headers: {request: {remove: [x]}}}",
				pick("p1", "p2"), pick("gateway", "listener", "route", "backend"), pick("g", "l1", "r1", "b1"))
		case 5:
			return fmt.Sprintf("listener: {name: %s, gateway: g, port: 443, protocol: PROTOCOL_HTTPS, hostnames: [%s], tls: {mode: MODE_TERMINATE, sni_hosts: [%s]}}",
				pick("s1", "s2"), pick("a.com", "'*.com'", "'*'"), pick("", "a.com", "'*.com'", "b.com"))
		default:
			return fmt.Sprintf("route: {name: %s, attachments: [{listener: %s, hostnames: [%s]}, {listener: %s}], http: {matches: [{path: {%s: %s}}], forward: {backends: [{backend: %s, weight: 1}]}}}",
				pick("r1", "r2", "r3"), pick("l1", "l2", "s1"), pick("a.com", "'*.com'", "'*'"), pick("l2", "l3", "s1", "s2"),
				pick("exact", "segment_prefix", "prefix"), pick("/", "/a", "/a/b"), pick("b1", "b2", "b3"))
		}
	}
	var requests []string
	for _, port := range []string{"80", "81", "443"} {
		for _, host := range []string{"a.com", "b.com", "x"} {
			for _, path := range []string{"/", "/a", "/a/b", "/c"} {
				requests = append(requests, port+" "+host+path)
			}
		}
	}
	c := newCompiler(t)
	now := make(map[config.Name]*config.Resource)
	for step := range 250 {
		d := config.Delta{Version: fmt.Sprint(step)}
		for range 1 + rng.IntN(3) {
			if r := parse(t, one())[0]; !slices.ContainsFunc(d.Changed, func(x *config.Resource) bool { return config.NameOf(x) == config.NameOf(r) }) {
				d.Changed = append(d.Changed, r)
				now[config.NameOf(r)] = r
			}
		}
		for name := range now {
			if rng.IntN(12) == 0 && !slices.ContainsFunc(d.Changed, func(x *config.Resource) bool { return config.NameOf(x) == name }) {
				d.Removed = append(d.Removed, name)
				delete(now, name)
			}
		}
		got := apply(c, d)
		if len(got.Ack.Rejected) > 0 {
			t.Fatal(got.Ack.Rejected)
		}
		if step%5 > 0 {
			continue
		}
		all := config.Delta{}
		for _, r := range now {
			all.Changed = append(all.Changed, r)
		}
		want := apply(newCompiler(t), all)
		for _, request := range requests {
			if g, w := ask(got.Snapshot, request), ask(want.Snapshot, request); g != w {
				t.Fatalf("step %d: %s: got %q, a rebuild says %q", step, request, g, w)
			}
		}
	}
}

// BenchmarkOneRoute is the cost of one changed route among many.
func BenchmarkOneRoute(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		c := newCompiler(b)
		d := config.Delta{Changed: parse(b, base)}
		for i := range n {
			d.Changed = append(d.Changed, benchRoute(fmt.Sprint("r", i), fmt.Sprint("/svc-", i)))
		}
		apply(c, d)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				apply(c, config.Delta{Changed: []*config.Resource{benchRoute("r7", fmt.Sprint("/other-", i%2))}})
			}
		})
	}
}

func benchRoute(name, path string) *config.Resource {
	return config.Wrap(&config.Route{
		Name: name, Attachments: []*config.Attachment{{Listener: "g/any", Hostnames: []string{name + ".example.com"}}},
		Rule: &config.Route_Http{Http: &config.HttpRule{
			Matches: []*config.HttpMatch{{Path: &config.PathMatch{Kind: &config.PathMatch_SegmentPrefix{SegmentPrefix: path}}}},
			Action: &config.HttpRule_Forward{Forward: &config.Forward{Backends: []*config.WeightedBackend{
				{Target: &config.WeightedBackend_Backend{Backend: "b"}, Weight: 1},
			}}},
		}},
	})
}
