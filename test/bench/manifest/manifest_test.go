package manifest

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

var (
	listen = netip.MustParseAddrPort("127.0.0.1:8080")
	origin = netip.MustParseAddrPort("127.0.0.1:9090")
)

// TestEdge decodes each object strictly into the API's own type.
func TestEdge(t *testing.T) {
	types := map[string]func() any{
		"Gateway":       func() any { return &gatewayv1.Gateway{} },
		"HTTPRoute":     func() any { return &gatewayv1.HTTPRoute{} },
		"Service":       func() any { return &corev1.Service{} },
		"EndpointSlice": func() any { return &discoveryv1.EndpointSlice{} },
	}
	var kinds []string
	routes := map[string]*gatewayv1.HTTPRoute{}
	for document := range strings.SplitSeq(Edge(listen, origin), "---\n") {
		var meta struct{ Kind string }
		if err := yaml.Unmarshal([]byte(document), &meta); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		kinds = append(kinds, meta.Kind)
		object := types[meta.Kind]()
		if err := yaml.UnmarshalStrict([]byte(document), object); err != nil {
			t.Errorf("%v in\n%s", err, document)
		}
		if route, ok := object.(*gatewayv1.HTTPRoute); ok {
			routes[route.Name] = route
		}
	}
	if diff := cmp.Diff([]string{"Gateway", "Service", "EndpointSlice", "HTTPRoute", "HTTPRoute", "HTTPRoute"}, kinds); diff != "" {
		t.Error(diff)
	}
	for name, filters := range map[string]int{"api": 3, "shop": 1, "static": 1} {
		if got := len(routes[name].Spec.Rules[0].Filters); got != filters {
			t.Errorf("route %s has %d filters, want %d", name, got, filters)
		}
	}
}

// TestContract reads the documents back and holds them against the contract's own rules.
func TestContract(t *testing.T) {
	text, err := Contract(listen, origin)
	if err != nil {
		t.Fatal(err)
	}
	resources, err := config.UnmarshalYAML([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	routes := map[string]int{} // prefix to number of filters
	var ports []uint32
	for _, resource := range resources {
		if err := config.Validate(resource); err != nil {
			t.Error(err)
		}
		switch kind := resource.GetKind().(type) {
		case *config.Resource_Listener:
			ports = append(ports, kind.Listener.GetPort())
		case *config.Resource_Endpoint:
			ports = append(ports, kind.Endpoint.GetPort())
		case *config.Resource_Route:
			rule := kind.Route.GetHttp()
			routes[rule.GetMatches()[0].GetPath().GetSegmentPrefix()] = len(rule.GetFilters())
		}
	}
	slices.Sort(ports)
	if diff := cmp.Diff([]uint32{8080, 9090}, ports); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"/api": 3, "/shop": 1, "/static": 1}, routes); diff != "" {
		t.Error(diff)
	}
}
