package controlplane_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/controlplane"
	"github.com/fairlead-mesh/fairlead/controlplane/source"
	"github.com/fairlead-mesh/fairlead/controlplane/source/files"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// proxy is a Publisher that remembers what it was given and refuses what it is told to.
type proxy struct {
	delta  config.Delta
	calls  int
	refuse map[string]string // listener → reason
}

func (p *proxy) Apply(_ context.Context, d config.Delta) config.Ack {
	p.delta = d
	p.calls++
	ack := config.Ack{Version: d.Version}
	for name, why := range p.refuse {
		ack.Rejected = append(ack.Rejected, config.Rejection{
			Name: config.Name{Kind: config.KindListener, Name: name}, Reason: why,
		})
	}
	return ack
}

// changed returns the names in the last delta, removed ones with a minus.
func (p *proxy) changed() []string {
	var out []string
	for _, r := range p.delta.Changed {
		out = append(out, config.NameOf(r).String())
	}
	for _, n := range p.delta.Removed {
		out = append(out, "-"+n.String())
	}
	slices.Sort(out)
	p.delta = config.Delta{}
	return out
}

// world is a pipeline over manifests that a test edits.
type world struct {
	*controlplane.Pipeline
	t     *testing.T
	dir   string
	proxy *proxy
	last  map[source.Key]*source.Object
}

func newWorld(t *testing.T) *world {
	p := &proxy{refuse: make(map[string]string)}
	return &world{
		Pipeline: controlplane.New(controlplane.Options{
			Publisher: p, Log: slog.New(slog.DiscardHandler),
			Addresses: func(*gwv1.Gateway) []gwv1.GatewayStatusAddress {
				return []gwv1.GatewayStatusAddress{{Value: "127.0.0.1"}}
			},
		}),
		t: t, dir: t.TempDir(), proxy: p, last: make(map[source.Key]*source.Object),
	}
}

// write makes one file's content and works what changed through the pipeline.
func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	b, err := files.Load(files.Options{Paths: []string{w.dir}})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(b.Problems) > 0 {
		w.t.Fatal(b.Problems)
	}
	next := make(map[source.Key]*source.Object)
	var batch source.Batch
	for _, c := range b.Changes {
		next[c.Key] = c.New
		if old := w.last[c.Key]; old == nil || !equalSpec(w.t, old, c.New) {
			batch.Changes = append(batch.Changes, source.Change{Key: c.Key, Old: old, New: c.New})
		}
	}
	for k, old := range w.last {
		if next[k] == nil {
			batch.Changes = append(batch.Changes, source.Change{Key: k, Old: old})
		}
	}
	w.last = next
	w.Take(w.t.Context(), batch)
}

func equalSpec(t *testing.T, a, b *source.Object) bool {
	t.Helper()
	x, err := json.Marshal(a.Typed)
	if err != nil {
		t.Fatal(err)
	}
	y, err := json.Marshal(b.Typed)
	if err != nil {
		t.Fatal(err)
	}
	return string(x) == string(y)
}

// condition returns "Status Reason" of an object's condition: of its first parent or
// listener if it has none of its own.
func (w *world) condition(kind, name, typ string) string {
	w.t.Helper()
	type conditions []struct{ Type, Status, Reason, Message string }
	for _, s := range w.Statuses() {
		if s.Kind != kind || s.Name != name {
			continue
		}
		b, err := json.Marshal(s.Status)
		if err != nil {
			w.t.Fatal(err)
		}
		var st struct {
			Conditions conditions
			Parents    []struct{ Conditions conditions }
		}
		if err := json.Unmarshal(b, &st); err != nil {
			w.t.Fatal(err)
		}
		for _, p := range st.Parents {
			st.Conditions = append(st.Conditions, p.Conditions...)
		}
		for _, c := range st.Conditions {
			if c.Type == typ {
				return strings.TrimSpace(c.Status + " " + c.Reason + " " + c.Message)
			}
		}
	}
	return "none"
}

const gatewayYAML = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: fairlead
  listeners: [{name: http, port: 80, protocol: HTTP}]
`

func serviceYAML(name, ip string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Service
metadata: {name: %[1]s}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: %[1]s-1, labels: {kubernetes.io/service-name: %[1]s}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [%[2]s]}]
`, name, ip)
}

