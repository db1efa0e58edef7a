package gatewayapi

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/certificate"
	"github.com/fairlead-mesh/fairlead/controlplane/service"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// World is every object at once: what tests compare the incremental wiring with. A control
// plane does not use it: there a change costs what changed. No two
// objects of a list have one name; none is changed.
type World struct {
	Classes    []*gwv1.GatewayClass
	Gateways   []*gwv1.Gateway
	HTTPRoutes []*gwv1.HTTPRoute
	Grants     []*gwv1.ReferenceGrant
	Namespaces []*corev1.Namespace
	Services   []*corev1.Service
	Slices     []*discoveryv1.EndpointSlice
	Pods       []*corev1.Pod
	Secrets    []*corev1.Secret

	// Programmed is State's. Nil: no proxy has answered.
	Programmed func(listener string) (ok bool, why string)
	// Addresses are State's, by Gateway. Nil: none is known.
	Addresses func(namespace, name string) []gwv1.GatewayStatusAddress
}

// ObjectStatus is the status that one object deserves.
type ObjectStatus struct {
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	// Status is the API's own type: GatewayClassStatus, GatewayStatus, HTTPRouteStatus.
	Status any `json:"status"`
}

// Translate returns the configuration and the status of every object that is ours to
// speak of: GatewayClasses first, then Gateways, then routes, each kind by namespace and
// name. The order of the objects does not matter.
func (w *World) Translate(t Translator) ([]*config.Resource, []ObjectStatus) {
	var resources []*config.Resource
	var statuses []ObjectStatus
	parents := w.parents(t)
	look := w.lookups(parents)
	credentials := w.credentials(look)
	attached := map[Section]int32{}
	for _, route := range byName(w.HTTPRoutes) {
		r := t.HTTPRoute(route, look)
		for _, s := range r.Attached {
			attached[s]++
		}
		resources = append(resources, r.Resources...)
		if len(r.Status.Parents) > 0 {
			statuses = append(statuses, statusOf(kindHTTPRoute, route, gwv1.HTTPRouteStatus{RouteStatus: r.Status}))
		}
	}
	for _, gw := range byName(w.Gateways) {
		if p := parents[key(gw)]; p != nil {
			s := w.state(p, attached)
			s.Credentials = p.Credentials(credentials)
			resources = append(resources, p.Resources(s.Credentials)...)
			statuses = append(statuses, statusOf(kindGateway, gw, p.Status(s)))
		}
	}
	for _, class := range byName(w.Classes) {
		if s, ok := t.Class(class); ok {
			statuses = append(statuses, statusOf("GatewayClass", class, s))
		}
	}
	rank := map[string]int{"GatewayClass": 0, string(kindGateway): 1}
	slices.SortStableFunc(statuses, func(a, b ObjectStatus) int {
		return cmp.Compare(rankOf(rank, a.Kind), rankOf(rank, b.Kind))
	})
	resources = append(resources, w.certificates(resources)...)
	return append(resources, w.backends(t)...), statuses
}

func (w *World) credentials(look Lookups) CredentialLookups {
	secrets := index(w.Secrets)
	return CredentialLookups{
		Grants: look.Grants,
		Secret: func(namespace, name string) (certificate.Verdict, bool) {
			s := secrets[namespace+"/"+name]
			if s == nil {
				return certificate.Verdict{}, false
			}
			return certificate.Judge(s), true
		},
	}
}

// certificates returns those that a listener refers to, and no others.
func (w *World) certificates(resources []*config.Resource) []*config.Resource {
	wanted := map[string]bool{}
	for _, r := range resources {
		for _, name := range r.GetListener().GetTls().GetCertificates() {
			wanted[name] = true
		}
	}
	var out []*config.Resource
	for _, s := range byName(w.Secrets) {
		if wanted[certificate.Name(s.Namespace, s.Name)] {
			out = append(out, config.Wrap(certificate.Of(s)))
		}
	}
	return out
}

func rankOf(rank map[string]int, kind string) int {
	if n, ok := rank[kind]; ok {
		return n
	}
	return len(rank)
}

func statusOf(kind gwv1.Kind, o metav1.Object, status any) ObjectStatus {
	return ObjectStatus{
		Group: gwv1.GroupName, Kind: string(kind), Namespace: o.GetNamespace(), Name: o.GetName(), Status: status,
	}
}

// parents analyses the Gateways that are ours.
func (w *World) parents(t Translator) map[string]*Parent {
	classes := map[string]*gwv1.GatewayClass{DefaultClassName: t.DefaultClass()}
	for _, c := range w.Classes {
		classes[c.Name] = c
	}
	out := map[string]*Parent{}
	for _, gw := range w.Gateways {
		if t.Serves(classes[string(gw.Spec.GatewayClassName)]) {
			out[key(gw)] = NewParent(gw)
		}
	}
	return out
}

func (w *World) lookups(parents map[string]*Parent) Lookups {
	namespaces, services := index(w.Namespaces), index(w.Services)
	grants := map[string][]*gwv1.ReferenceGrant{}
	for _, g := range byName(w.Grants) {
		grants[g.Namespace] = append(grants[g.Namespace], g)
	}
	return Lookups{
		Parent: func(namespace, name string) *Parent { return parents[namespace+"/"+name] },
		NamespaceLabels: func(name string) map[string]string {
			if n := namespaces["/"+name]; n != nil {
				return n.Labels
			}
			return nil
		},
		Grants:  func(namespace string) []*gwv1.ReferenceGrant { return grants[namespace] },
		Service: func(namespace, name string) *corev1.Service { return services[namespace+"/"+name] },
	}
}

func (w *World) state(p *Parent, attached map[Section]int32) State {
	s := State{
		Programmed: w.Programmed,
		Attached: func(section gwv1.SectionName) int32 {
			return attached[Section{Namespace: p.Namespace, Gateway: p.Name, Name: section}]
		},
	}
	if w.Addresses != nil {
		s.Addresses = w.Addresses(p.Namespace, p.Name)
	}
	return s
}

func (w *World) backends(t Translator) []*config.Resource {
	of := map[string][]*discoveryv1.EndpointSlice{}
	for _, s := range w.Slices {
		owner := s.Namespace + "/" + s.Labels[discoveryv1.LabelServiceName]
		of[owner] = append(of[owner], s)
	}
	pods := index(w.Pods)
	labels := func(ref *corev1.ObjectReference) map[string]string {
		if p := pods[ref.Namespace+"/"+ref.Name]; p != nil {
			return p.Labels
		}
		return nil
	}
	var out []*config.Resource
	for _, svc := range byName(w.Services) {
		for _, b := range t.Services.Backends(svc) {
			out = append(out, config.Wrap(b))
		}
		for _, e := range t.Services.Endpoints(svc, of[key(svc)], service.Labels(labels)) {
			out = append(out, config.Wrap(e))
		}
	}
	return out
}

func index[O metav1.Object](in []O) map[string]O {
	out := make(map[string]O, len(in))
	for _, o := range in {
		out[key(o)] = o
	}
	return out
}

func byName[O metav1.Object](in []O) []O {
	return slices.SortedFunc(slices.Values(in), func(a, b O) int { return cmp.Compare(key(a), key(b)) })
}
