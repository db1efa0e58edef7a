package service

import (
	"cmp"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// DefaultClusterDomain is the DNS domain of a cluster that was not told otherwise.
const DefaultClusterDomain = "cluster.local"

// Options are settings of the whole translation. The zero value is right for a cluster
// with the usual domain.
type Options struct {
	// ClusterDomain ends the host names of Services. Empty: DefaultClusterDomain.
	ClusterDomain string
	// AllowExternalName permits an ExternalName that is refused otherwise. It gets the
	// name in lower case without a final dot. Nil permits none.
	AllowExternalName func(name string) bool
}

func (o Options) domain() string { return cmp.Or(o.ClusterDomain, DefaultClusterDomain) }

// Host returns the host name of a Service: "nginx.shop.svc.cluster.local".
func (o Options) Host(namespace, name string) string {
	return name + "." + namespace + ".svc." + o.domain()
}

// Set returns the name of the endpoint set of one port of a host:
// "nginx.shop.svc.cluster.local|80". The port is the Service's, not the endpoints'.
func Set(host string, port int32) string { return host + "|" + strconv.Itoa(int(port)) }

// BackendName returns the name of a Backend: "outbound|80|v2|nginx.shop.svc.cluster.local".
// Subset is empty for all endpoints of the port.
func BackendName(host string, port int32, subset string) string {
	return "outbound|" + strconv.Itoa(int(port)) + "|" + subset + "|" + host
}

// Port returns the TCP port of a Service with that number, or nil.
func Port(svc *corev1.Service, number int32) *corev1.ServicePort {
	for i := range svc.Spec.Ports {
		if p := &svc.Spec.Ports[i]; p.Port == number && isTCP(p.Protocol) {
			return p
		}
	}
	return nil
}

func isTCP(p corev1.Protocol) bool { return p == "" || p == corev1.ProtocolTCP }
