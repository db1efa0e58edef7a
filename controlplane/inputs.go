package controlplane

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/collect"
	"github.com/fairlead-mesh/fairlead/controlplane/source"
)

// groupKind names a kind whatever its version.
type groupKind struct{ group, kind string }

// feed takes one change of an object into the graph.
type feed func(tx *collect.Tx, c source.Change)

// inputs are the graph's sources, one for each kind of object that is translated.
type inputs struct {
	feeds map[groupKind]feed

	classes    *collect.Source[*gwv1.GatewayClass]
	gateways   *collect.Source[*gwv1.Gateway]
	httpRoutes *collect.Source[*gwv1.HTTPRoute]
	grants     *collect.Source[*gwv1.ReferenceGrant]
	namespaces *collect.Source[*corev1.Namespace]
	services   *collect.Source[*corev1.Service]
	slices     *collect.Source[*discoveryv1.EndpointSlice]
	pods       *collect.Source[*corev1.Pod]
	secrets    *collect.Source[*corev1.Secret]
	istio      istioInputs
	security   securityInputs

	// programmed is what the proxy says of each listener of the contract.
	programmed *collect.Source[programmed]
}

// programmed is the proxy's word on one listener.
type programmed struct {
	listener string
	ok       bool
	why      string
}

func newInputs(g *collect.Graph) *inputs {
	in := &inputs{feeds: make(map[groupKind]feed)}
	in.classes = input[*gwv1.GatewayClass](g, in, gwv1.GroupName, "GatewayClass")
	in.gateways = input[*gwv1.Gateway](g, in, gwv1.GroupName, "Gateway")
	in.httpRoutes = input[*gwv1.HTTPRoute](g, in, gwv1.GroupName, "HTTPRoute")
	in.grants = input[*gwv1.ReferenceGrant](g, in, gwv1.GroupName, "ReferenceGrant")
	in.namespaces = input[*corev1.Namespace](g, in, "", "Namespace")
	in.services = input[*corev1.Service](g, in, "", "Service")
	in.slices = input[*discoveryv1.EndpointSlice](g, in, discoveryv1.GroupName, "EndpointSlice")
	in.pods = input[*corev1.Pod](g, in, "", "Pod")
	in.secrets = input[*corev1.Secret](g, in, "", "Secret")
	in.istio = newIstioInputs(g, in)
	in.security = newSecurityInputs(g, in)
	in.programmed = collect.NewSource(g, "programmed", func(p programmed) string { return p.listener })
	return in
}

// input makes the source of one kind and registers its feed.
func input[T source.Typed](g *collect.Graph, in *inputs, group, kind string) *collect.Source[T] {
	name := kind
	if group != "" {
		name += "." + group
	}
	src := collect.NewSource(g, name, func(o T) string { return objectKey(o.GetNamespace(), o.GetName()) })
	in.feeds[groupKind{group, kind}] = func(tx *collect.Tx, c source.Change) {
		if c.New == nil {
			src.Delete(tx, objectKey(c.Key.Namespace, c.Key.Name))
			return
		}
		if o, ok := source.As[T](c.New); ok {
			src.Set(tx, o)
		}
	}
	return src
}

// objectKey is the key of an object among those of its kind.
func objectKey(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}

// apply takes a batch of changes into the graph as one commit.
func (in *inputs) apply(g *collect.Graph, changes []source.Change) {
	g.Update(func(tx *collect.Tx) {
		for _, c := range changes {
			if f := in.feeds[groupKind{c.Key.Group, c.Key.Kind}]; f != nil {
				f(tx, c)
			}
		}
	})
}