func routeYAML(name, path, service string) string {
	return fmt.Sprintf(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: %s}
spec:
  parentRefs: [{name: edge}]
  rules:
  - matches: [{path: {type: PathPrefix, value: %s}}]
    backendRefs: [{name: %s, port: 80}]
`, name, path, service)
}

func TestDeltaHoldsWhatChangedAndNoMore(t *testing.T) {
	w := newWorld(t)
	w.write("gateway.yaml", gatewayYAML)
	w.proxy.changed()
	steps := []struct {
		name, file, text string
		want             []string
	}{
		{"a route whose service is missing", "a.yaml", routeYAML("a", "/a", "a"), []string{"route httproute/default/a/0"}},
		{
			"the service appears: the route is translated again", "a-svc.yaml", serviceYAML("a", "10.0.0.1"),
			[]string{
				"backend outbound|80||a.default.svc.cluster.local",
				"endpoint a.default.svc.cluster.local|80/10.0.0.1:8080", "route httproute/default/a/0",
			},
		},
		{
			"another route and service", "b.yaml", routeYAML("b", "/b", "b") + "---" + serviceYAML("b", "10.0.0.2"),
			[]string{
				"backend outbound|80||b.default.svc.cluster.local",
				"endpoint b.default.svc.cluster.local|80/10.0.0.2:8080", "route httproute/default/b/0",
			},
		},
		{"one endpoint moves", "a-svc.yaml", serviceYAML("a", "10.0.0.9"), []string{
			"-endpoint a.default.svc.cluster.local|80/10.0.0.1:8080", "endpoint a.default.svc.cluster.local|80/10.0.0.9:8080",
		}},
		{"one route changes", "a.yaml", routeYAML("a", "/aa", "a"), []string{"route httproute/default/a/0"}},
		{"nothing", "a.yaml", routeYAML("a", "/aa", "a") + "\n# a comment\n", nil},
		{"a route goes", "a.yaml", "", []string{"-route httproute/default/a/0"}},
	}
	for _, tt := range steps {
		w.write(tt.file, tt.text)
		if d := cmp.Diff(tt.want, w.proxy.changed()); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}

// recomputes sums the recomputations of all collections.
func (w *world) recomputes() map[string]uint64 {
	out := make(map[string]uint64)
	for _, s := range w.Stats() {
		out[s.Name] = s.Recomputed
	}
	return out
}

func TestOneChangedRouteRecomputesOneRoute(t *testing.T) {
	w := newWorld(t)
	w.write("gateway.yaml", gatewayYAML+"---"+serviceYAML("s", "10.0.0.1"))
	var routes strings.Builder
	for i := range 50 {
		routes.WriteString("---" + routeYAML(fmt.Sprintf("r%d", i), fmt.Sprintf("/r%d", i), "s"))
	}
	w.write("routes.yaml", routes.String())
	w.write("one.yaml", routeYAML("one", "/one", "s"))
	before := w.recomputes()
	w.write("one.yaml", routeYAML("one", "/two", "s"))
	after := w.recomputes()
	for name, n := range after {
		if d := n - before[name]; d > 1 {
			t.Errorf("%s: %d objects recomputed for one change", name, d)
		}
	}
	if after["httproutes"]-before["httproutes"] != 1 {
		t.Error("the changed route was not recomputed, so the counters count nothing")
	}
}

func TestProgrammedIsTheProxysWord(t *testing.T) {
	const listener = "gatewayapi/default/edge/http"
	w := newWorld(t)
	w.proxy.refuse[listener] = "port: bind 0.0.0.0:80: permission denied"
	w.write("gateway.yaml", gatewayYAML)
	if got := w.condition("Gateway", "edge", "Programmed"); !strings.HasPrefix(got, "False") {
		t.Errorf("refused: Programmed %s", got)
	}
	if all := fmt.Sprintf("%+v", w.Statuses()); !strings.Contains(all, "permission denied") {
		t.Errorf("the proxy's reason is nowhere in the status: %s", all)
	}
	delete(w.proxy.refuse, listener)
	w.write("route.yaml", routeYAML("a", "/a", "a"))
	if got := w.condition("Gateway", "edge", "Programmed"); !strings.HasPrefix(got, "True") {
		t.Errorf("accepted again: Programmed %s", got)
	}
	w.proxy.refuse[listener] = "port: in use"
	w.write("route.yaml", routeYAML("a", "/b", "a"))
	if got := w.condition("Gateway", "edge", "Programmed"); !strings.HasPrefix(got, "False") {
		t.Errorf("refused later: Programmed %s", got)
	}
}

func TestFirstDeltaIsPublishedThoughEmpty(t *testing.T) {
	w := newWorld(t)
	first := 0
	w.OnFirst(func() { first++ })
	w.write("none.yaml", "")
	w.write("none.yaml", "# still nothing\n")
	if w.proxy.calls != 1 || first != 1 {
		t.Errorf("published %d times, told %d times; want once", w.proxy.calls, first)
	}
}

const istioGatewayYAML = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
`

func virtualServiceYAML(name, gateways, host, subset string) string {
	return fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: %s}
spec:
  hosts: ["*"]
  gateways: [%s]
  http: [{match: [{uri: {prefix: /a}}], route: [{destination: {host: %s, subset: %q}}]}]
`, name, gateways, host, subset)
}

func TestIstio(t *testing.T) {
	w := newWorld(t)
	w.write("gateway.yaml", istioGatewayYAML+"---"+serviceYAML("a", "10.0.0.1"))
	w.proxy.changed()
	w.write("vs.yaml", virtualServiceYAML("a", "edge", "a", "v1"))
	if d := cmp.Diff([]string{"route virtualservice/default/a/0"}, w.proxy.changed()); d != "" {
		t.Error("a VirtualService: ", d)
	}
	if got := w.condition("VirtualService", "a", "Reconciled"); strings.HasPrefix(got, "True") {
		t.Errorf("its subset is not defined, but Reconciled %s", got)
	}

	w.write("dr.yaml", `
apiVersion: networking.istio.io/v1beta1
kind: DestinationRule
metadata: {name: a}
spec: {host: a, subsets: [{name: v1, labels: {version: "1"}}], trafficPolicy: {loadBalancer: {simple: RANDOM}}}
`)
	want := []string{"backend outbound|80|v1|a.default.svc.cluster.local", "backend outbound|80||a.default.svc.cluster.local"}
	if d := cmp.Diff(want, w.proxy.changed()); d != "" {
		t.Error("a DestinationRule: ", d)
	}
	if got := w.condition("VirtualService", "a", "Reconciled"); !strings.HasPrefix(got, "True") {
		t.Errorf("its subset is defined, but Reconciled %s", got)
	}

	w.write("b.yaml", virtualServiceYAML("b", "edge", "a", "v1"))
	if got := w.condition("VirtualService", "b", "fairlead.dev/ConflictFree"); !strings.HasPrefix(got, "False") {
		t.Errorf("two VirtualServices for one path, but ConflictFree %s", got)
	}
	w.write("b.yaml", strings.Replace(virtualServiceYAML("b", "mesh", "a", "v1"), `["*"]`, "[a]", 1))
	if got := w.condition("VirtualService", "b", "fairlead.dev/Bound"); !strings.HasPrefix(got, "False") {
		t.Errorf("for the mesh alone, but Bound %s", got)
	}
}

func TestServiceEntry(t *testing.T) {
	w := newWorld(t)
	w.write("gateway.yaml", istioGatewayYAML)
	w.proxy.changed()
	w.write("se.yaml", `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: ext}
