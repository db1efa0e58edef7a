package validate

import gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

// BackendTLSPolicy validates apis/v1/backendtlspolicy_types.go. Both kinds of trust root together are allowed, as in
// the experimental channel.
func BackendTLSPolicy(p *gatewayv1.BackendTLSPolicy) []Fault {
	var l list
	at := spec.Field("targetRefs")
	if l.count(at, len(p.Spec.TargetRefs), 1, 16, "targetRefs"); len(p.Spec.TargetRefs) > 16 {
		return l
	}
	for i, r := range p.Spec.TargetRefs {
		at := at.Index(i)
		l.reference(at, r.Group, r.Kind, string(r.Name))
		l.sectionName(at.Field("sectionName"), r.SectionName)
		for _, s := range p.Spec.TargetRefs[:i] {
			if r.Group != s.Group || r.Kind != s.Kind || r.Name != s.Name {
				continue
			}
			both := (deref(r.SectionName) == "") == (deref(s.SectionName) == "")
			l.check(both, at, "sectionName must be set in every targetRef to the same target, or in none")
			l.check(deref(r.SectionName) != deref(s.SectionName), at, "names the same target as another targetRef")
		}
	}
	l.backendValidation(spec.Field("validation"), &p.Spec.Validation)
	l.count(spec.Field("options"), len(p.Spec.Options), 0, 16, "options")
	return l
}

func (l *list) backendValidation(at *Path, v *gatewayv1.BackendTLSPolicyValidation) {
	l.pattern(at.Field("hostname"), string(v.Hostname), 253, subdomain, subdomainGram)
	refs, known := len(v.CACertificateRefs), deref(v.WellKnownCACertificates)
	l.check(refs > 0 || known != "", at, "caCertificateRefs or wellKnownCACertificates required")
	l.count(at.Field("caCertificateRefs"), refs, 0, 16, "caCertificateRefs")
	for i, r := range v.CACertificateRefs {
		l.reference(at.Field("caCertificateRefs").Index(i), r.Group, r.Kind, string(r.Name))
	}
	if known != "" {
		l.pattern(at.Field("wellKnownCACertificates"), string(known), 253, wellKnownCA, "System or a domain-prefixed name")
	}
	l.count(at.Field("subjectAltNames"), len(v.SubjectAltNames), 0, 5, "subjectAltNames")
	for i, s := range v.SubjectAltNames {
		at := at.Field("subjectAltNames").Index(i)
		l.union(at, string(s.Type),
			member{"Hostname", "hostname", s.Hostname != ""}, member{"URI", "uri", s.URI != ""})
		if s.Hostname != "" {
			l.hostname(at.Field("hostname"), s.Hostname)
		}
		if s.URI != "" {
			l.pattern(at.Field("uri"), string(s.URI), 253, absoluteURI, "an absolute URI")
		}
	}
}

// ReferenceGrant validates apis/v1/referencegrant_types.go.
func ReferenceGrant(g *gatewayv1.ReferenceGrant) []Fault {
	var l list
	l.count(spec.Field("from"), len(g.Spec.From), 1, 16, "items")
	for i, f := range g.Spec.From {
		at := spec.Field("from").Index(i)
		l.reference(at, f.Group, f.Kind, "any")
		l.namespace(at.Field("namespace"), &f.Namespace)
	}
	l.count(spec.Field("to"), len(g.Spec.To), 1, 16, "items")
	for i, t := range g.Spec.To {
		name := "any"
		if t.Name != nil {
			name = string(*t.Name)
		}
		l.reference(spec.Field("to").Index(i), t.Group, t.Kind, name)
	}
	return l
}
