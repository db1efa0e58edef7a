package gatewayapi

import (
	corev1 "k8s.io/api/core/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Lookups are how a route sees the objects it refers to. Each must be a pure function for
// as long as one translation runs. All are required.
type Lookups struct {
	// Parent returns a Gateway if its class is ours, or nil.
	Parent func(namespace, name string) *Parent
	// NamespaceLabels returns the labels of a Namespace; nil if it is not known.
	NamespaceLabels func(name string) map[string]string
	// Grants returns the ReferenceGrants in a namespace.
	Grants func(namespace string) []*gwv1.ReferenceGrant
	// Service returns a Service, or nil.
	Service func(namespace, name string) *corev1.Service
}
