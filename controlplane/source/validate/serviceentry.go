package validate

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
)

// ServiceEntry validates networking.istio.io ServiceEntry.
func ServiceEntry(e *networkingv1.ServiceEntry) []Fault {
	var l list
	s := &e.Spec
	l.check(len(s.Hosts) > 0, spec.Field("hosts"), "required")
	for i, h := range s.Hosts {
		at := spec.Field("hosts").Index(i)
		l.check(h != "*", at, `"*" alone is not allowed: it would take every name`)
		l.domain(at, h)
	}
	cidr := l.serviceAddresses(s.Addresses)
	l.check(!cidr || s.Resolution == networking.ServiceEntry_NONE || s.Resolution == networking.ServiceEntry_STATIC,
		spec.Field("addresses"), "a CIDR needs resolution NONE or STATIC")
	ports := l.servicePorts(s.Ports)
	l.check(s.WorkloadSelector == nil || len(s.Endpoints) == 0, spec, "only one of endpoints and workloadSelector may be set")
	l.labels(spec.Field("workloadSelector").Field("labels"), s.GetWorkloadSelector().GetLabels())
	l.resolution(s)
	for i, ep := range s.Endpoints {
		l.workload(spec.Field("endpoints").Index(i), ep, ports)
	}
	l.exportTo(s.ExportTo)
	return l
}

// WorkloadEntry validates networking.istio.io WorkloadEntry.
func WorkloadEntry(w *networkingv1.WorkloadEntry) []Fault {
	var l list
	l.workload(spec, &w.Spec, nil)
	return l
}

func (l *list) serviceAddresses(addresses []string) (cidr bool) {
	for i, a := range addresses {
		_, err := netip.ParsePrefix(a)
		cidr = cidr || err == nil
		l.check(err == nil || isAddress(a), spec.Field("addresses").Index(i), "%q is not an address or CIDR", a)
	}
	return cidr
}

func (l *list) servicePorts(ports []*networking.ServicePort) map[string]bool {
	at := spec.Field("ports")
	names := make(map[string]bool, len(ports))
	numbers := make(map[uint32]bool, len(ports))
	l.check(len(ports) > 0, at, "required")
	for i, p := range ports {
		at := at.Index(i)
		between(l, at.Field("number"), p.Number, 1, 65535)
		l.check(!numbers[p.Number], at.Field("number"), "%d is the number of another port", p.Number)
		l.check(p.Name != "", at.Field("name"), "required")
		l.check(!names[p.Name], at.Field("name"), "%q is the name of another port", p.Name)
		l.check(p.TargetPort <= 65535, at.Field("targetPort"), "must be between 1 and 65535, is %d", p.TargetPort)
		if p.Protocol != "" {
			l.istioProtocol(at.Field("protocol"), p.Protocol)
		}
		numbers[p.Number], names[p.Name] = true, true
	}
	return names
}

// resolution demands endpoints that fit how they are found.
func (l *list) resolution(s *networking.ServiceEntry) {
	at := spec.Field("endpoints")
	switch s.Resolution {
	case networking.ServiceEntry_NONE:
		l.check(len(s.Endpoints) == 0, at, "must be empty for resolution NONE")
	case networking.ServiceEntry_STATIC:
		for i, ep := range s.Endpoints {
			ok := isAddress(ep.Address) || strings.HasPrefix(ep.Address, "unix://") || ep.Address == "" && ep.Network != ""
			l.check(ok, at.Index(i).Field("address"), "%q is not an IP address: resolution STATIC needs one", ep.Address)
		}
	case networking.ServiceEntry_DNS, networking.ServiceEntry_DNS_ROUND_ROBIN:
		if len(s.Endpoints) == 0 {
			for i, h := range s.Hosts {
				l.check(!strings.HasPrefix(h, "*"), spec.Field("hosts").Index(i),
					"%q cannot be resolved: without endpoints resolution %s needs a full name", h, s.Resolution)
			}
		}
		l.check(s.Resolution == networking.ServiceEntry_DNS || len(s.Endpoints) < 2, at,
			"at most one is allowed for resolution DNS_ROUND_ROBIN")
		for i, ep := range s.Endpoints {
			l.check(!strings.HasPrefix(ep.Address, "unix://"), at.Index(i).Field("address"),
				"a unix socket needs resolution STATIC")
		}
	case networking.ServiceEntry_DYNAMIC_DNS: // endpoints are the names that clients ask for
	}
}

// workload checks an endpoint; ports are the service's port names, nil if there is no service.
func (l *list) workload(at *Path, w *networking.WorkloadEntry, ports map[string]bool) {
	switch path, unix := strings.CutPrefix(w.Address, "unix://"); {
	case unix:
		l.check(strings.HasPrefix(path, "/") || strings.HasPrefix(path, "@"), at.Field("address"),
			"a unix socket must be absolute or abstract")
		l.check(len(w.Ports) == 0, at.Field("ports"), "must be empty for a unix socket")
	case w.Address == "":
		l.check(w.Network != "", at.Field("address"), "or network required")
	case !isAddress(w.Address):
		l.domain(at.Field("address"), w.Address)
		l.check(!strings.HasPrefix(w.Address, "*"), at.Field("address"), "must not be a wildcard")
	}
	for _, name := range slices.Sorted(maps.Keys(w.Ports)) {
		at := at.Field("ports").Field(name)
		between(l, at, w.Ports[name], 1, 65535)
		l.check(ports == nil || ports[name], at, "is not a port of this ServiceEntry")
	}
	l.labels(at.Field("labels"), w.Labels)
}
