package gatewayapi

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Listener is one entry of spec.listeners, analysed.
type Listener struct {
	// Section is its name in the Gateway.
	Section gwv1.SectionName
	// Names are those of its Listeners in the contract.
	Names    []string
	Port     int32
	Protocol gwv1.ProtocolType
	// Hostname in lower case; "*" if there is none.
	Hostname string
	// Kinds of routes that may attach. Empty if none may.
	Kinds []gwv1.RouteGroupKind
	// From and Selector say whose routes may attach.
	From     gwv1.FromNamespaces
	Selector labels.Selector

	// certificates are the certificateRefs of an HTTPS listener.
	certificates []gwv1.SecretObjectReference
	// note says what is accepted without effect; it may be empty.
	note string

	// Refused, Conflict and Refs are what is wrong: conditions Accepted, Conflicted and
	// ResolvedRefs. Nil is well.
	Refused, Conflict, Refs *Fault
}

// serves reports whether the listener goes to proxies. One that takes no kind of route
// does: it answers 404.
func (l *Listener) serves() bool { return l.Refused == nil && l.Conflict == nil }

// takes reports whether routes of a kind may attach.
func (l *Listener) takes(kind gwv1.Kind) bool {
	return slices.ContainsFunc(l.Kinds, func(k gwv1.RouteGroupKind) bool { return k.Kind == kind })
}

// httpKinds are the routes of HTTP and HTTPS listeners.
var httpKinds = []gwv1.Kind{kindHTTPRoute}

// kindsOf returns the kinds of routes that a protocol can carry; ok is false if it is
// not served.
func kindsOf(p gwv1.ProtocolType) (kinds []gwv1.Kind, ok bool) {
	switch p {
	case gwv1.HTTPProtocolType, gwv1.HTTPSProtocolType:
		return httpKinds, true
	default:
		return nil, false
	}
}

func listeners(gateway string, addresses []string, spec *gwv1.GatewaySpec) []Listener {
	in := spec.Listeners
	out := make([]Listener, len(in))
	for i := range in {
		out[i] = listener(&in[i], spec, fieldAt("spec.listeners", i))
		out[i].Names = listenerNames(gateway, in[i].Name, addresses)
	}
	findConflicts(out)
	return out
}

func listener(in *gwv1.Listener, spec *gwv1.GatewaySpec, field string) Listener {
	l := Listener{Section: in.Name, Port: in.Port, Protocol: in.Protocol, Hostname: anyHost}
	if h := deref(in.Hostname); h != "" {
		host, ok := hostname(string(h))
		if !ok {
			l.refuse(gwv1.ListenerReasonUnsupportedValue, field+".hostname", "%q is not a hostname", h)
			host = strings.ToLower(string(h))
		}
		l.Hostname = host
	}
	l.checkSpec(in, field)
	l.takeTLS(in, spec, field)
	l.takeKinds(in.AllowedRoutes, field)
	l.takeNamespaces(in.AllowedRoutes, field)
	return l
}

// refuse keeps the first fault: it is the one to mend first.
func (l *Listener) refuse(reason gwv1.ListenerConditionReason, field, format string, args ...any) {
	if l.Refused == nil {
		l.Refused = faultf(string(reason), field, format, args...)
	}
}

func (l *Listener) checkSpec(in *gwv1.Listener, field string) {
	// Only a file can hold such a name. It is part of identities.
	if len(validation.IsDNS1123Subdomain(string(in.Name))) > 0 {
		l.refuse(gwv1.ListenerReasonUnsupportedValue, field+".name", "%q is not a section name", in.Name)
	}
	if _, ok := kindsOf(in.Protocol); !ok {
		l.refuse(gwv1.ListenerReasonUnsupportedProtocol, field+".protocol",
			"%q is not supported yet, only %q and %q are", in.Protocol, gwv1.HTTPProtocolType, gwv1.HTTPSProtocolType)
	}
	if in.Port < 1 || in.Port > 65535 {
		l.refuse(gwv1.ListenerReasonPortUnavailable, field+".port", "%d is not a port", in.Port)
	}
	if in.TLS != nil && in.Protocol == gwv1.HTTPProtocolType {
		l.refuse(gwv1.ListenerReasonUnsupportedValue, field+".tls", "must not be set for protocol HTTP")
	}
	if in.Filters != nil && len(in.Filters.Requests) > 0 {
		l.refuse(gwv1.ListenerReasonUnsupportedValue, field+".filters", "listener filters are not supported yet")
	}
}

