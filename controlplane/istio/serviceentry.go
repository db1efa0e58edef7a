package istio

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	api "istio.io/api/networking/v1"
	networking "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// EntryLookups are what a ServiceEntry may look up.
type EntryLookups struct {
	// Kubernetes reports whether a Kubernetes Service has the host; it beats every ServiceEntry.
	Kubernetes func(host string) bool
	// Entries returns the ServiceEntries with the host among theirs, this one included, in any order.
	Entries func(host string) []*networking.ServiceEntry
}

// ServiceEntryResult is a translated ServiceEntry. Backends are before DestinationRules: see Backends.
type ServiceEntryResult struct {
	Services  []Service
	Backends  []*config.Backend
	Endpoints []*config.Endpoint
	Findings  []Finding
}

var entryFields = fields{
	"hosts":                    done,
	"addresses":                meshOnly,
	"ports":                    done,
	"location":                 done,
	"resolution":               done,
	"endpoints":                partly,
	"endpoints.address":        done,
	"endpoints.ports":          done,
	"endpoints.labels":         done,
	"endpoints.locality":       done,
	"endpoints.weight":         done,
	"endpoints.network":        meshOnly,
	"endpoints.serviceAccount": meshOnly,
	"workloadSelector":         done, // see entryTranslation.served
	"exportTo":                 done,
}

// ServiceEntry translates a ServiceEntry.
func (p Proxy) ServiceEntry(se *networking.ServiceEntry, look EntryLookups) ServiceEntryResult {
	t := entryTranslation{proxy: p, se: se, object: object("ServiceEntry", se), look: look}
	spec := at{&t.report, t.object, "spec"}
	reportUnenforced(spec, &se.Spec, entryFields)
	if t.served(spec) {
		for i, host := range se.Spec.GetHosts() {
			t.host(spec.in("hosts[%d]", i), strings.ToLower(host))
		}
	}
	t.out.Findings = SortFindings(t.findings)
	return t.out
}

type entryTranslation struct {
	report
	proxy  Proxy
	se     *networking.ServiceEntry
	object Object
	look   EntryLookups
	out    ServiceEntryResult
}

// served reports whether a ServiceEntry of this kind is served at all, and if not, why.
func (t *entryTranslation) served(spec at) bool {
	ok := true
	if t.se.Spec.GetWorkloadSelector() != nil {
		spec.in("workloadSelector").fail(NotServed, "endpoints by selector are not served yet: the hosts do not exist here")
		ok = false
	}
	switch r := t.se.Spec.GetResolution(); r {
	case api.ServiceEntry_NONE, api.ServiceEntry_DYNAMIC_DNS:
		spec.in("resolution").fail(NotServed, "%s is not served yet: the hosts do not exist here", r)
		ok = false
	case api.ServiceEntry_DNS_ROUND_ROBIN:
		if len(t.se.Spec.GetEndpoints()) > 1 {
			spec.in("endpoints").fail(Invalid, "%s takes one endpoint at most: the first counts", r)
		}
	default:
	}
	if len(t.se.Spec.GetHosts()) == 0 {
		spec.in("hosts").fail(Invalid, "is empty")
	}
	if len(t.se.Spec.GetPorts()) == 0 {
		spec.in("ports").fail(Invalid, "is empty: nothing can be sent to these hosts")
	}
	return ok
}

// host translates one host of the entry.
func (t *entryTranslation) host(a at, host string) {
	dns := t.se.Spec.GetResolution() != api.ServiceEntry_STATIC
	switch fault := hostFault(host); {
	case fault != "":
		a.fail(Invalid, "%q %s", host, fault)
		return
	case strings.HasPrefix(host, "*") && dns && len(t.se.Spec.GetEndpoints()) == 0:
		a.fail(Invalid, "%q cannot be resolved, and there are no endpoints", host)
		return
	case t.look.Kubernetes(host):
		a.warn(Superseded, "%q is a Kubernetes Service, which counts instead", host)
		return
	}
	service := Service{Host: host, Namespace: t.se.Namespace, ExportTo: t.se.Spec.GetExportTo()}
	for i, port := range t.se.Spec.GetPorts() {
		b := at{&t.report, t.object, fmt.Sprintf("spec.ports[%d]", i)}
		if !t.hasPort(b, host, port) {
			continue
		}
		service.Ports = append(service.Ports, port.GetNumber())
		if !t.portServed(b.in("protocol"), host, port) {
			service.Refused = append(service.Refused, port.GetNumber())
			continue
		}
		t.out.Backends = append(t.out.Backends, t.backend(b, host, port))
		t.endpoints(b, host, port)
	}
	if len(service.Ports) > 0 {
		t.out.Services = append(t.out.Services, service)
	}
}

// hasPort reports whether a port of the host is this entry's, and if not, why.
func (t *entryTranslation) hasPort(a at, host string, port *api.ServicePort) bool {
	if n := port.GetNumber(); n < 1 || n > 65535 {
		a.in("number").fail(Invalid, "%d is not a port", n)
		return false
	}
	if owner := t.owner(host, port.GetNumber()); owner != t.se {
		a.warn(Superseded, "port %d of %q is ServiceEntry %s/%s's, which is older", port.GetNumber(), host, owner.Namespace, owner.Name)
		return false
	}
	return true
}

