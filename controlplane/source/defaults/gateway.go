package defaults

import gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

// Gateway fills apis/v1/gateway_types.go's defaults.
func Gateway(g *gatewayv1.Gateway) {
	for i := range g.Spec.Listeners {
		l := &g.Spec.Listeners[i]
		listener(&l.AllowedRoutes, l.TLS)
		listenerFilters(l.Filters)
	}
	for i := range g.Spec.Addresses {
		fill(&g.Spec.Addresses[i].Type, gatewayv1.IPAddressType)
	}
	if a := g.Spec.AllowedListeners; a != nil {
		fill(&a.Namespaces, gatewayv1.ListenerNamespaces{}) // AllowedListeners.namespaces
		fill(&a.Namespaces.From, gatewayv1.NamespacesFromNone)
	}
	if t := g.Spec.TLS; t != nil {
		if t.Backend != nil && t.Backend.ClientCertificateRef != nil {
			secret(t.Backend.ClientCertificateRef)
		}
		if t.Frontend != nil {
			frontend(t.Frontend.Default.Validation)
			for i := range t.Frontend.PerPort {
				frontend(t.Frontend.PerPort[i].TLS.Validation)
			}
		}
	}
}

// ListenerSet fills apis/v1/listenerset_types.go's defaults.
func ListenerSet(s *gatewayv1.ListenerSet) {
	fill(&s.Spec.ParentRef.Group, gatewayv1.GroupName)
	fill(&s.Spec.ParentRef.Kind, "Gateway")
	for i := range s.Spec.Listeners {
		l := &s.Spec.Listeners[i]
		listener(&l.AllowedRoutes, l.TLS)
		listenerFilters(l.Filters)
	}
}

func listener(allowed **gatewayv1.AllowedRoutes, tls *gatewayv1.ListenerTLSConfig) {
	fill(allowed, gatewayv1.AllowedRoutes{}) // Listener.allowedRoutes
	routes := *allowed
	fill(&routes.Namespaces, gatewayv1.RouteNamespaces{}) // AllowedRoutes.namespaces
	fill(&routes.Namespaces.From, gatewayv1.NamespacesFromSame)
	for i := range routes.Kinds {
		fill(&routes.Kinds[i].Group, gatewayv1.GroupName) // RouteGroupKind.group
	}
	if tls == nil {
		return
	}
	fill(&tls.Mode, gatewayv1.TLSModeTerminate) // ListenerTLSConfig.mode
	for i := range tls.CertificateRefs {
		secret(&tls.CertificateRefs[i])
	}
}

func listenerFilters(f *gatewayv1.ListenerFilters) {
	if f == nil {
		return
	}
	for i := range f.Requests {
		if auth := f.Requests[i].ExternalAuth; auth != nil {
			backendObject(&auth.BackendRef)
		}
	}
}

// secret fills SecretObjectReference.group and kind (apis/v1/object_reference_types.go).
func secret(r *gatewayv1.SecretObjectReference) {
	fill(&r.Group, "")
	fill(&r.Kind, "Secret")
}

func frontend(v *gatewayv1.FrontendTLSValidation) {
	if v != nil && v.Mode == "" {
		v.Mode = gatewayv1.AllowValidOnly // FrontendTLSValidation.mode
	}
}
