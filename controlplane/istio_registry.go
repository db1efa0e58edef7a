package controlplane

import (
	"slices"
	"strings"

	networking "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/collect"
	"github.com/fairlead-mesh/fairlead/controlplane/istio"
	"github.com/fairlead-mesh/fairlead/controlplane/service"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// entry is a ServiceEntry beside its endpoints.
type entry = istio.ServiceEntryResult

// registry is every host that routes can name, and the rules for it.
type registry struct {
	proxy istio.Proxy

	kubernetes collect.Collection[istio.Service] // by host
	entries    collect.Collection[*entry]
	byHost     *collect.Index[*entry]
	underHost  *collect.Index[*entry]
	k8sUnder   *collect.Index[istio.Service]
	claims     *collect.Index[*networking.ServiceEntry]
	rules      *collect.Index[*networking.DestinationRule]

	endpoints collect.Collection[*config.Resource] // of ServiceEntries
	backends  collect.Collection[*config.Resource] // of everything, after DestinationRules
}

func newRegistry(in *inputs, proxy istio.Proxy, names service.Options) *registry {
	r := &registry{proxy: proxy}
	r.kubernetes = collect.FlatMap("hosts of services", in.services, func(s istio.Service) string { return s.Host },
		func(_ *collect.Context, svc *corev1.Service) []istio.Service {
			return []istio.Service{kubernetesService(svc, names)}
		})
	r.k8sUnder = collect.NewIndex("services under host", r.kubernetes,
		func(s istio.Service) []string { return istio.HostKeys(s.Host) })
	r.claims = collect.NewIndex("entries by claimed host", in.istio.serviceEntries,
		lowerHosts)
	r.endpoints, r.entries = collect.FlatMapStatus("serviceentries", in.istio.serviceEntries, resourceKey,
		func(ctx *collect.Context, se *networking.ServiceEntry) ([]*config.Resource, *entry) {
			result := proxy.ServiceEntry(se, istio.EntryLookups{
				Kubernetes: func(host string) bool { _, ok := collect.Get(ctx, r.kubernetes, host); return ok },
				Entries: func(host string) []*networking.ServiceEntry {
					return collect.Lookup(ctx, r.claims, host)
				},
			})
			return wrap(result.Endpoints), &result
		}, equal)
	r.byHost = collect.NewIndex("entries by host", r.entries, hostsOf)
	r.underHost = collect.NewIndex("entries under host", r.entries, func(e *entry) []string {
		var keys []string
		for _, host := range hostsOf(e) {
			keys = append(keys, istio.HostKeys(host)...)
		}
		return keys
	})
	r.rules = collect.NewIndex("rules by host", in.istio.destinationRules,
		func(dr *networking.DestinationRule) []string { return []string{proxy.RuleHost(dr)} })
	r.backends = collect.Join("backends", r.kubernetesBackends(in, names), r.entryBackends())
	return r
}

func kubernetesService(svc *corev1.Service, names service.Options) istio.Service {
	s := istio.Service{Host: names.Host(svc.Namespace, svc.Name), Namespace: svc.Namespace}
	for name := range strings.SplitSeq(svc.Annotations[exportTo], ",") {
		if name = strings.TrimSpace(name); name != "" {
			s.ExportTo = append(s.ExportTo, name)
		}
	}
	for i := range svc.Spec.Ports {
		s.Ports = append(s.Ports, uint32(svc.Spec.Ports[i].Port))
	}
	return s
}

// exportTo is the annotation that says who may see a Service.
const exportTo = "networking.istio.io/exportTo"

// lowerHosts returns the hosts that a ServiceEntry claims, as names are compared.
func lowerHosts(se *networking.ServiceEntry) []string {
	hosts := make([]string, len(se.Spec.GetHosts()))
	for i, h := range se.Spec.GetHosts() {
		hosts[i] = strings.ToLower(h)
	}
	return hosts
}

func hostsOf(e *entry) []string {
	hosts := make([]string, len(e.Services))
	for i := range e.Services {
		hosts[i] = e.Services[i].Host
	}
	return hosts
}

func (r *registry) kubernetesBackends(in *inputs, names service.Options) collect.Collection[*config.Resource] {
	return collect.FlatMap("backends of services", in.services, resourceKey,
		func(ctx *collect.Context, svc *corev1.Service) []*config.Resource {
			s := kubernetesService(svc, names)
			return wrap(r.proxy.Backends(s, names.Backends(svc), r.rulesFor(ctx, s.Host)))
		}, equal)
}

func (r *registry) entryBackends() collect.Collection[*config.Resource] {
	return collect.FlatMap("backends of serviceentries", r.entries, resourceKey,
		func(ctx *collect.Context, e *entry) []*config.Resource {
			var out []*config.Resource
			for _, s := range e.Services {
				var base []*config.Backend
				for _, b := range e.Backends {
					if b.GetService().GetHost() == s.Host {
						base = append(base, b)
					}
				}
				out = append(out, wrap(r.proxy.Backends(s, base, r.rulesFor(ctx, s.Host)))...)
			}
			return out
		}, equal)
}

// rulesFor returns the DestinationRules that may speak of a host.
func (r *registry) rulesFor(ctx collect.Reader, host string) []*networking.DestinationRule {
	var out []*networking.DestinationRule
	for _, key := range istio.HostKeys(host) {
		out = append(out, collect.Lookup(ctx, r.rules, key)...)
	}
	return out
}

// service returns what a host is, seen from a namespace.
func (r *registry) service(ctx collect.Reader, host, namespace string) (istio.Service, bool) {
	if s, ok := collect.Get(ctx, r.kubernetes, host); ok {
		return s, true
	}
	var found istio.Service
	ok := false
	for _, e := range collect.Lookup(ctx, r.byHost, host) {
		for _, s := range e.Services {
			switch {
			case s.Host != host:
			case !ok || s.Namespace == namespace && found.Namespace != namespace:
				found, ok = s, true
			case s.Namespace == found.Namespace: // two entries of one namespace share the host
				found.Ports = slices.Concat(found.Ports, s.Ports)
				found.Refused = slices.Concat(found.Refused, s.Refused)
			}
		}
	}
	return found, ok
}

// servicesUnder returns the services whose host is the pattern or lies under it.
func (r *registry) servicesUnder(ctx collect.Reader, pattern string) []istio.Service {
	out := collect.Lookup(ctx, r.k8sUnder, pattern)
	for _, e := range collect.Lookup(ctx, r.underHost, pattern) {
		for _, s := range e.Services {
			if slices.Contains(istio.HostKeys(s.Host), pattern) {
				out = append(out, s)
			}
		}
	}
	return out
}
