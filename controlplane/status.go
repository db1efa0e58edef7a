package controlplane

import (
	"cmp"
	"slices"
	"strings"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/collect"
)

// ObjectStatus is the status that one object deserves now.
type ObjectStatus struct {
	Group     string `json:"group"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	// Status is the API's own type: GatewayStatus, HTTPRouteStatus, istio's Status.
	Status any `json:"status"`
}

// Statuses returns the status of every object that is ours to speak of, by kind,
// namespace and name. It may be called from any goroutine.
func (p *Pipeline) Statuses() []ObjectStatus {
	var out []ObjectStatus
	out = append(out, statuses(p.api.classStatus, gwv1.GroupName, "GatewayClass", func(s *gwv1.GatewayClassStatus) any { return *s })...)
	out = append(out, statuses(p.api.gatewayStatus, gwv1.GroupName, "Gateway", func(s *gwv1.GatewayStatus) any { return *s })...)
	out = append(out, statuses(p.api.routeStatus, gwv1.GroupName, "HTTPRoute", func(s *routeStatus) any {
		if len(s.status.Parents) == 0 {
			return nil // not for a Gateway of ours
		}
		return gwv1.HTTPRouteStatus{RouteStatus: s.status}
	})...)
	out = append(out, p.mesh.statuses()...)
	return append(out, p.security.statuses()...)
}

// statuses lists a collection of statuses under the objects' own keys; nil is none.
func statuses[S any](from collect.Collection[S], group, kind string, show func(S) any) []ObjectStatus {
	var out []ObjectStatus
	for key, s := range from.All() {
		status := show(s)
		if status == nil {
			continue
		}
		namespace, name, ok := strings.Cut(key, "/")
		if !ok {
			namespace, name = "", key
		}
		out = append(out, ObjectStatus{Group: group, Kind: kind, Namespace: namespace, Name: name, Status: status})
	}
	slices.SortFunc(out, func(a, b ObjectStatus) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	return out
}
