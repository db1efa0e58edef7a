package istio

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	meta "istio.io/api/meta/v1alpha1"
	networking "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/certificate"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// World is all objects at once, and wires the translators over them as the control plane does
// incrementally. The order of its lists does not matter.
type World struct {
	Gateways         []*networking.Gateway
	VirtualServices  []*networking.VirtualService
	DestinationRules []*networking.DestinationRule
	ServiceEntries   []*networking.ServiceEntry
	Secrets          []*corev1.Secret
	// Services are the Kubernetes Services.
	Services []Service
	// Backends are theirs, without subsets, by host; each host has an entry.
	Backends map[string][]*config.Backend
}

// ObjectStatus is what there is to say about one object.
type ObjectStatus struct {
	Object   Object            `json:"object"`
	Status   *meta.IstioStatus `json:"status"`
	Findings []Finding         `json:"findings,omitempty"`
}

// Translate translates everything. Resources come in no particular order, statuses by object.
func (w *World) Translate(p Proxy) ([]*config.Resource, []ObjectStatus) {
	t := worldTranslation{World: w, proxy: p, bindings: map[string]*Binding{}, rules: map[string][]*networking.DestinationRule{}}
	t.registry()
	t.gateways()
	for _, dr := range w.DestinationRules {
		key := p.RuleHost(dr)
		t.rules[key] = append(t.rules[key], dr)
	}
	t.virtualServices()
	for _, dr := range w.DestinationRules {
		t.findings = append(t.findings, p.DestinationRule(dr, RuleLookups{Services: t.servicesUnder, Rules: t.rulesFor})...)
	}
	for _, host := range slices.Sorted(maps.Keys(t.base)) {
		s, _ := t.service(host, "")
		for _, b := range p.Backends(s, t.base[host], t.rulesFor(host)) {
			t.resources = append(t.resources, config.Wrap(b))
		}
	}
	return t.resources, t.statuses()
}

type worldTranslation struct {
	*World
	proxy     Proxy
	services  []Service
	hosts     map[string][]Service // Kubernetes' first, then by namespace
	entriesOf map[string][]*networking.ServiceEntry
	base      map[string][]*config.Backend
	places    map[string]string // by Listener
	bindings  map[string]*Binding
	rules     map[string][]*networking.DestinationRule
	resources []*config.Resource
	findings  []Finding
}

// registry translates ServiceEntries and gathers all services.
func (t *worldTranslation) registry() {
	t.base, t.hosts, t.entriesOf = map[string][]*config.Backend{}, map[string][]Service{}, map[string][]*networking.ServiceEntry{}
	maps.Copy(t.base, t.Backends)
	for _, s := range t.Services {
		t.hosts[s.Host] = append(t.hosts[s.Host], s)
	}
	for _, se := range t.ServiceEntries {
		for _, h := range se.Spec.GetHosts() {
			t.entriesOf[strings.ToLower(h)] = append(t.entriesOf[strings.ToLower(h)], se)
		}
	}
	var external []Service
	for _, se := range t.ServiceEntries {
		r := t.proxy.ServiceEntry(se, EntryLookups{Kubernetes: t.kubernetes, Entries: func(host string) []*networking.ServiceEntry { return t.entriesOf[host] }})
		t.findings = append(t.findings, r.Findings...)
		external = append(external, r.Services...)
		for _, b := range r.Backends {
			host := b.GetService().GetHost()
			t.base[host] = append(t.base[host], b)
		}
		for _, e := range r.Endpoints {
			t.resources = append(t.resources, config.Wrap(e))
		}
	}
	slices.SortStableFunc(external, func(a, b Service) int { return cmp.Compare(a.Namespace, b.Namespace) })
	for _, s := range joinPorts(external) {
		t.hosts[s.Host] = append(t.hosts[s.Host], s)
	}
	for _, host := range slices.Sorted(maps.Keys(t.hosts)) {
		t.services = append(t.services, t.hosts[host]...)
	}
}

// joinPorts makes one Service of those that entries of one namespace give for one host.
func joinPorts(services []Service) []Service {
	var out []Service
	for _, s := range services {
		i := slices.IndexFunc(out, func(o Service) bool { return o.Host == s.Host && o.Namespace == s.Namespace })
		if i < 0 {
			out = append(out, s)
			continue
		}
		out[i].Ports = slices.Concat(out[i].Ports, s.Ports)
		slices.Sort(out[i].Ports)
		out[i].Refused = slices.Concat(out[i].Refused, s.Refused)
	}
	return out
}

func (t *worldTranslation) kubernetes(host string) bool {
	_, ok := t.Backends[host]
	return ok
}

