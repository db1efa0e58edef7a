package defaults

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Service fills the defaults of core/v1 that traffic depends on. Addresses are not allocated: a Service without
// clusterIP has none in file mode.
func Service(s *corev1.Service) {
	if s.Spec.Type == "" {
		s.Spec.Type = corev1.ServiceTypeClusterIP
	}
	if s.Spec.SessionAffinity == "" {
		s.Spec.SessionAffinity = corev1.ServiceAffinityNone
	}
	for i := range s.Spec.Ports {
		p := &s.Spec.Ports[i]
		if p.Protocol == "" {
			p.Protocol = corev1.ProtocolTCP
		}
		if p.TargetPort == (intstr.IntOrString{}) || p.TargetPort == intstr.FromString("") {
			p.TargetPort = intstr.FromInt32(p.Port)
		}
	}
}

// EndpointSlice fills the defaults of discovery.k8s.io/v1. Conditions stay as written: consumers must read an absent
// ready as true.
func EndpointSlice(e *discoveryv1.EndpointSlice) {
	for i := range e.Ports {
		fill(&e.Ports[i].Name, "")
		fill(&e.Ports[i].Protocol, corev1.ProtocolTCP)
	}
}

// Secret merges stringData into data, as an API server does on write, and fills the type.
func Secret(s *corev1.Secret) {
	if len(s.StringData) > 0 && s.Data == nil {
		s.Data = make(map[string][]byte, len(s.StringData))
	}
	for k, v := range s.StringData {
		s.Data[k] = []byte(v)
	}
	s.StringData = nil
	if s.Type == "" {
		s.Type = corev1.SecretTypeOpaque
	}
}
