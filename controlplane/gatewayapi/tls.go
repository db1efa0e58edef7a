package gatewayapi

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/certificate"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// CredentialLookups are how a Gateway sees what its certificateRefs name, as Lookups.
type CredentialLookups struct {
	// Grants returns the ReferenceGrants in a namespace.
	Grants func(namespace string) []*gwv1.ReferenceGrant
	// Secret returns the verdict on a Secret; ok is false if there is none.
	Secret func(namespace, name string) (v certificate.Verdict, ok bool)
}

// Credential is what came of the certificateRefs of one listener.
type Credential struct {
	// Certificates are names of Certificates, all or none: a listener that lacks one of its
	// certificates refuses every handshake.
	Certificates []string
	// Fault says which reference is not resolved; nil if all are.
	Fault *Fault
}

// Credentials are those of a Gateway's listeners, in the order of Listeners. Nil stands for
// none at all.
type Credentials []Credential

func (c Credentials) at(i int) Credential {
	if i < len(c) {
		return c[i]
	}
	return Credential{}
}

// Credentials resolves the certificateRefs of each listener. It is apart from the Parent so that a
// Secret that comes or goes concerns no route.
func (p *Parent) Credentials(look CredentialLookups) Credentials {
	out := make(Credentials, len(p.Listeners))
	for i := range p.Listeners {
		if p.Listeners[i].terminates() {
			out[i] = p.credential(p.Listeners[i].certificates, fieldAt("spec.listeners", i)+".tls.certificateRefs", look)
		}
	}
	return out
}

func (p *Parent) credential(refs []gwv1.SecretObjectReference, field string, look CredentialLookups) Credential {
	if len(refs) == 0 {
		return Credential{Fault: faultf(string(gwv1.ListenerReasonInvalidCertificateRef), field, "names no certificate")}
	}
	var c Credential
	for i, ref := range refs {
		to := Referent{
			Group: deref(ref.Group), Kind: derefOr(ref.Kind, kindSecret),
			Namespace: string(derefOr(ref.Namespace, gwv1.Namespace(p.Namespace))), Name: string(ref.Name),
		}
		if fault := p.secretFault(to, fieldAt(field, i), look); fault != nil {
			return Credential{Fault: fault}
		}
		if name := certificate.Name(to.Namespace, to.Name); !slices.Contains(c.Certificates, name) {
			c.Certificates = append(c.Certificates, name)
		}
	}
	return c
}

// secretFault says why a reference does not lead to a certificate. Permission comes before
// existence: who has none learns nothing about another namespace.
func (p *Parent) secretFault(to Referent, field string, look CredentialLookups) *Fault {
	invalid := string(gwv1.ListenerReasonInvalidCertificateRef)
	if to.Group != "" || to.Kind != kindSecret {
		return faultf(invalid, field, "%s is not supported, only Secret is", kindName(to.Group, to.Kind))
	}
	from := Referrer{Group: gwv1.GroupName, Kind: kindGateway, Namespace: p.Namespace}
	if !Permits(look.Grants(to.Namespace), from, to) {
		return faultf(string(gwv1.ListenerReasonRefNotPermitted), field,
			"no ReferenceGrant in namespace %s permits Gateways of namespace %s to refer to Secret %s", to.Namespace, p.Namespace, to.Name)
	}
	v, ok := look.Secret(to.Namespace, to.Name)
	switch {
	case !ok:
		return faultf(invalid, field, "Secret %s/%s does not exist", to.Namespace, to.Name)
	case v.Type != corev1.SecretTypeTLS:
		return faultf(invalid, field, "Secret %s/%s has type %s, want %s", to.Namespace, to.Name, v.Type, corev1.SecretTypeTLS)
	case v.Fault != "":
		return faultf(invalid, field, "Secret %s/%s: %s", to.Namespace, to.Name, v.Fault)
	}
	return nil
}

// terminates reports whether TLS ends at the listener.
func (l *Listener) terminates() bool { return l.Protocol == gwv1.HTTPSProtocolType }

// protocol returns the listener's protocol in the contract.
func (l *Listener) protocol() config.Protocol {
	if l.terminates() {
		return config.Protocol_PROTOCOL_HTTPS
	}
	return config.Protocol_PROTOCOL_HTTP
}

// settings returns the listener's TLS in the contract, nil if it has none.
func (l *Listener) settings(c Credential) *config.TlsSettings {
	if !l.terminates() {
		return nil
	}
	return &config.TlsSettings{Mode: config.TlsSettings_MODE_TERMINATE, Certificates: c.Certificates}
}

// takeTLS reads what an HTTPS listener says of TLS. What would leave clients unverified that
// were meant to be verified refuses the listener.
func (l *Listener) takeTLS(in *gwv1.Listener, spec *gwv1.GatewaySpec, field string) {
	if !l.terminates() {
		return
	}
	if at, ok := clientValidation(spec, in.Port); ok {
		l.refuse(gwv1.ListenerReasonUnsupportedValue, at, "client certificates are not verified yet: the listener is not served")
	}
	if in.TLS == nil {
		return
	}
	if mode := derefOr(in.TLS.Mode, gwv1.TLSModeTerminate); mode != gwv1.TLSModeTerminate {
		l.refuse(gwv1.ListenerReasonUnsupportedValue, field+".tls.mode", "must be Terminate for protocol HTTPS, not %s", mode)
	}
	l.certificates = in.TLS.CertificateRefs
	if len(in.TLS.Options) > 0 {
		var names []string
		for _, name := range slices.Sorted(maps.Keys(in.TLS.Options)) {
			names = append(names, string(name))
		}
		l.note = field + ".tls.options: not known and without effect: " + strings.Join(names, ", ")
	}
}

// clientValidation returns the field that asks for client certificates on a port. What is said
// of a port stands in place of the default.
func clientValidation(spec *gwv1.GatewaySpec, port gwv1.PortNumber) (field string, ok bool) {
	if spec.TLS == nil || spec.TLS.Frontend == nil {
		return "", false
	}
	for i, p := range spec.TLS.Frontend.PerPort {
		if p.Port == port {
			return fieldAt("spec.tls.frontend.perPort", i) + ".tls.validation", p.TLS.Validation != nil
		}
	}
	return "spec.tls.frontend.default.validation", spec.TLS.Frontend.Default.Validation != nil
}
