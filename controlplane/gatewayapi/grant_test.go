package gatewayapi

import (
	"testing"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

func TestPermits(t *testing.T) {
	from := Referrer{Group: gwv1.GroupName, Kind: kindHTTPRoute, Namespace: "shop"}
	to := Referent{Kind: kindService, Namespace: "backends", Name: "web"}
	trusted := gwv1.ReferenceGrantFrom{Group: gwv1.GroupName, Kind: kindHTTPRoute, Namespace: "shop"}
	grant := func(namespace string, f gwv1.ReferenceGrantFrom, t ...gwv1.ReferenceGrantTo) *gwv1.ReferenceGrant {
		return &gwv1.ReferenceGrant{
			Namespace: namespace, Name: "g",
			Spec: gwv1.ReferenceGrantSpec{From: []gwv1.ReferenceGrantFrom{f}, To: t},
		}
	}
	services := gwv1.ReferenceGrantTo{Kind: kindService}
	named := func(name gwv1.ObjectName) gwv1.ReferenceGrantTo {
		return gwv1.ReferenceGrantTo{Kind: kindService, Name: &name}
	}
	tests := []struct {
		name   string
		grants []*gwv1.ReferenceGrant
		to     Referent
		want   bool
	}{
		{name: "none", to: to},
		{name: "same-namespace", to: Referent{Kind: kindService, Namespace: "shop", Name: "web"}, want: true},
		{name: "kind", grants: []*gwv1.ReferenceGrant{grant("backends", trusted, services)}, to: to, want: true},
		{name: "name", grants: []*gwv1.ReferenceGrant{grant("backends", trusted, named("x"), named("web"))}, to: to, want: true},
		{name: "empty-name-is-every-name", grants: []*gwv1.ReferenceGrant{grant("backends", trusted, named(""))}, to: to, want: true},
		{name: "second-grant", grants: []*gwv1.ReferenceGrant{grant("backends", trusted), grant("backends", trusted, services)}, to: to, want: true},
		{name: "other-name", grants: []*gwv1.ReferenceGrant{grant("backends", trusted, named("x"))}, to: to},
		{name: "grant-of-the-referrer's-namespace", grants: []*gwv1.ReferenceGrant{grant("shop", trusted, services)}, to: to},
		{name: "other-kind-from", grants: []*gwv1.ReferenceGrant{
			grant("backends", gwv1.ReferenceGrantFrom{Group: gwv1.GroupName, Kind: "GRPCRoute", Namespace: "shop"}, services),
		}, to: to},
		{name: "from-and-to-of-different-grants", grants: []*gwv1.ReferenceGrant{
			grant("backends", trusted, named("x")),
			grant("backends", gwv1.ReferenceGrantFrom{Group: gwv1.GroupName, Kind: kindHTTPRoute, Namespace: "other"}, services),
		}, to: to},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Permits(tt.grants, from, tt.to); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