// takeKinds sets the kinds that the listener takes: of those that it names, the ones its
// protocol can carry.
func (l *Listener) takeKinds(allowed *gwv1.AllowedRoutes, field string) {
	carried, _ := kindsOf(l.Protocol)
	if allowed == nil || len(allowed.Kinds) == 0 {
		for _, kind := range carried {
			l.Kinds = append(l.Kinds, routeKind(kind))
		}
		return
	}
	var wrong []string
	for _, k := range allowed.Kinds {
		if !contains(carried, k) {
			wrong = append(wrong, kindName(derefOr(k.Group, gwv1.GroupName), k.Kind))
			continue
		}
		l.Kinds = append(l.Kinds, routeKind(k.Kind))
	}
	if len(wrong) > 0 {
		l.Refs = faultf(string(gwv1.ListenerReasonInvalidRouteKinds), field+".allowedRoutes.kinds",
			"a listener with protocol %s does not take %s", l.Protocol, strings.Join(wrong, ", "))
	}
}

func contains(carried []gwv1.Kind, k gwv1.RouteGroupKind) bool {
	return derefOr(k.Group, gwv1.GroupName) == gwv1.GroupName && slices.Contains(carried, k.Kind)
}

func routeKind(kind gwv1.Kind) gwv1.RouteGroupKind {
	return gwv1.RouteGroupKind{Group: new(gwv1.Group(gwv1.GroupName)), Kind: kind}
}

func (l *Listener) takeNamespaces(allowed *gwv1.AllowedRoutes, field string) {
	l.From = gwv1.NamespacesFromSame
	if allowed == nil || allowed.Namespaces == nil {
		return
	}
	field += ".allowedRoutes.namespaces"
	l.From = derefOr(allowed.Namespaces.From, gwv1.NamespacesFromSame)
	switch l.From {
	case gwv1.NamespacesFromAll, gwv1.NamespacesFromSame, gwv1.NamespacesFromNone:
	case gwv1.NamespacesFromSelector:
		// A nil selector selects nothing, as LabelSelectorAsSelector has it.
		selector, err := metav1.LabelSelectorAsSelector(allowed.Namespaces.Selector)
		if err != nil {
			l.refuse(gwv1.ListenerReasonUnsupportedValue, field+".selector", "%v", err)
			selector = labels.Nothing()
		}
		l.Selector = selector
	default:
		l.refuse(gwv1.ListenerReasonUnsupportedValue, field+".from", "%q is not known", l.From)
	}
}

// findConflicts marks listeners that are not distinct. All of them are refused; the API
// forbids to pick a winner. A listener whose protocol is not served conflicts as well if
// it is one of those that would share a port with HTTP.
func findConflicts(all []Listener) {
	for i := range all {
		var hosts, protocols []string
		for j := range all {
			if i == j || all[i].Port != all[j].Port || !knowsHosts(all[i].Protocol) || !knowsHosts(all[j].Protocol) {
				continue
			}
			if !mayShare(all[i].Protocol, all[j].Protocol) {
				protocols = append(protocols, fmt.Sprintf("%s (%s)", all[j].Section, all[j].Protocol))
			} else if all[i].Hostname == all[j].Hostname {
				hosts = append(hosts, string(all[j].Section))
			}
		}
		all[i].Conflict = conflict(&all[i], protocols, hosts)
	}
}

func conflict(l *Listener, protocols, hosts []string) *Fault {
	if len(protocols) > 0 {
		return faultf(string(gwv1.ListenerReasonProtocolConflict), "",
			"protocol %s cannot share port %d with listener %s", l.Protocol, l.Port, strings.Join(protocols, ", "))
	}
	if len(hosts) > 0 {
		return faultf(string(gwv1.ListenerReasonHostnameConflict), "",
			"port %d and hostname %q are those of listener %s too", l.Port, l.Hostname, strings.Join(hosts, ", "))
	}
	return nil
}

// knowsHosts reports the protocols whose listeners can be told apart by hostname.
func knowsHosts(p gwv1.ProtocolType) bool {
	return p == gwv1.HTTPProtocolType || p == gwv1.HTTPSProtocolType || p == gwv1.TLSProtocolType
}

// mayShare reports whether listeners of two protocols can share a port: SNI tells HTTPS
// and TLS apart, and nothing tells plain text apart from them.
func mayShare(a, b gwv1.ProtocolType) bool {
	return (a == gwv1.HTTPProtocolType) == (b == gwv1.HTTPProtocolType)
}
