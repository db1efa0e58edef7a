package source

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestProblemString(t *testing.T) {
	route := Key{"gateway.networking.k8s.io", "HTTPRoute", "default", "shop"}
	for _, test := range []struct {
		name string
		p    Problem
		want string
	}{
		{
			"a field",
			Problem{Origin: Origin{"routes.yaml", 12, 0}, Key: route, Field: "spec.rules[0].matches[0].path.value", Reason: `must start with "/"`},
			`routes.yaml:12: HTTPRoute default/shop: spec.rules[0].matches[0].path.value: must start with "/"`,
		},
		{"a document", Problem{Origin: Origin{"routes.yaml", 3, 0}, Reason: "not YAML: x"}, "routes.yaml:3: not YAML: x"},
		{"a file", Problem{Origin: Origin{File: "routes.yaml"}, Reason: "is too large"}, "routes.yaml: is too large"},
		{"a kind", Problem{Origin: Origin{"a.yaml", 1, 0}, Key: Key{Kind: "Pod"}, Reason: "has no effect"}, "a.yaml:1: Pod: has no effect"},
		{"not from a file", Problem{Key: route, Reason: "bad"}, "HTTPRoute default/shop: bad"},
		{
			"Istio's Gateway",
			Problem{Key: Key{"networking.istio.io", "Gateway", "a", "b"}, Reason: "bad"},
			"Gateway.networking.istio.io a/b: bad",
		},
		{"a cluster-scoped kind", Problem{Key: Key{Kind: "Namespace", Name: "a"}, Reason: "bad"}, "Namespace a: bad"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.p.String(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestAs(t *testing.T) {
	o := &Object{Typed: &corev1.Service{}}
	if _, ok := As[*corev1.Service](o); !ok {
		t.Error("a Service is not a Service")
	}
	if _, ok := As[*corev1.Secret](o); ok {
		t.Error("a Service is a Secret")
	}
	if _, ok := As[*corev1.Service](nil); ok {
		t.Error("nil is a Service")
	}
}
