package service

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Labels returns the labels of the Pod that an endpoint's targetRef names, or nil if it
// is not known. The namespace is set in ref.
type Labels func(ref *corev1.ObjectReference) map[string]string

// Endpoints returns the endpoints of a Service from all of its EndpointSlices, sorted by
// name. Slices are matched to the Service by the caller (label
// kubernetes.io/service-name, same namespace).
//
// Slice ports are matched to Service ports by name; addresses of both families are used.
// An address that several slices hold is one endpoint, in its best state. Labels are
// those of the Pod if labels finds it; otherwise, so that subsets work from files that
// hold no Pods, the slice's own, without those of Kubernetes. An ExternalName Service
// has its name for an endpoint and no slices.
func (o Options) Endpoints(
	svc *corev1.Service, from []*discoveryv1.EndpointSlice, labels Labels,
) []*config.Endpoint {
	if svc.Spec.Type == corev1.ServiceTypeExternalName {
		return o.externalEndpoints(svc)
	}
	host := o.Host(svc.Namespace, svc.Name)
	found := map[string]*config.Endpoint{}
	for _, slice := range sorted(from) {
		if slice.AddressType == discoveryv1.AddressTypeFQDN {
			continue // deprecated, and has no meaning that two consumers agree on
		}
		for _, port := range ports(svc, slice) {
			addSlice(found, slice, Set(host, port.service), port.target, labels)
		}
	}
	out := make([]*config.Endpoint, 0, len(found))
	for _, e := range found {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b *config.Endpoint) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// sorted makes the result independent of the order slices come in.
func sorted(in []*discoveryv1.EndpointSlice) []*discoveryv1.EndpointSlice {
	out := slices.Clone(in)
	slices.SortFunc(out, func(a, b *discoveryv1.EndpointSlice) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func addSlice(
	found map[string]*config.Endpoint, slice *discoveryv1.EndpointSlice, set string, target int32, labels Labels,
) {
	for i := range slice.Endpoints {
		e := &slice.Endpoints[i]
		for _, address := range e.Addresses {
			addr, err := netip.ParseAddr(address)
			if err != nil {
				continue // only a file can hold it: the API server checks
			}
			next := endpoint(set, addr.Unmap().String(), target)
			next.State = state(e.Conditions)
			next.Labels = labelsOf(slice, e, labels)
			next.Locality = locality(e)
			if old := found[next.Name]; old == nil || next.State < old.State {
				found[next.Name] = next
			}
		}
	}
}

// Endpoint names hold the set, so one map serves all ports.
func endpoint(set, address string, port int32) *config.Endpoint {
	return &config.Endpoint{
		Name:    set + "/" + net.JoinHostPort(address, strconv.Itoa(int(port))),
		Set:     set,
		Address: address,
		Port:    uint32(port),
		State:   config.Endpoint_STATE_READY,
	}
}

// portPair is a Service's port and the number its endpoints listen on.
type portPair struct{ service, target int32 }

func ports(svc *corev1.Service, slice *discoveryv1.EndpointSlice) []portPair {
	var out []portPair
	for i := range svc.Spec.Ports {
		p := &svc.Spec.Ports[i]
		if !isTCP(p.Protocol) {
			continue
		}
		for _, target := range slice.Ports {
			name, protocol := deref(target.Name), deref(target.Protocol)
			if name == p.Name && isTCP(protocol) {
				out = append(out, portPair{service: p.Port, target: targetPort(p, target.Port)})
			}
		}
	}
	return out
}

// targetPort is the slice's number; a slice without one means every port, so what the
// Service says decides.
func targetPort(p *corev1.ServicePort, in *int32) int32 {
	if in != nil {
		return *in
	}
	if n := p.TargetPort.IntVal; n != 0 {
		return n
	}
	return p.Port
}

// state reads the conditions as the API documents them: what is not said is ready,
// serving and not terminating.
func state(c discoveryv1.EndpointConditions) config.Endpoint_State {
	serving := c.Serving == nil || *c.Serving
	switch {
	case c.Ready == nil || *c.Ready:
		return config.Endpoint_STATE_READY
	case serving && deref(c.Terminating):
		return config.Endpoint_STATE_DRAINING
	}
	return config.Endpoint_STATE_NOT_READY
}

// locality has an empty region: EndpointSlices do not tell it.
func locality(e *discoveryv1.Endpoint) string {
	if zone := deref(e.Zone); zone != "" {
		return "/" + zone
	}
	return ""
}

func labelsOf(slice *discoveryv1.EndpointSlice, e *discoveryv1.Endpoint, labels Labels) map[string]string {
	if labels != nil && e.TargetRef != nil && e.TargetRef.Kind == "Pod" {
		ref := *e.TargetRef
		if ref.Namespace == "" {
			ref.Namespace = slice.Namespace
		}
		if found := labels(&ref); found != nil {
			return found
		}
	}
	var out map[string]string
	for k, v := range slice.Labels {
		if domain, _, _ := strings.Cut(k, "/"); isKubernetes(domain) && domain != k {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[k] = v
	}
	return out
}

// isKubernetes reports a label domain that says how the slice is kept, not what it serves.
func isKubernetes(domain string) bool {
	return domain == "kubernetes.io" || strings.HasSuffix(domain, ".kubernetes.io")
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
