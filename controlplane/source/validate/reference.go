package validate

import gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

// parents checks CommonRouteSpec.parentRefs and the experimental channel's CEL rules on them, which are the wider
// ones: refs to one parent must all or none have a sectionName, all or none a port, and no two may be equal.
func (l *list) parents(refs []gatewayv1.ParentReference) {
	at := spec.Field("parentRefs")
	if l.count(at, len(refs), 0, 32, "parentRefs"); len(refs) > 32 {
		return
	}
	for i := range refs {
		r, at := &refs[i], at.Index(i)
		l.reference(at, deref(r.Group), deref(r.Kind), string(r.Name))
		l.namespace(at.Field("namespace"), r.Namespace)
		l.sectionName(at.Field("sectionName"), r.SectionName)
		l.port(at.Field("port"), r.Port)
		for j := range refs[:i] {
			l.parentPair(at, &refs[j], r)
		}
	}
}

func (l *list) parentPair(at *Path, a, b *gatewayv1.ParentReference) {
	if deref(a.Group) != deref(b.Group) || deref(a.Kind) != deref(b.Kind) ||
		deref(a.Namespace) != deref(b.Namespace) || a.Name != b.Name {
		return
	}
	section, port := deref(a.SectionName), deref(a.Port)
	switch {
	case (section == "") != (deref(b.SectionName) == ""), (port == 0) != (deref(b.Port) == 0):
		l.add(at, "sectionName or port must be set in every parentRef to the same parent, or in none")
	case section == deref(b.SectionName) && port == deref(b.Port):
		l.add(at, "names the same parent as another parentRef")
	}
}

func (l *list) backend(at *Path, b *gatewayv1.BackendRef) {
	l.backendObject(at, &b.BackendObjectReference)
	between(l, at.Field("weight"), deref(b.Weight), 0, 1_000_000)
}

// backendObject checks BackendObjectReference; its CEL rule demands a port for a Service.
func (l *list) backendObject(at *Path, b *gatewayv1.BackendObjectReference) {
	l.reference(at, deref(b.Group), deref(b.Kind), string(b.Name))
	l.namespace(at.Field("namespace"), b.Namespace)
	l.port(at.Field("port"), b.Port)
	if deref(b.Group) == "" && deref(b.Kind) == "Service" {
		l.check(b.Port != nil, at.Field("port"), "required for a Service")
	}
}

// session checks SessionPersistence's CEL rules (experimental channel).
func (l *list) session(at *Path, s *gatewayv1.SessionPersistence) {
	if s == nil {
		return
	}
	l.duration(at.Field("absoluteTimeout"), s.AbsoluteTimeout)
	kind := deref(s.Type)
	oneOf(l, at.Field("type"), kind, gatewayv1.CookieBasedSessionPersistence, gatewayv1.HeaderBasedSessionPersistence)
	l.check((s.Cookie != nil) == (kind == gatewayv1.CookieBasedSessionPersistence), at.Field("cookie"),
		"must be set for type Cookie and only for it")
	l.check((s.Header != nil) == (kind == gatewayv1.HeaderBasedSessionPersistence), at.Field("header"),
		"must be set for type Header and only for it")
	if s.Header != nil {
		l.headerName(at.Field("header").Field("name"), string(s.Header.Name))
	}
	if s.Cookie != nil {
		if s.Cookie.Name != nil {
			l.headerName(at.Field("cookie").Field("name"), string(*s.Cookie.Name))
		}
		permanent := deref(s.Cookie.LifetimeType) == gatewayv1.PermanentCookieLifetimeType
		l.check(!permanent || s.AbsoluteTimeout != nil, at.Field("absoluteTimeout"), "required for a permanent cookie")
	}
}
