package config

import (
	"encoding/pem"
	"net/netip"
	"strings"
)

// Validate checks everything that can be said of one resource by itself: what the .proto
// files state, field by field. References to other resources are not followed: a missing
// one is legal. Regular expressions are measured and not compiled; Compile does that.
//
// It refuses what this version does not know, fields as well as enum values: a newer
// control plane may have meant it to protect something.
//
// The error is nil or an *Invalid. Validate changes nothing and may run concurrently.
func Validate(r *Resource) error {
	invalid := &Invalid{Name: NameOf(r)}
	at := root(invalid)
	checkUnknown(at, r)
	switch v := r.GetKind().(type) {
	case *Resource_Certificate:
		validateCertificate(at, v.Certificate)
	case *Resource_Endpoint:
		validateEndpoint(at, v.Endpoint)
	case *Resource_Backend:
		validateBackend(at, v.Backend)
	case *Resource_Gateway:
		validateGateway(at, v.Gateway)
	case *Resource_Listener:
		validateListener(at, v.Listener)
	case *Resource_Route:
		validateRoute(at, v.Route)
	case *Resource_Policy:
		validatePolicy(at, v.Policy)
	default:
		at.faultf("unknown kind of resource")
	}
	if len(invalid.Faults) == 0 {
		return nil
	}
	return invalid
}

func validateCertificate(at *place, c *Certificate) {
	at.field("name").check(checkName(c.GetName()))
	// What is in the blocks is for who serves them to parse; faults never quote them.
	checkPEM(at.field("chain_pem"), c.GetChainPem(), "CERTIFICATE")
	checkPEM(at.field("key_pem"), c.GetKeyPem(), "PRIVATE KEY")
}

func checkPEM(at *place, data []byte, kind string) {
	if len(data) == 0 {
		at.faultf("not set")
		return
	}
	block, _ := pem.Decode(data)
	if block == nil || !strings.HasSuffix(block.Type, kind) {
		at.faultf("does not begin with a PEM block of type %s", kind)
	}
}

func validateEndpoint(at *place, e *Endpoint) {
	at.field("name").check(checkName(e.GetName()))
	at.field("set").check(checkName(e.GetSet()))
	if _, err := netip.ParseAddr(e.GetAddress()); err != nil {
		at.field("address").check(checkHost(strings.ToLower(e.GetAddress())))
	}
	at.field("port").check(checkPort(e.GetPort()))
	validateLabels(at.field("labels"), e.GetLabels())
	if strings.Count(e.GetLocality(), "/") > 2 {
		at.field("locality").faultf("more than region/zone/subzone")
	}
}

func validateBackend(at *place, b *Backend) {
	at.field("name").check(checkName(b.GetName()))
	at.field("endpoint_set").check(checkName(b.GetEndpointSet()))
	validateLabels(at.field("subset_labels"), b.GetSubsetLabels())
	if pool := b.GetConnectionPool(); pool != nil {
		in := at.field("connection_pool")
		in.field("connect_timeout").check(checkDuration(pool.GetConnectTimeout()))
		in.field("idle_timeout").check(checkDuration(pool.GetIdleTimeout()))
	}
}

func validateLabels(at *place, labels map[string]string) {
	if _, ok := labels[""]; ok {
		at.faultf("a label without a key")
	}
}

func validateGateway(at *place, g *Gateway) {
	at.field("name").check(checkName(g.GetName()))
	validateHTTPSettings(at.field("http"), g.GetHttp())
}

func validateHTTPSettings(at *place, h *HttpSettings) {
	for i, cidr := range h.GetForwarding().GetTrustedCidrs() {
		at.field("forwarding").item("trusted_cidrs", i).check(checkCIDR(cidr))
	}
	if t := h.GetTimeouts(); t != nil {
		in := at.field("timeouts")
		in.field("first_byte").check(checkPositive(t.GetFirstByte()))
		in.field("head").check(checkPositive(t.GetHead()))
		in.field("idle").check(checkPositive(t.GetIdle()))
		in.field("stream_idle").check(checkPositive(t.GetStreamIdle()))
	}
	if via := h.GetHeaders().GetVia(); via != "" {
		at.field("headers").field("via").check(checkFieldName(via)) // a pseudonym is a token
	}
	at.field("headers").field("server").check(checkFieldValue(h.GetHeaders().GetServer()))
}

func validateListener(at *place, l *Listener) {
	at.field("name").check(checkName(l.GetName()))
	at.field("gateway").check(checkName(l.GetGateway()))
	if l.GetAddress() != "" {
		if _, err := netip.ParseAddr(l.GetAddress()); err != nil {
			at.field("address").faultf("%s is not an IP address", quote(l.GetAddress()))
		}
	}
	at.field("port").check(checkPort(l.GetPort()))
	for i, name := range l.GetHostnames() {
		at.item("hostnames", i).check(checkHostname(name))
	}
	validateHTTPSettings(at.field("http"), l.GetHttp())
	validateListenerTLS(at, l)
}

func validateListenerTLS(at *place, l *Listener) {
	tls := l.GetTls()
	switch l.GetProtocol() {
	case Protocol_PROTOCOL_UNSPECIFIED:
		at.field("protocol").faultf("not set")
	case Protocol_PROTOCOL_HTTPS, Protocol_PROTOCOL_TLS:
		if tls == nil {
			at.field("tls").faultf("not set; %s needs it", l.GetProtocol())
		}
	case Protocol_PROTOCOL_HTTP, Protocol_PROTOCOL_TCP, Protocol_PROTOCOL_UDP:
		if tls != nil { // ignored, it would leave clear what was meant to be secret
			at.field("tls").faultf("set; %s has none", l.GetProtocol())
		}
	default:
	}
	if tls == nil {
		return
	}
	for i, name := range tls.GetCertificates() {
		at.field("tls").item("certificates", i).check(checkName(name))
	}
	for i, host := range tls.GetSniHosts() {
		at.field("tls").item("sni_hosts", i).check(checkHostname(host))
	}
}

func validatePolicy(at *place, p *Policy) {
	at.field("name").check(checkName(p.GetName()))
	for i, target := range p.GetTargets() {
		in := at.item("targets", i)
		switch t := target.GetTarget().(type) {
		case *PolicyTarget_Gateway:
			in.field("gateway").check(checkName(t.Gateway))
		case *PolicyTarget_Listener:
			in.field("listener").check(checkName(t.Listener))
		case *PolicyTarget_Route:
			in.field("route").check(checkName(t.Route))
		case *PolicyTarget_Backend:
			in.field("backend").check(checkName(t.Backend))
		default:
			in.faultf("unknown kind of target")
		}
	}
	switch k := p.GetKind().(type) {
	case *Policy_Headers:
		in := at.field("headers")
		validateModifier(in.field("request"), k.Headers.GetRequest())
		validateModifier(in.field("response"), k.Headers.GetResponse())
	case *Policy_Unenforced: // any reason will do
	default:
		at.faultf("unknown kind of policy")
	}
}
