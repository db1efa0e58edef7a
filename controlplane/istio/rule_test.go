package istio

import (
	"slices"
	"testing"

	api "istio.io/api/networking/v1"
	typev1beta1 "istio.io/api/type/v1beta1"
	networking "istio.io/client-go/pkg/apis/networking/v1"
)

func destinationRule(ns, name, host string, exportTo ...string) *networking.DestinationRule {
	return &networking.DestinationRule{
		Namespace: ns, Name: name,
		Spec: api.DestinationRule{Host: host, ExportTo: exportTo},
	}
}

// TestRuleLookup checks which namespace's rule counts for a proxy that has a namespace, as in a cluster.
func TestRuleLookup(t *testing.T) {
	const host = "web.shop.svc.cluster.local"
	selected := destinationRule("edge", "selected", host)
	selected.Spec.WorkloadSelector = &typev1beta1.WorkloadSelector{MatchLabels: map[string]string{"istio": "ingressgateway"}}
	foreign := destinationRule("shop", "foreign-selected", host)
	foreign.Spec.WorkloadSelector = selected.Spec.WorkloadSelector
	tests := []struct {
		name  string
		rules []*networking.DestinationRule
		want  string
	}{
		{"none", nil, ""},
		{"client-first", []*networking.DestinationRule{destinationRule("shop", "service", host), destinationRule("edge", "client", "*")}, "client"},
		{"then-service", []*networking.DestinationRule{destinationRule("root", "root", host), destinationRule("shop", "service", "*")}, "service"},
		{"then-root", []*networking.DestinationRule{destinationRule("root", "root", "*"), destinationRule("zoo", "other", host)}, "root"},
		{"private-of-service", []*networking.DestinationRule{destinationRule("shop", "private", host, "."), destinationRule("root", "root", "*")}, "root"},
		{"exported-by-name", []*networking.DestinationRule{destinationRule("shop", "named", host, "edge")}, "named"},
		{"exact-before-wildcard", []*networking.DestinationRule{destinationRule("shop", "wild", "*.shop.svc.cluster.local"), destinationRule("shop", "exact", "web")}, "exact"},
		{"longer-wildcard", []*networking.DestinationRule{destinationRule("shop", "long", "*.shop.svc.cluster.local"), destinationRule("shop", "any", "*.local")}, "long"},
		{"short-of-other-namespace", []*networking.DestinationRule{destinationRule("edge", "short", "web")}, ""},
		{"selector-first", []*networking.DestinationRule{destinationRule("edge", "all", host), selected}, "selected"},
		{"selector-of-other-namespace", []*networking.DestinationRule{foreign}, ""},
	}
	p := Proxy{Labels: DefaultLabels(), Namespace: "edge", RootNamespace: "root"}
	s := Service{Host: host, Namespace: "shop"}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if r := p.Rule(s, tt.rules); r != nil {
				got = r.Objects[0].Name
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			slices.Reverse(tt.rules)
			if r := p.Rule(s, tt.rules); r != nil && r.Objects[0].Name != tt.want {
				t.Errorf("in reverse: got %q", r.Objects[0].Name)
			}
		})
	}
}
