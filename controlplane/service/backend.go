package service

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Backends returns one Backend for each TCP port of a Service, in the Service's order;
// none for an ExternalName that is refused.
//
// A port whose protocol the proxy does not speak gets its Backend all the same: whether
// to use it is for the referring route to decide (see Protocol).
func (o Options) Backends(svc *corev1.Service) []*config.Backend {
	if o.Refusal(svc) != "" {
		return nil
	}
	host := o.Host(svc.Namespace, svc.Name)
	var out []*config.Backend
	for i := range svc.Spec.Ports {
		p := &svc.Spec.Ports[i]
		if !isTCP(p.Protocol) {
			continue
		}
		protocol, _ := Protocol(p)
		out = append(out, &config.Backend{
			Name:        BackendName(host, p.Port, ""),
			Origin:      origin(svc, i),
			EndpointSet: Set(host, p.Port),
			Discovery:   discovery(svc),
			Protocol:    protocol,
			Service:     &config.ServiceIdentity{Host: host, Name: svc.Name, Namespace: svc.Namespace},
		})
	}
	return out
}

func origin(svc *corev1.Service, port int) *config.Origin {
	return &config.Origin{
		Kind:       "Service",
		Namespace:  svc.Namespace,
		Name:       svc.Name,
		Generation: svc.Generation,
		Field:      field("spec.ports", port),
	}
}

// An ExternalName is a CNAME: every address it stands for is used.
func discovery(svc *corev1.Service) config.Backend_Discovery {
	if svc.Spec.Type == corev1.ServiceTypeExternalName {
		return config.Backend_DISCOVERY_DNS
	}
	return config.Backend_DISCOVERY_STATIC
}
