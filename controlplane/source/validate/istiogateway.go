package validate

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
)

// IstioGateway validates networking.istio.io Gateway.
func IstioGateway(g *networkingv1.Gateway) []Fault {
	var l list
	at := spec.Field("servers")
	l.check(len(g.Spec.Servers) > 0, at, "required")
	names := make(map[string]bool, len(g.Spec.Servers))
	for i, s := range g.Spec.Servers {
		at := at.Index(i)
		l.server(at, s)
		if name := s.GetPort().GetName(); name != "" {
			l.check(!names[name], at.Field("port").Field("name"), "%q is the name of another server's port", name)
			names[name] = true
		}
	}
	l.labels(spec.Field("selector"), g.Spec.Selector)
	return l
}

func (l *list) server(at *Path, s *networking.Server) {
	if p := s.Port; p == nil {
		l.add(at.Field("port"), "required")
	} else {
		if !strings.HasPrefix(s.Bind, "unix://") {
			between(l, at.Field("port").Field("number"), p.Number, 1, 65535)
		}
		l.check(p.Name != "", at.Field("port").Field("name"), "required")
		l.istioProtocol(at.Field("port").Field("protocol"), p.Protocol)
	}
	l.check(s.Bind == "" || isAddress(s.Bind) || strings.HasPrefix(s.Bind, "unix://"), at.Field("bind"),
		"%q is neither an IP address nor a unix:// socket", s.Bind)
	l.check(len(s.Hosts) > 0, at.Field("hosts"), "required")
	for i, h := range s.Hosts {
		l.serverHost(at.Field("hosts").Index(i), h)
	}
	l.serverTLS(at.Field("tls"), s)
}

// serverHost demands host or namespace/host; a host must have a dot, since short names mean nothing at an edge.
func (l *list) serverHost(at *Path, h string) {
	name := h
	if ns, rest, cut := strings.Cut(h, "/"); cut {
		l.check(ns == "." || ns == "*" || label.MatchString(ns), at, "%q does not begin with a namespace, \".\" or \"*\"", h)
		name = rest
	}
	if isAddress(name) {
		return
	}
	l.domain(at, name)
	l.check(name == "" || name == "*" || strings.Contains(name, "."), at, "%q is a short name: a full domain name required", h)
}

func (l *list) serverTLS(at *Path, s *networking.Server) {
	protocol, t := strings.ToUpper(s.GetPort().GetProtocol()), s.Tls
	secure := protocol == "HTTPS" || protocol == "TLS"
	if t == nil {
		l.check(!secure, at, "required for protocol %s", protocol)
		return
	}
	if protocol == "HTTP" || protocol == "HTTP2" || protocol == "GRPC" {
		plain := t.Mode == networking.ServerTLSSettings_PASSTHROUGH && t.CredentialName == "" && t.ServerCertificate == ""
		l.check(plain, at, "only httpsRedirect may be set for protocol %s", protocol)
		return
	}
	l.check(!t.HttpsRedirect, at.Field("httpsRedirect"), "is for protocol HTTP only")
	if t.CredentialName != "" || len(t.CredentialNames) > 0 {
		l.check(t.CredentialName == "" || len(t.CredentialNames) == 0, at, "only one of credentialName and credentialNames may be set")
		return
	}
	switch t.Mode {
	case networking.ServerTLSSettings_SIMPLE, networking.ServerTLSSettings_MUTUAL, networking.ServerTLSSettings_OPTIONAL_MUTUAL:
		if len(t.TlsCertificates) > 0 {
			return
		}
		l.check(t.ServerCertificate != "", at.Field("serverCertificate"), "or credentialName required for mode %s", t.Mode)
		l.check(t.PrivateKey != "", at.Field("privateKey"), "or credentialName required for mode %s", t.Mode)
		if t.Mode == networking.ServerTLSSettings_MUTUAL {
			l.check(t.CaCertificates != "" || t.CaCertCredentialName != "", at.Field("caCertificates"),
				"or caCertCredentialName required for mode MUTUAL")
		}
	default: // the other modes bring no certificate of their own
	}
}
