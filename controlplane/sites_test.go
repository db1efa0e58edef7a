package controlplane_test

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// listenerYAML is a Gateway with one listener.
func listenerYAML(name, port, hostname string) string {
	return fmt.Sprintf(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: %s}
spec:
  gatewayClassName: fairlead
  listeners: [{name: http, port: %s, protocol: HTTP, hostname: %q}]
`, name, port, hostname)
}

// bareRouteYAML is an HTTPRoute with one match, as JSON says it.
func bareRouteYAML(name, hostnames, match string) string {
	return fmt.Sprintf(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: %s}
spec:
  parentRefs: [{name: edge}]
  hostnames: [%s]
  rules: [{matches: [%s], backendRefs: [{name: s, port: 80}]}]
`, name, hostnames, match)
}

// virtualYAML is a VirtualService with one match.
func virtualYAML(hosts, match string) string {
	return fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs}
spec:
  hosts: [%s]
  gateways: [istio-edge]
  http: [{match: [%s], directResponse: {status: 200}}]
`, hosts, match)
}

func istioEdgeYAML(port, hosts string) string {
	return fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: istio-edge}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: %s, name: http, protocol: HTTP}, hosts: [%s]}]
`, port, hosts)
}

func TestRoutesOfBothAPIsOnOneHost(t *testing.T) {
	const prefixA, uriA = `{path: {type: PathPrefix, value: /a}}`, `{uri: {prefix: /a}}`
	tests := []struct {
		name             string
		port, hostname   string // of Gateway API's listener
		hostnames, match string // of the HTTPRoute
		hosts, uri       string // of the VirtualService
		want             string // in its ConflictFree condition; empty: none is reported
	}{
		{"same path", "80", "", "", `{path: {type: Exact, value: /a}}`, `"*"`, `{uri: {exact: /a}}`, "gets no request: spec.rules[0] of HTTPRoute default/r takes every one before, as routes of Gateway API go before"},
		{"same prefix", "80", "", "", prefixA, `"*"`, uriA, "but to paths that go on within its last segment: spec.rules[0] of HTTPRoute default/r"},
		{"below its prefix", "80", "", "", prefixA, `"*"`, `{uri: {prefix: /a/b}}`, "gets no request"},
		{"exact below its prefix", "80", "", "", prefixA, `"*"`, `{uri: {exact: /a/b/c}}`, "gets no request"},
		{"every path", "80", "", "", `{}`, `"*"`, `{uri: {regex: "/x.*"}}`, "gets no request"},
		{"same expression", "80", "", "", `{path: {type: RegularExpression, value: "/x[0-9]"}}`, `"*"`, `{uri: {regex: "/x[0-9]"}}`, "gets no request"},
		{"on one name", "80", "", "a.example.com", prefixA, "a.example.com", `{uri: {exact: /a}}`, "gets no request"},
		{"the listener's name", "80", "*.example.com", "", prefixA, "a.example.com", `{uri: {exact: /b}}`, `gets no request to "a.example.com": spec.listeners[0] of Gateway default/edge`},
		{"other path", "80", "", "", prefixA, `"*"`, `{uri: {exact: /ab}}`, ""},
		{"wider path", "80", "", "", prefixA, `"*"`, `{uri: {prefix: /}}`, ""},
		{"with conditions", "80", "", "", `{path: {type: PathPrefix, value: /a}, method: GET}`, `"*"`, uriA, ""},
		{"other name", "80", "", "b.example.com", prefixA, "a.example.com", uriA, ""},
		{"less specific name", "80", "", "", prefixA, "a.example.com", uriA, ""},
		{"other port", "81", "", "", prefixA, `"*"`, uriA, ""},
		{"listener of another name", "80", "b.example.com", "", prefixA, "a.example.com", uriA, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.write("all.yaml", serviceYAML("s", "10.0.0.1")+"---"+listenerYAML("edge", tt.port, tt.hostname)+"---"+
				bareRouteYAML("r", tt.hostnames, tt.match)+"---"+istioEdgeYAML("80", `"*"`)+"---"+virtualYAML(tt.hosts, tt.uri))
			got := w.condition("VirtualService", "vs", "fairlead.dev/ConflictFree")
			if tt.want == "" && !strings.HasPrefix(got, "True") || tt.want != "" && !strings.HasPrefix(got, "False") || !strings.Contains(got, tt.want) {
				t.Errorf("ConflictFree %s, want %q", got, tt.want)
			}
			w.write("all.yaml", istioEdgeYAML("80", `"*"`)+"---"+virtualYAML(tt.hosts, tt.uri))
			if got := w.condition("VirtualService", "vs", "fairlead.dev/ConflictFree"); !strings.HasPrefix(got, "True") {
				t.Errorf("without Gateway API: ConflictFree %s", got)
			}
		})
	}
}

