package gatewayapi

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"
)

// FuzzHTTPRoute: no spec that a file can hold makes translation panic, leaves a rule
// without an answer, or is neither accepted nor refused.
func FuzzHTTPRoute(f *testing.F) {
	f.Add([]byte("rules: [{matches: [{path: {value: /a}}], backendRefs: [{name: web, port: 80}]}]"))
	f.Add([]byte("hostnames: ['*.a']\nrules: [{filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: ''}}}]}]"))
	f.Add([]byte("rules: [{filters: [{type: RequestRedirect, requestRedirect: {port: -1}}]}, {matches: [{}]}]"))
	parent := NewParent(&gwv1.Gateway{
		Namespace: "n", Name: "edge",
		Spec: gwv1.GatewaySpec{Listeners: []gwv1.Listener{{Name: "http", Port: 80, Protocol: gwv1.HTTPProtocolType}}},
	})
	web := &corev1.Service{
		Namespace: "n", Name: "web",
		Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
	}
	look := Lookups{
		Parent:          func(string, string) *Parent { return parent },
		NamespaceLabels: func(string) map[string]string { return nil },
		Grants:          func(string) []*gwv1.ReferenceGrant { return nil },
		Service:         func(string, string) *corev1.Service { return web },
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		route := &gwv1.HTTPRoute{Namespace: "n", Name: "r"}
		if yaml.Unmarshal(data, &route.Spec) != nil {
			return
		}
		route.Spec.ParentRefs = []gwv1.ParentReference{{Name: "edge"}}
		out := translator.HTTPRoute(route, look)
		for _, r := range out.Resources {
			if !answers(r.GetRoute().GetHttp()) {
				t.Errorf("%s answers nothing", r.GetRoute().GetName())
			}
		}
		if len(out.Status.Parents) != 1 || len(out.Status.Parents[0].Conditions) < 2 {
			t.Errorf("status %+v", out.Status)
		}
	})
}