// owner returns the entry that has the port of the host: the oldest entry with the host, or
// one of that one's namespace.
func (t *entryTranslation) owner(host string, port uint32) *networking.ServiceEntry {
	entries := slices.SortedFunc(slices.Values(t.look.Entries(host)), older)
	for _, se := range entries {
		if se.Namespace == entries[0].Namespace && slices.ContainsFunc(se.Spec.GetPorts(), func(p *api.ServicePort) bool { return p.GetNumber() == port }) {
			if object("ServiceEntry", se) == t.object {
				return t.se
			}
			return se
		}
	}
	if len(entries) == 0 {
		return t.se
	}
	return entries[0]
}

// portServed reports whether requests can be sent to a port of that protocol.
func (t *entryTranslation) portServed(a at, host string, port *api.ServicePort) bool {
	switch name := strings.ToUpper(port.GetProtocol()); name {
	case "HTTP", "HTTP_PROXY", "", "TCP":
		return true
	case "HTTP2", "GRPC", "GRPC-WEB":
		a.warn(NotEnforced, "%s is spoken as HTTP/1.1 yet", name)
		return true
	case "HTTPS", "TLS":
		a.fail(FailClosed, "%s is not served yet: nothing is sent to port %d of %q in the clear, requests get 503", name, port.GetNumber(), host)
	default:
		a.fail(NotServed, "%s is not served: requests to port %d of %q get 503", name, port.GetNumber(), host)
	}
	return false
}

func (t *entryTranslation) backend(a at, host string, port *api.ServicePort) *config.Backend {
	discovery := map[api.ServiceEntry_Resolution]config.Backend_Discovery{
		api.ServiceEntry_STATIC:          config.Backend_DISCOVERY_STATIC,
		api.ServiceEntry_DNS:             config.Backend_DISCOVERY_DNS,
		api.ServiceEntry_DNS_ROUND_ROBIN: config.Backend_DISCOVERY_LOGICAL_DNS,
	}[t.se.Spec.GetResolution()]
	return &config.Backend{
		Name:        BackendName(host, port.GetNumber(), ""),
		Origin:      t.object.origin(t.se, a.field),
		EndpointSet: EndpointSet(host, port.GetNumber()),
		Discovery:   discovery,
		Protocol:    config.BackendProtocol_BACKEND_PROTOCOL_HTTP1,
		Service:     &config.ServiceIdentity{Host: host, Name: host, Namespace: t.se.Namespace},
	}
}

// endpoints adds the endpoints of a port: those of the entry, or with DNS the host itself.
func (t *entryTranslation) endpoints(a at, host string, port *api.ServicePort) {
	set, target := EndpointSet(host, port.GetNumber()), cmp.Or(port.GetTargetPort(), port.GetNumber())
	static := t.se.Spec.GetResolution() == api.ServiceEntry_STATIC
	entries := t.se.Spec.GetEndpoints()
	if len(entries) == 0 {
		if static {
			at{a.report, a.object, "spec.endpoints"}.fail(Invalid, "is empty: requests get 503 UH")
			return
		}
		t.addEndpoint(&config.Endpoint{Set: set, Address: host, Port: target}, a)
		return
	}
	if t.se.Spec.GetResolution() == api.ServiceEntry_DNS_ROUND_ROBIN {
		entries = entries[:1]
	}
	for i, w := range entries {
		b := at{a.report, a.object, fmt.Sprintf("spec.endpoints[%d]", i)}
		if !checkAddress(b.in("address"), w.GetAddress(), static) {
			continue
		}
		t.addEndpoint(&config.Endpoint{
			Set: set, Address: strings.ToLower(w.GetAddress()), Port: cmp.Or(w.GetPorts()[port.GetName()], target),
			Labels: w.GetLabels(), Weight: w.GetWeight(), Locality: w.GetLocality(),
		}, b)
	}
}

func (t *entryTranslation) addEndpoint(e *config.Endpoint, a at) {
	address := e.Address
	if strings.Contains(address, ":") {
		address = "[" + address + "]"
	}
	e.Name = fmt.Sprintf("%s/%s:%d", e.Set, address, e.Port)
	e.State = config.Endpoint_STATE_READY
	if slices.ContainsFunc(t.out.Endpoints, func(have *config.Endpoint) bool { return have.Name == e.Name }) {
		a.warn(Invalid, "%s comes twice: the first counts", e.Name)
		return
	}
	if err := config.Validate(config.Wrap(e)); err != nil {
		a.fail(Invalid, "not used: %v", err)
		return
	}
	t.out.Endpoints = append(t.out.Endpoints, e)
}

func checkAddress(a at, address string, static bool) bool {
	_, err := netip.ParseAddr(address)
	switch {
	case address == "":
		a.fail(Invalid, "is empty: the endpoint is not used")
	case strings.HasPrefix(address, "unix://"):
		a.fail(NotServed, "sockets in the file system are not served yet: the endpoint is not used")
	case static && err != nil:
		a.fail(Invalid, "%q is not an IP address, as STATIC needs: the endpoint is not used", address)
	case err != nil && hostFault(address) != "" || strings.HasPrefix(address, "*"):
		a.fail(Invalid, "%q is not a host name: the endpoint is not used", address)
	default:
		return true
	}
	return false
}
