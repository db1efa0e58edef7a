package validate

import (
	"net/netip"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// GatewayClass validates apis/v1/gatewayclass_types.go.
func GatewayClass(c *gatewayv1.GatewayClass) []Fault {
	var l list
	l.pattern(spec.Field("controllerName"), string(c.Spec.ControllerName), 253, domainPath, "a domain-prefixed path")
	if p := c.Spec.ParametersRef; p != nil {
		l.reference(spec.Field("parametersRef"), p.Group, p.Kind, p.Name)
		l.namespace(spec.Field("parametersRef").Field("namespace"), p.Namespace)
	}
	d := deref(c.Spec.Description)
	l.check(len(d) <= 64, spec.Field("description"), "is %d bytes long, at most 64 are allowed", len(d))
	return l
}

// Gateway validates apis/v1/gateway_types.go.
func Gateway(g *gatewayv1.Gateway) []Fault {
	var l list
	l.size(spec.Field("gatewayClassName"), string(g.Spec.GatewayClassName), 253)
	entries := make([]gatewayv1.ListenerEntry, len(g.Spec.Listeners))
	for i := range g.Spec.Listeners {
		entries[i] = gatewayv1.ListenerEntry(g.Spec.Listeners[i])
	}
	l.listeners(entries)
	l.addresses(g.Spec.Addresses)
	if a := g.Spec.AllowedListeners; a != nil && a.Namespaces != nil {
		at := spec.Field("allowedListeners").Field("namespaces")
		oneOf(&l, at.Field("from"), deref(a.Namespaces.From), gatewayv1.NamespacesFromAll,
			gatewayv1.NamespacesFromSelector, gatewayv1.NamespacesFromSame, gatewayv1.NamespacesFromNone)
		l.selector(at.Field("selector"), a.Namespaces.Selector)
	}
	l.gatewayTLS(spec.Field("tls"), g.Spec.TLS)
	if inf := g.Spec.Infrastructure; inf != nil {
		at := spec.Field("infrastructure")
		l.count(at.Field("labels"), len(inf.Labels), 0, 8, "labels")
		l.count(at.Field("annotations"), len(inf.Annotations), 0, 16, "annotations")
		if p := inf.ParametersRef; p != nil {
			l.reference(at.Field("parametersRef"), p.Group, p.Kind, p.Name)
		}
	}
	return l
}

// ListenerSet validates apis/v1/listenerset_types.go.
func ListenerSet(s *gatewayv1.ListenerSet) []Fault {
	var l list
	p := s.Spec.ParentRef
	l.reference(spec.Field("parentRef"), deref(p.Group), deref(p.Kind), string(p.Name))
	l.namespace(spec.Field("parentRef").Field("namespace"), p.Namespace)
	l.listeners(s.Spec.Listeners)
	return l
}

// listenerIdentity is what must differ between two listeners.
type listenerIdentity struct {
	port     gatewayv1.PortNumber
	protocol gatewayv1.ProtocolType
	named    bool
	hostname gatewayv1.Hostname
}

func (l *list) listeners(listeners []gatewayv1.ListenerEntry) {
	at := spec.Field("listeners")
	l.count(at, len(listeners), 1, 64, "listeners")
	names := make(map[gatewayv1.SectionName]bool, len(listeners))
	ids := make(map[listenerIdentity]bool, len(listeners))
	for i := range listeners {
		e, at := &listeners[i], at.Index(i)
		l.check(!names[e.Name], at.Field("name"), "%q is the name of another listener", e.Name)
		names[e.Name] = true
		id := listenerIdentity{e.Port, e.Protocol, e.Hostname != nil, deref(e.Hostname)}
		l.check(!ids[id], at, "another listener has the same port, protocol and hostname")
		ids[id] = true
		l.listener(at, e)
	}
}

func (l *list) listener(at *Path, e *gatewayv1.ListenerEntry) {
	l.sectionName(at.Field("name"), &e.Name)
	if e.Hostname != nil && *e.Hostname != "" {
		l.hostname(at.Field("hostname"), *e.Hostname)
	}
	between(l, at.Field("port"), e.Port, 1, 65535)
	l.pattern(at.Field("protocol"), string(e.Protocol), 255, protocolName, "a protocol like HTTP or example.com/name")
	switch e.Protocol {
	case gatewayv1.HTTPProtocolType, gatewayv1.TCPProtocolType, gatewayv1.UDPProtocolType:
		l.check(e.TLS == nil, at.Field("tls"), "must not be set for protocol %s", e.Protocol)
	case gatewayv1.HTTPSProtocolType:
		l.check(e.TLS == nil || deref(e.TLS.Mode) == gatewayv1.TLSModeTerminate, at.Field("tls").Field("mode"),
			"must be Terminate for protocol HTTPS")
	case gatewayv1.TLSProtocolType:
		l.check(e.TLS != nil, at.Field("tls"), "required for protocol TLS")
	}
	if e.Protocol == gatewayv1.TCPProtocolType || e.Protocol == gatewayv1.UDPProtocolType {
		l.check(deref(e.Hostname) == "", at.Field("hostname"), "must not be set for protocol %s", e.Protocol)
	}
	l.listenerTLS(at.Field("tls"), e.TLS)
	l.allowedRoutes(at.Field("allowedRoutes"), e.AllowedRoutes)
}

func (l *list) listenerTLS(at *Path, t *gatewayv1.ListenerTLSConfig) {
	if t == nil {
		return
	}
	mode := deref(t.Mode)
	oneOf(l, at.Field("mode"), mode, gatewayv1.TLSModeTerminate, gatewayv1.TLSModePassthrough)
	l.check(mode != gatewayv1.TLSModeTerminate || len(t.CertificateRefs)+len(t.Options) > 0, at,
		"certificateRefs or options required for mode Terminate")
	l.count(at.Field("certificateRefs"), len(t.CertificateRefs), 0, 64, "certificateRefs")
	for i := range t.CertificateRefs {
		l.secret(at.Field("certificateRefs").Index(i), &t.CertificateRefs[i])
	}
	l.count(at.Field("options"), len(t.Options), 0, 16, "options")
}

func (l *list) secret(at *Path, r *gatewayv1.SecretObjectReference) {
	l.reference(at, deref(r.Group), deref(r.Kind), string(r.Name))
	l.namespace(at.Field("namespace"), r.Namespace)
}

func (l *list) allowedRoutes(at *Path, a *gatewayv1.AllowedRoutes) {
	if a == nil {
		return
	}
	if n := a.Namespaces; n != nil {
		oneOf(l, at.Field("namespaces").Field("from"), deref(n.From), gatewayv1.NamespacesFromAll,
			gatewayv1.NamespacesFromSelector, gatewayv1.NamespacesFromSame)
		l.selector(at.Field("namespaces").Field("selector"), n.Selector)
	}
	l.count(at.Field("kinds"), len(a.Kinds), 0, 8, "kinds")
	for i, k := range a.Kinds {
		l.pattern(at.Field("kinds").Index(i).Field("kind"), string(k.Kind), 63, kindName, "a kind")
	}
}

func (l *list) selector(at *Path, s *metav1.LabelSelector) {
	if s == nil {
		return
	}
	_, err := metav1.LabelSelectorAsSelector(s)
	l.check(err == nil, at, "%v", err)
}

func (l *list) addresses(addresses []gatewayv1.GatewaySpecAddress) {
	at := spec.Field("addresses")
	l.count(at, len(addresses), 0, 16, "addresses")
	for i, a := range addresses {
		at, kind := at.Index(i), deref(a.Type)
		l.pattern(at.Field("type"), string(kind), 253, addressType, "an address type")
		if a.Value == "" {
			continue // any address will do
		}
		_, err := netip.ParseAddr(a.Value)
		l.check(kind != gatewayv1.IPAddressType || err == nil, at.Field("value"), "%q is not an IP address", a.Value)
		l.check(kind != gatewayv1.HostnameAddressType || hostname.MatchString(a.Value), at.Field("value"),
			"%q is not %s", a.Value, hostnameGram)
		same := func(b gatewayv1.GatewaySpecAddress) bool { return deref(b.Type) == kind && b.Value == a.Value }
		l.check(!slices.ContainsFunc(addresses[:min(i, 16)], same), at.Field("value"), "%s is already listed", a.Value)
	}
}

func (l *list) gatewayTLS(at *Path, t *gatewayv1.GatewayTLSConfig) {
	if t == nil {
		return
	}
	if t.Backend != nil && t.Backend.ClientCertificateRef != nil {
		l.secret(at.Field("backend").Field("clientCertificateRef"), t.Backend.ClientCertificateRef)
	}
	if t.Frontend == nil {
		return
	}
	at = at.Field("frontend")
	l.frontend(at.Field("default").Field("validation"), t.Frontend.Default.Validation)
	l.count(at.Field("perPort"), len(t.Frontend.PerPort), 0, 64, "ports")
	ports := make([]gatewayv1.PortNumber, len(t.Frontend.PerPort))
	for i, p := range t.Frontend.PerPort {
		at := at.Field("perPort").Index(i)
		ports[i] = p.Port
		between(l, at.Field("port"), p.Port, 1, 65535)
		l.frontend(at.Field("tls").Field("validation"), p.TLS.Validation)
	}
	unique(l, ports, func(i int) *Path { return at.Field("perPort").Index(i).Field("port") })
}

func (l *list) frontend(at *Path, v *gatewayv1.FrontendTLSValidation) {
	if v == nil {
		return
	}
	l.count(at.Field("caCertificateRefs"), len(v.CACertificateRefs), 1, 16, "caCertificateRefs")
	for i, r := range v.CACertificateRefs {
		l.reference(at.Field("caCertificateRefs").Index(i), r.Group, r.Kind, string(r.Name))
		l.namespace(at.Field("caCertificateRefs").Index(i).Field("namespace"), r.Namespace)
	}
	oneOf(l, at.Field("mode"), v.Mode, gatewayv1.AllowValidOnly, gatewayv1.AllowInsecureFallback)
}
