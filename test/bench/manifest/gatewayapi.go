// Package manifest writes the configuration that Fairlead gets in a benchmark: as Gateway API objects for
// fairlead, and as resources of the contract for fairlead-proxy. Both say the same.
//
// Functions are pure; their results are joined with Join and written to files by the caller.
package manifest

import (
	"fmt"
	"net/netip"
	"strings"
)

// Header fields that every peer is configured to write, and their values.
const (
	RequestField  = "X-Bench-Request" // set on the request
	RequestValue  = "set"
	ResponseField = "X-Bench-Response" // added to the response
	ResponseValue = "added"
)

// Prefixes are the routes of every peer: the first is measured and has the header rules, the others are there
// so that there is a choice to make. Each is taken off the path.
var Prefixes = []string{"/api", "/shop", "/static"}

// Join makes one file of several documents.
func Join(documents ...string) string { return strings.Join(documents, "---\n") }

// Gateway listens on one address.
func Gateway(listen netip.AddrPort) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: bench}
spec:
  gatewayClassName: fairlead
  addresses: [{type: IPAddress, value: %q}]
  listeners:
  - {name: http, port: %d, protocol: HTTP}
`, listen.Addr(), listen.Port())
}

// Service is a Service with one endpoint.
func Service(name string, endpoint netip.AddrPort) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Service
metadata: {name: %[1]s, namespace: bench}
spec:
  ports: [{name: http, port: 80, targetPort: %[3]d, protocol: TCP}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: %[1]s-1, namespace: bench, labels: {kubernetes.io/service-name: %[1]s}}
addressType: IPv4
ports: [{name: http, port: %[3]d, protocol: TCP}]
endpoints: [{addresses: [%[2]q], conditions: {ready: true}}]
`, name, endpoint.Addr(), endpoint.Port())
}

// Route is an HTTPRoute with one rule, which takes a prefix off the path.
type Route struct {
	Name     string
	Prefix   string
	Request  string // value to set in RequestField; empty: no rule
	Response string // value to add in ResponseField; empty: no rule
	Backends []Weighted
}

// Weighted is a Service on its port 80, and its share.
type Weighted struct {
	Service string
	Weight  int
}

// String is the object as YAML.
func (r Route) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: %s, namespace: bench}
spec:
  parentRefs: [{name: edge}]
  rules:
  - matches: [{path: {type: PathPrefix, value: %s}}]
    filters:
    - {type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}
`, r.Name, r.Prefix)
	if r.Request != "" {
		fmt.Fprintf(&out, "    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: %s, value: %q}]}}\n",
			RequestField, r.Request)
	}
	if r.Response != "" {
		fmt.Fprintf(&out, "    - {type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: %s, value: %q}]}}\n",
			ResponseField, r.Response)
	}
	out.WriteString("    backendRefs:\n")
	for _, backend := range r.Backends {
		fmt.Fprintf(&out, "    - {name: %s, port: 80, weight: %d}\n", backend.Service, backend.Weight)
	}
	return out.String()
}

// Edge is the whole configuration of the comparison with peers.
func Edge(listen, origin netip.AddrPort) string {
	documents := []string{Gateway(listen), Service("origin", origin)}
	for i, prefix := range Prefixes {
		route := Route{Name: strings.Trim(prefix, "/"), Prefix: prefix, Backends: []Weighted{{"origin", 1}}}
		if i == 0 {
			route.Request, route.Response = RequestValue, ResponseValue
		}
		documents = append(documents, route.String())
	}
	return Join(documents...)
}
