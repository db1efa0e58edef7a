package manifest

import (
	"google.golang.org/protobuf/proto"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	securityv1 "istio.io/client-go/pkg/apis/security/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/source/defaults"
	"github.com/fairlead-mesh/fairlead/controlplane/source/validate"
)

// registry lists every kind that is delivered. Older versions differ from the internal one in name only (the Go
// types of Gateway API's v1beta1, v1alpha2 and v1alpha3 have the wire form of v1; Istio's three versions share one
// protobuf message), so every version is decoded into the internal type directly.
func registry() map[groupKind]kind {
	kinds := make(map[groupKind]kind)
	for _, list := range [][]kind{gatewayKinds(), istioKinds(), securityKinds(), coreKinds()} {
		for _, k := range list {
			kinds[k.groupKind] = k
		}
	}
	return kinds
}

func gatewayKinds() []kind {
	named := func(name string, older ...string) kind {
		return kind{groupKind: groupKind{gatewayv1.GroupName, name}, versions: append([]string{"v1"}, older...)}
	}
	class := named("GatewayClass", "v1beta1")
	class.cluster = true
	return []kind{
		kubeKind(class, true, rules[*gatewayv1.GatewayClass]{check: validate.GatewayClass}),
		kubeKind(named("Gateway", "v1beta1"), true,
			rules[*gatewayv1.Gateway]{defaults.Gateway, validate.Gateway}),
		kubeKind(named("HTTPRoute", "v1beta1"), true,
			rules[*gatewayv1.HTTPRoute]{defaults.HTTPRoute, validate.HTTPRoute}),
		kubeKind(named("GRPCRoute", "v1alpha2"), false,
			rules[*gatewayv1.GRPCRoute]{defaults.GRPCRoute, validate.GRPCRoute}),
		kubeKind(named("TLSRoute", "v1alpha3", "v1alpha2"), true,
			rules[*gatewayv1.TLSRoute]{defaults.TLSRoute, validate.TLSRoute}),
		kubeKind(named("TCPRoute", "v1alpha2"), true,
			rules[*gatewayv1.TCPRoute]{defaults.TCPRoute, validate.TCPRoute}),
		kubeKind(named("UDPRoute", "v1alpha2"), true,
			rules[*gatewayv1.UDPRoute]{defaults.UDPRoute, validate.UDPRoute}),
		kubeKind(named("ListenerSet"), true,
			rules[*gatewayv1.ListenerSet]{defaults.ListenerSet, validate.ListenerSet}),
		kubeKind(named("BackendTLSPolicy", "v1alpha3"), true,
			rules[*gatewayv1.BackendTLSPolicy]{check: validate.BackendTLSPolicy}),
		kubeKind(named("ReferenceGrant", "v1beta1", "v1alpha2"), true,
			rules[*gatewayv1.ReferenceGrant]{check: validate.ReferenceGrant}),
	}
}

func istioKinds() []kind {
	named := func(name string) kind {
		return kind{
			groupKind: groupKind{"networking.istio.io", name},
			versions:  []string{"v1", "v1beta1", "v1alpha3"},
		}
	}
	return []kind{
		protoKind(named("Gateway"),
			func(o *networkingv1.Gateway) proto.Message { return &o.Spec }, validate.IstioGateway),
		protoKind(named("VirtualService"),
			func(o *networkingv1.VirtualService) proto.Message { return &o.Spec }, validate.VirtualService),
		protoKind(named("DestinationRule"),
			func(o *networkingv1.DestinationRule) proto.Message { return &o.Spec }, validate.DestinationRule),
		protoKind(named("ServiceEntry"),
			func(o *networkingv1.ServiceEntry) proto.Message { return &o.Spec }, validate.ServiceEntry),
		protoKind(named("Sidecar"),
			func(o *networkingv1.Sidecar) proto.Message { return &o.Spec }, nil),
		protoKind(named("WorkloadEntry"),
			func(o *networkingv1.WorkloadEntry) proto.Message { return &o.Spec }, validate.WorkloadEntry),
	}
}

// securityKinds are delivered so that what they are to protect can be closed while they are
// not enforced.
func securityKinds() []kind {
	named := func(name string) kind {
		return kind{groupKind: groupKind{"security.istio.io", name}, versions: []string{"v1", "v1beta1"}}
	}
	return []kind{
		protoKind(named("AuthorizationPolicy"),
			func(o *securityv1.AuthorizationPolicy) proto.Message { return &o.Spec }, nil),
		protoKind(named("RequestAuthentication"),
			func(o *securityv1.RequestAuthentication) proto.Message { return &o.Spec }, nil),
		protoKind(named("PeerAuthentication"),
			func(o *securityv1.PeerAuthentication) proto.Message { return &o.Spec }, nil),
	}
}

func coreKinds() []kind {
	core := func(name string, names validate.Naming) kind {
		return kind{groupKind: groupKind{"", name}, versions: []string{"v1"}, names: names}
	}
	namespace := core("Namespace", validate.Label)
	namespace.cluster = true
	slice := kind{groupKind: groupKind{"discovery.k8s.io", "EndpointSlice"}, versions: []string{"v1"}}
	return []kind{
		kubeKind(namespace, false, rules[*corev1.Namespace]{}),
		kubeKind(core("Service", validate.Label1035), false,
			rules[*corev1.Service]{defaults.Service, validate.Service}),
		kubeKind(core("Secret", validate.Subdomain), false,
			rules[*corev1.Secret]{defaults.Secret, validate.Secret}),
		kubeKind(core("ConfigMap", validate.Subdomain), false,
			rules[*corev1.ConfigMap]{check: validate.ConfigMap}),
		kubeKind(slice, false,
			rules[*discoveryv1.EndpointSlice]{defaults.EndpointSlice, validate.EndpointSlice}),
	}
}
