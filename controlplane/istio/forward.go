package istio

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	api "istio.io/api/networking/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

const maxWeight = 1_000_000 // the contract's

// BackendName returns "outbound|80|v1|nginx.shop.svc.cluster.local".
func BackendName(host string, port uint32, subset string) string {
	return fmt.Sprintf("outbound|%d|%s|%s", port, subset, host)
}

// EndpointSet returns "nginx.shop.svc.cluster.local|80".
func EndpointSet(host string, port uint32) string { return host + "|" + strconv.Itoa(int(port)) }

// forwarding is the translation of a rule's destinations for one listener port.
type forwarding struct {
	*vsTranslation
	rule *rule
	port uint32
	// authoritySet: the rule sets the authority, so that its destinations do not.
	authoritySet bool
}

// action returns the backends of the rule. A weight counts by its share of the sum. One destination
// gets everything, and those of weight 0 get nothing.
func (f forwarding) action() *config.HttpRule_Forward {
	routes := f.rule.http.GetRoute()
	forward := &config.Forward{}
	scale := f.scale()
	for i, d := range routes {
		a := f.rule.at.in("route[%d]", i)
		if len(routes) > 1 && d.GetWeight() < 0 {
			a.in("weight").fail(Invalid, "%d is negative: it counts as 0", d.GetWeight())
		}
		backend := f.weighted(a, d)
		switch {
		case len(routes) == 1:
			backend.Weight = 1
		case d.GetWeight() <= 0:
			continue
		default:
			backend.Weight = max(1, uint32(d.GetWeight())/scale)
		}
		forward.Backends = append(forward.Backends, backend)
	}
	if len(forward.Backends) == 0 {
		f.rule.at.in("route").fail(Invalid, "every weight is 0: answered 500")
		return refuse("every weight is 0")
	}
	return &config.HttpRule_Forward{Forward: forward}
}

// scale returns what weights must be divided by to fit the contract.
func (f forwarding) scale() uint32 {
	most := int32(0)
	for _, d := range f.rule.http.GetRoute() {
		most = max(most, d.GetWeight())
	}
	if most <= maxWeight {
		return 1
	}
	f.rule.at.in("route").info(Literal, "weights above %d are scaled down", maxWeight)
	return (uint32(most) + maxWeight - 1) / maxWeight
}

func (f forwarding) weighted(a at, d *api.HTTPRouteDestination) *config.WeightedBackend {
	out := &config.WeightedBackend{}
	headers := headerEdits(a.in("headers"), d.GetHeaders())
	out.Filters = headers.filters()
	if headers.authority != "" && !f.authoritySet {
		out.Filters = append(out.Filters, rewriteFilter(&config.UrlRewrite{Authority: headers.authority}))
	}
	name, failure := f.backend(a.in("destination"), d.GetDestination())
	if failure != nil {
		out.Target = &config.WeightedBackend_Failure{Failure: failure}
	} else {
		out.Target = &config.WeightedBackend_Backend{Backend: name}
	}
	return out
}

// backend returns the Backend of a destination, whether there is one of that name or not: if not,
// its requests get 503 until there is. A destination that must not be used is a failure.
func (f forwarding) backend(a at, d *api.Destination) (string, *config.Failure) {
	if d.GetHost() == "" || strings.Contains(d.GetHost(), "|") {
		a.in("host").fail(Invalid, "%q is not a host: answered 500", d.GetHost())
		return "", &config.Failure{Status: 500, Reason: "destination has no host"}
	}
	owner := f.rule.owner.Namespace
	host := f.proxy.Host(d.GetHost(), owner)
	service, known := f.look.Service(host, owner)
	if !known {
		f.reportUnknownHost(a.in("host"), owner, host)
		return BackendName(host, cmp.Or(d.GetPort().GetNumber(), f.port), d.GetSubset()), nil
	}
	if client := f.proxy.client(owner); !exported(service.ExportTo, service.Namespace, client) {
		a.in("host").fail(NotExported, "%q exists but is not exported to namespace %q: requests get 503", host, client)
		return "", &config.Failure{Status: 503, Reason: fmt.Sprintf("host %s is not exported to namespace %s", host, client)}
	}
	port := destinationPort(a, service, d.GetPort().GetNumber(), f.port)
	f.checkRule(a, service, d.GetSubset(), port)
	return BackendName(service.Host, port, d.GetSubset()), nil
}

// destinationPort decides the port as Istio does: the one named, else the only one, else the listener's.
func destinationPort(a at, s Service, named, listenerPort uint32) uint32 {
	port := named
	switch {
	case named != 0:
	case len(s.Ports) == 1:
		port = s.Ports[0]
	default:
		port = listenerPort
		a.in("port").warn(PortNeeded, "%s has ports %v and none is named: the listener's, %d, is taken", s.Host, s.Ports, port)
	}
	if !slices.Contains(s.Ports, port) {
		a.in("port").fail(NotFound, "%s has no port %d, only %v: requests get 503 NC", s.Host, port, s.Ports)
	} else if slices.Contains(s.Refused, port) {
		a.in("port").fail(NotServed, "the protocol of port %d of %s is not served yet: requests get 503 NC", port, s.Host)
	}
	return port
}

func (t *vsTranslation) reportUnknownHost(a at, namespace, host string) {
	exists := func(h string) bool { _, ok := t.look.Service(h, namespace); return ok }
	full, short := t.proxy.looksShort(host, exists)
	entry, wildcard := t.look.ServiceEntry(host)
	switch {
	case short:
		a.fail(SuspectName, "%q has a dot and is taken literally, so it does not exist: requests get 503 NC; write %q", host, full)
	case wildcard:
		a.fail(NotServed, "%q is covered by %s, but hosts under a wildcard are not served as destinations: requests get 503 NC", host, entry)
	default:
		a.fail(NotFound, "%q does not exist: requests get 503 NC", host)
	}
}

// checkRule reports a subset that does not exist, and a policy under which the Backend is withheld.
func (t *vsTranslation) checkRule(a at, s Service, name string, port uint32) {
	rule := t.proxy.Rule(s, t.look.Rules(s.Host))
	if rule == nil {
		if name != "" {
			a.in("subset").fail(NotFound, "no DestinationRule applies to %s, so there is no subset %q: requests get 503 NC", s.Host, name)
		}
		return
	}
	policy := portPolicy(rule.Policy, port)
	if name != "" {
		i := slices.IndexFunc(rule.Subsets, func(x RuleSubset) bool { return x.Name == name })
		if i < 0 {
			a.in("subset").fail(NotFound, "%s has no subset %q: requests get 503 NC", quotedObjects(rule.Objects), name)
			return
		}
		policy = subsetPolicy(rule.Policy, rule.Subsets[i].GetTrafficPolicy(), port)
	}
	if asksTLS(policy) {
		a.fail(FailClosed, "%s asks for TLS, which is not served yet: nothing is sent in the clear, requests get 503 NC", quotedObjects(rule.Objects))
	}
}

func quotedObjects(objects []Object) string {
	names := make([]string, len(objects))
	for i, o := range objects {
		names[i] = o.String()
	}
	return strings.Join(names, ", ")
}