spec:
  hosts: [ext.example.com]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: 10.1.1.1}]
---`+virtualServiceYAML("a", "edge", "ext.example.com", ""))
	want := []string{
		"backend outbound|80||ext.example.com", "endpoint ext.example.com|80/10.1.1.1:80", "route virtualservice/default/a/0",
	}
	if d := cmp.Diff(want, w.proxy.changed()); d != "" {
		t.Error(d)
	}
	if got := w.condition("VirtualService", "a", "Reconciled"); !strings.HasPrefix(got, "True") {
		t.Errorf("Reconciled %s", got)
	}
}

// A policy that is not enforced closes the gateways it is for, and no others.
func TestSecurityPoliciesClose(t *testing.T) {
	policy := func(kind, namespace, spec string) string {
		return fmt.Sprintf("apiVersion: security.istio.io/v1\nkind: %s\nmetadata: {name: p, namespace: %s}\nspec: %s\n", kind, namespace, spec)
	}
	tests := []struct {
		name, policy string
		want         []string // gateways that are closed
	}{
		{"selector of this gateway", policy("AuthorizationPolicy", "istio-system", "{selector: {matchLabels: {istio: ingressgateway}}}"), []string{"gatewayapi/default/edge", "istio/default/edge"}},
		{"selector of another workload", policy("AuthorizationPolicy", "default", "{selector: {matchLabels: {app: reviews}}}"), nil},
		{"the gateway's name as a label", policy("AuthorizationPolicy", "default", "{selector: {matchLabels: {gateway.networking.k8s.io/gateway-name: edge}}}"), []string{"gatewayapi/default/edge"}},
		{"target", policy("AuthorizationPolicy", "default", "{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]}"), []string{"gatewayapi/default/edge"}},
		{"target in another namespace", policy("AuthorizationPolicy", "other", "{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]}"), nil},
		{"its namespace", policy("RequestAuthentication", "default", "{}"), []string{"gatewayapi/default/edge", "istio/default/edge"}},
		{"another namespace", policy("AuthorizationPolicy", "other", "{}"), nil},
		{"the root namespace", policy("AuthorizationPolicy", "istio-system", "{}"), []string{"gatewayapi/default/edge", "istio/default/edge"}},
		{"audit", policy("AuthorizationPolicy", "istio-system", "{action: AUDIT}"), nil},
		{"mutual TLS between workloads", policy("PeerAuthentication", "istio-system", "{mtls: {mode: STRICT}}"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.write("gateways.yaml", gatewayYAML+"---"+istioGatewayYAML)
			w.proxy.changed()
			w.write("policy.yaml", tt.policy)
			var got []string
			for _, r := range w.proxy.delta.Changed {
				for _, target := range r.GetPolicy().GetTargets() {
					got = append(got, target.GetGateway())
				}
				if err := config.Validate(r); err != nil {
					t.Error(err)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			kind, _, _ := strings.Cut(strings.SplitAfter(tt.policy, "kind: ")[1], "\n")
			if reconciled := w.condition(kind, "p", "Reconciled"); strings.HasPrefix(reconciled, "True") == (len(tt.want) > 0) {
				t.Errorf("Reconciled %s", reconciled)
			}
			w.write("policy.yaml", "")
			if len(tt.want) > 0 && len(w.proxy.changed()) != 1 {
				t.Error("the policy went and the gateways stay closed")
			}
		})
	}
}