func (t *worldTranslation) wildcardEntry(host string) (Object, bool) {
	for _, se := range slices.SortedFunc(slices.Values(t.ServiceEntries), older) {
		for _, h := range se.Spec.GetHosts() {
			if h = strings.ToLower(h); strings.HasPrefix(h, "*") && within(host, h) {
				return object("ServiceEntry", se), true
			}
		}
	}
	return Object{}, false
}

func (t *worldTranslation) service(host, namespace string) (Service, bool) {
	all := t.hosts[host]
	if len(all) == 0 {
		return Service{}, false
	}
	return all[max(0, slices.IndexFunc(all, func(s Service) bool { return s.Namespace == namespace }))], true
}

func (t *worldTranslation) servicesUnder(pattern string) []Service {
	return slices.DeleteFunc(slices.Clone(t.services), func(s Service) bool { return !within(s.Host, pattern) })
}

func (t *worldTranslation) rulesFor(host string) []*networking.DestinationRule {
	var out []*networking.DestinationRule
	for _, key := range HostKeys(host) {
		out = append(out, t.rules[key]...)
	}
	return out
}

func (t *worldTranslation) gateways() {
	claims := map[uint32][]Claim{}
	t.places = map[string]string{}
	for _, gw := range t.Gateways {
		for _, c := range t.proxy.Claims(gw) {
			claims[c.Port] = append(claims[c.Port], c)
		}
	}
	for _, gw := range t.Gateways {
		r := t.proxy.Gateway(gw, GatewayLookups{
			Claims: func(port uint32) []Claim { return claims[port] },
			Secret: t.verdict,
		})
		t.bindings[gw.Namespace+"/"+gw.Name] = r.Binding
		t.resources = append(t.resources, r.Resources...)
		t.findings = append(t.findings, r.Findings...)
		for _, res := range r.Resources {
			if l := res.GetListener(); l != nil {
				t.places[l.GetName()] = Table(l)
			}
		}
	}
	t.certificates()
}

func (w *World) verdict(namespace, name string) (certificate.Verdict, bool) {
	for _, s := range w.Secrets {
		if s.Namespace == namespace && s.Name == name {
			return certificate.Judge(s), true
		}
	}
	return certificate.Verdict{}, false
}

// certificates adds those that a Listener refers to.
func (t *worldTranslation) certificates() {
	wanted := map[string]bool{}
	for _, r := range t.resources {
		for _, name := range r.GetListener().GetTls().GetCertificates() {
			wanted[name] = true
		}
	}
	for _, s := range t.Secrets {
		if wanted[certificate.Name(s.Namespace, s.Name)] {
			t.resources = append(t.resources, config.Wrap(certificate.Of(s)))
		}
	}
}

func (t *worldTranslation) virtualServices() {
	byName := map[string]*networking.VirtualService{}
	delegators := map[string][]*networking.VirtualService{}
	for _, vs := range t.VirtualServices {
		byName[vs.Namespace+"/"+vs.Name] = vs
		for _, d := range Delegates(vs) {
			delegators[d] = append(delegators[d], vs)
		}
	}
	look := Lookups{
		Gateway:        func(ns, name string) *Binding { return t.bindings[ns+"/"+name] },
		VirtualService: func(ns, name string) *networking.VirtualService { return byName[ns+"/"+name] },
		Delegators:     func(ns, name string) []*networking.VirtualService { return delegators[ns+"/"+name] },
		Service:        t.service,
		ServiceEntry:   t.wildcardEntry,
		Rules:          t.rulesFor,
	}
	places := map[string][]*config.Route{}
	for _, vs := range t.VirtualServices {
		r := t.proxy.VirtualService(vs, look)
		t.findings = append(t.findings, r.Findings...)
		for _, route := range r.Routes {
			t.resources = append(t.resources, config.Wrap(route))
			for _, place := range Places(route, func(listener string) string { return t.places[listener] }) {
				places[place] = append(places[place], route)
			}
		}
	}
	for place, routes := range places {
		t.findings = append(t.findings, Overlaps(place, routes)...)
	}
}

func (t *worldTranslation) statuses() []ObjectStatus {
	var out []ObjectStatus
	byObject := map[Object][]Finding{}
	for _, f := range t.findings {
		byObject[f.Object] = append(byObject[f.Object], f)
	}
	add := func(kind string, o metav1.Object) {
		name := object(kind, o)
		own := SortFindings(byObject[name])
		out = append(out, ObjectStatus{name, Status(name, o.GetGeneration(), own), own})
	}
	for _, o := range t.Gateways {
		add("Gateway", o)
	}
	for _, o := range t.VirtualServices {
		add("VirtualService", o)
	}
	for _, o := range t.DestinationRules {
		add("DestinationRule", o)
	}
	for _, o := range t.ServiceEntries {
		add("ServiceEntry", o)
	}
	slices.SortFunc(out, func(a, b ObjectStatus) int { return a.Object.Compare(b.Object) })
	return out
}