func TestPartOfTheRequestsIsAnInfo(t *testing.T) {
	w := newWorld(t)
	w.write("all.yaml", serviceYAML("s", "10.0.0.1")+"---"+listenerYAML("edge", "80", "")+"---"+
		bareRouteYAML("r", "", `{path: {type: PathPrefix, value: /a}, method: GET}`)+"---"+istioEdgeYAML("80", `"*"`)+"---"+virtualYAML(`"*"`, `{uri: {prefix: /a}}`))
	if all := fmt.Sprintf("%+v", w.Statuses()); !strings.Contains(all, "requests that match spec.rules[0] of HTTPRoute default/r too go there") {
		t.Errorf("not in the status: %s", all)
	}
}

func TestGatewaysOnOnePort(t *testing.T) {
	tests := []struct {
		name                string
		first, second       string // ports of Gateway API's two Gateways
		hostname            string // of the first
		istioPort, hosts    string
		wantSecond, wantOld string // in the second's and in Istio's
	}{
		{"all on one", "80", "80", "", "80", `"*"`, `port 80 and hostname "*" are those of spec.listeners[0] of Gateway default/edge too, which is older`, "spec.listeners[0] of Gateway default/edge, of Gateway API, has port 80"},
		{"three ports", "80", "81", "", "82", `"*"`, "", ""},
		{"hostnames differ", "80", "80", "a.example.com", "82", `"*"`, "", ""},
		{"hosts differ", "80", "81", "a.example.com", "80", "b.example.com", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.write("all.yaml", listenerYAML("edge", tt.first, tt.hostname)+"---"+listenerYAML("younger", tt.second, "")+"---"+istioEdgeYAML(tt.istioPort, tt.hosts))
			if got := w.listenerMessage("younger"); !strings.Contains(got, tt.wantSecond) || tt.wantSecond == "" && strings.Contains(got, "older") {
				t.Errorf("the second Gateway's listener: %s", got)
			}
			if got := w.listenerMessage("edge"); strings.Contains(got, "older") {
				t.Errorf("the first Gateway's listener: %s", got)
			}
			got := w.condition("Gateway", "istio-edge", "fairlead.dev/ConflictFree")
			if !strings.Contains(got, tt.wantOld) || strings.HasPrefix(got, "True") != (tt.wantOld == "") {
				t.Errorf("Istio's Gateway: ConflictFree %s", got)
			}
		})
	}
}

// listenerMessage returns the Accepted message of a Gateway's first listener.
func (w *world) listenerMessage(gateway string) string {
	w.t.Helper()
	for _, s := range w.Statuses() {
		if status, ok := s.Status.(gwv1.GatewayStatus); ok && s.Name == gateway {
			return meta.FindStatusCondition(status.Listeners[0].Conditions, "Accepted").Message
		}
	}
	w.t.Fatalf("no status of Gateway %s", gateway)
	return ""
}

// A VirtualService is compared with the HTTPRoutes on its path, not with those on its host.
func TestHTTPRoutesElsewhereConcernNoVirtualService(t *testing.T) {
	w := newWorld(t)
	w.write("base.yaml", serviceYAML("s", "10.0.0.1")+"---"+listenerYAML("edge", "80", "")+"---"+istioEdgeYAML("80", `"*"`)+"---"+virtualYAML(`"*"`, `{uri: {prefix: /a}}`))
	var routes strings.Builder
	for i := range 50 {
		routes.WriteString("---" + bareRouteYAML(fmt.Sprintf("r%d", i), "", fmt.Sprintf(`{path: {type: PathPrefix, value: /r%d}}`, i)))
	}
	w.write("routes.yaml", routes.String())
	const name = "overlaps with httproutes"
	before := w.recomputes()
	w.write("one.yaml", bareRouteYAML("one", "", `{path: {type: PathPrefix, value: /one}}`))
	elsewhere := w.recomputes()
	if n := elsewhere[name] - before[name]; n != 0 {
		t.Errorf("%d VirtualServices compared anew for an HTTPRoute elsewhere", n)
	}
	w.write("one.yaml", bareRouteYAML("one", "", `{path: {type: PathPrefix, value: /a}}`))
	if n := w.recomputes()[name] - elsewhere[name]; n != 1 {
		t.Errorf("%d VirtualServices compared anew for an HTTPRoute on its path, want 1", n)
	}
}
