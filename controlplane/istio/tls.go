package istio

import (
	"slices"
	"strings"

	api "istio.io/api/networking/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/certificate"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// terminate translates the TLS of an HTTPS server. If served is false its settings have no
// certificate, so that every handshake for its names is refused: clients that ought to present a
// certificate must not get to another server of the port instead.
func (t *gatewayTranslation) terminate(a at, s *api.Server) (out *config.TlsSettings, served bool) {
	tls := s.GetTls()
	out = &config.TlsSettings{Mode: config.TlsSettings_MODE_TERMINATE, SniHosts: sniHosts(s.GetHosts())}
	switch mode := tls.GetMode(); {
	case tls == nil:
		a.fail(Invalid, "is not set, and protocol HTTPS needs it: every handshake is refused")
		return out, false
	case mode != api.ServerTLSSettings_SIMPLE:
		a.in("mode").fail(FailClosed, "%s is not served yet for protocol HTTPS: every handshake is refused", mode)
		return out, false
	}
	versions, suites := a.versions(out, tls), a.suites(out, tls)
	if !versions || !suites {
		return out, false
	}
	out.Certificates = t.certificates(a, tls)
	// Without a certificate too: VirtualServices are bound, and wait for the Secret.
	return out, true
}

// certificates returns the Certificates that a server names, or none if one is not to be had.
func (t *gatewayTranslation) certificates(a at, tls *api.ServerTLSSettings) []string {
	names, field := tls.GetCredentialNames(), func(i int) at { return a.in("credentialNames[%d]", i) }
	if n := tls.GetCredentialName(); n != "" {
		if len(names) > 0 {
			a.in("credentialNames").warn(NotEnforced, "has no effect beside credentialName")
		}
		names, field = []string{n}, func(int) at { return a.in("credentialName") }
	}
	if len(names) == 0 {
		t.withoutSecret(a, tls)
		return nil
	}
	if tls.GetServerCertificate() != "" || tls.GetPrivateKey() != "" || len(tls.GetTlsCertificates()) > 0 {
		a.warn(NotEnforced, "certificates in files have no effect beside those in Secrets")
	}
	var out []string
	for i, name := range names {
		c, ok := t.certificate(field(i), name)
		if !ok {
			return nil
		}
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

func (t *gatewayTranslation) withoutSecret(a at, tls *api.ServerTLSSettings) {
	switch {
	case tls.GetServerCertificate() != "" || tls.GetPrivateKey() != "":
		a.in("serverCertificate").fail(FailClosed, "certificates in files are not served yet, only Secrets are: every handshake is refused")
	case len(tls.GetTlsCertificates()) > 0:
		a.in("tlsCertificates").fail(FailClosed, "certificates in files are not served yet, only Secrets are: every handshake is refused")
	default:
		a.in("credentialName").fail(Invalid, "is empty: every handshake is refused")
	}
}

// certificate returns the name of the Certificate of a Secret in the Gateway's own namespace:
// it is the proxy's, which with manifests in files has none.
func (t *gatewayTranslation) certificate(a at, credential string) (string, bool) {
	name := strings.TrimPrefix(credential, "kubernetes://")
	if strings.Contains(name, "/") {
		a.fail(FailClosed, "%q is not the name of a Secret in namespace %q, and others are not served: every handshake is refused",
			credential, t.gw.Namespace)
		return "", false
	}
	v, ok := t.look.Secret(t.gw.Namespace, name)
	switch {
	case !ok:
		a.fail(NotFound, "Secret %s/%s does not exist: every handshake is refused", t.gw.Namespace, name)
		return "", false
	case v.Fault != "":
		a.fail(FailClosed, "Secret %s/%s: %s: every handshake is refused", t.gw.Namespace, name, v.Fault)
		return "", false
	}
	return certificate.Name(t.gw.Namespace, name), true
}

// versions sets the versions of TLS, and reports whether there is any to serve.
func (a at) versions(out *config.TlsSettings, tls *api.ServerTLSSettings) bool {
	out.MinVersion = a.in("minProtocolVersion").version(tls.GetMinProtocolVersion())
	out.MaxVersion = a.in("maxProtocolVersion").version(tls.GetMaxProtocolVersion())
	if out.MaxVersion != config.TlsVersion_TLS_VERSION_UNSPECIFIED && out.MinVersion > out.MaxVersion {
		a.in("minProtocolVersion").fail(Invalid, "is above maxProtocolVersion: every handshake is refused")
		return false
	}
	return true
}

func (a at) version(v api.ServerTLSSettings_TLSProtocol) config.TlsVersion {
	switch v {
	case api.ServerTLSSettings_TLS_AUTO:
		return config.TlsVersion_TLS_VERSION_UNSPECIFIED
	case api.ServerTLSSettings_TLSV1_2:
		return config.TlsVersion_TLS_VERSION_1_2
	case api.ServerTLSSettings_TLSV1_3:
		return config.TlsVersion_TLS_VERSION_1_3
	case api.ServerTLSSettings_TLSV1_0, api.ServerTLSSettings_TLSV1_1:
		a.warn(NotEnforced, "%s is not served: it is raised to TLSV1_2", v)
		return config.TlsVersion_TLS_VERSION_1_2
	}
	a.warn(Invalid, "%d is not a version of TLS: the default is used", int32(v))
	return config.TlsVersion_TLS_VERSION_UNSPECIFIED
}
