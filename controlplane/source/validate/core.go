package validate

import (
	"maps"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	kube "k8s.io/apimachinery/pkg/util/validation"
)

// Service validates what traffic depends on in core/v1 Service.
func Service(s *corev1.Service) []Fault {
	var l list
	external := s.Spec.Type == corev1.ServiceTypeExternalName
	oneOf(&l, spec.Field("type"), s.Spec.Type, corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort,
		corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeExternalName)
	if external {
		l.pattern(spec.Field("externalName"), s.Spec.ExternalName, 253, subdomain, subdomainGram)
	}
	at := spec.Field("ports")
	headless := s.Spec.ClusterIP == corev1.ClusterIPNone
	l.check(external || headless || len(s.Spec.Ports) > 0, at, "required")
	names := make(map[string]bool, len(s.Spec.Ports))
	for i, p := range s.Spec.Ports {
		at := at.Index(i)
		between(&l, at.Field("port"), p.Port, 1, 65535)
		oneOf(&l, at.Field("protocol"), p.Protocol, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
		l.check(p.Name != "" || len(s.Spec.Ports) == 1, at.Field("name"), "required if there is more than one port")
		l.check(!names[p.Name], at.Field("name"), "%q is the name of another port", p.Name)
		names[p.Name] = true
		if p.Name != "" {
			l.pattern(at.Field("name"), p.Name, 63, label, "a lower-case name of letters, digits and -")
		}
		if p.TargetPort.Type == intstr.Int {
			between(&l, at.Field("targetPort"), p.TargetPort.IntVal, 1, 65535)
		} else {
			l.check(len(kube.IsValidPortName(p.TargetPort.StrVal)) == 0, at.Field("targetPort"),
				"%q is not a port name", p.TargetPort.StrVal)
		}
	}
	l.labels(spec.Field("selector"), s.Spec.Selector)
	return l
}

// EndpointSlice validates discovery.k8s.io/v1 EndpointSlice.
func EndpointSlice(e *discoveryv1.EndpointSlice) []Fault {
	var l list
	oneOf(&l, (*Path)(nil).Field("addressType"), e.AddressType,
		discoveryv1.AddressTypeIPv4, discoveryv1.AddressTypeIPv6, discoveryv1.AddressTypeFQDN)
	at := (*Path)(nil).Field("endpoints")
	l.count(at, len(e.Endpoints), 0, 1000, "endpoints")
	for i, ep := range e.Endpoints {
		at := at.Index(i).Field("addresses")
		l.count(at, len(ep.Addresses), 1, 100, "addresses")
		for j, a := range ep.Addresses {
			l.endpointAddress(at.Index(j), e.AddressType, a)
		}
	}
	at = (*Path)(nil).Field("ports")
	l.count(at, len(e.Ports), 0, 20000, "ports")
	names := make([]string, len(e.Ports))
	for i, p := range e.Ports {
		names[i] = deref(p.Name)
		if p.Port != nil {
			between(&l, at.Index(i).Field("port"), *p.Port, 1, 65535)
		}
		oneOf(&l, at.Index(i).Field("protocol"), deref(p.Protocol), corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
	}
	unique(&l, names, func(i int) *Path { return at.Index(i).Field("name") })
	return l
}

func (l *list) endpointAddress(at *Path, kind discoveryv1.AddressType, address string) {
	ip, err := netip.ParseAddr(address)
	switch kind {
	case discoveryv1.AddressTypeIPv4:
		l.check(err == nil && ip.Is4(), at, "%q is not an IPv4 address", address)
	case discoveryv1.AddressTypeIPv6:
		l.check(err == nil && ip.Is6(), at, "%q is not an IPv6 address", address)
	default:
		l.pattern(at, address, 253, subdomain, subdomainGram)
	}
}

// maxData is the API server's bound on the data of a Secret or ConfigMap.
const maxData = 1 << 20

// Secret validates core/v1 Secret. Values never appear in faults.
func Secret(s *corev1.Secret) []Fault {
	var l list
	at, total := (*Path)(nil).Field("data"), 0
	for _, k := range slices.Sorted(maps.Keys(s.Data)) {
		l.check(len(kube.IsConfigMapKey(k)) == 0, at.Field(k), "is not a key: letters, digits, -, _ and . only")
		total += len(s.Data[k])
	}
	l.check(total <= maxData, at, "is %d bytes long, at most 1 MiB is allowed", total)
	if s.Type == corev1.SecretTypeTLS {
		for _, k := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey} {
			_, ok := s.Data[k]
			l.check(ok, at.Field(k), "required for type %s", s.Type)
		}
	}
	return l
}

// ConfigMap validates core/v1 ConfigMap.
func ConfigMap(c *corev1.ConfigMap) []Fault {
	var l list
	at, total := (*Path)(nil).Field("data"), 0
	for _, k := range slices.Sorted(maps.Keys(c.Data)) {
		l.check(len(kube.IsConfigMapKey(k)) == 0, at.Field(k), "is not a key: letters, digits, -, _ and . only")
		total += len(c.Data[k])
	}
	bin := (*Path)(nil).Field("binaryData")
	for _, k := range slices.Sorted(maps.Keys(c.BinaryData)) {
		l.check(len(kube.IsConfigMapKey(k)) == 0, bin.Field(k), "is not a key: letters, digits, -, _ and . only")
		_, both := c.Data[k]
		l.check(!both, bin.Field(k), "is also a key of data")
		total += len(c.BinaryData[k])
	}
	l.check(total <= maxData, at, "is %d bytes long, at most 1 MiB is allowed", total)
	return l
}
