package istio

import (
	"slices"
)

// Defaults of Proxy.
const (
	DefaultRootNamespace = "istio-system"
	DefaultClusterDomain = "cluster.local"
)

// Proxy is what translation must know of the proxy it is for. It is a value and is not
// changed after its first use.
type Proxy struct {
	// Labels that Gateway.selector and sourceLabels are compared with.
	Labels map[string]string
	// Namespace of the proxy, for exportTo, sourceNamespace and the choice of
	// DestinationRules. Empty, as with manifests in files: the proxy counts as living in the
	// namespace of whichever object refers to another.
	Namespace string
	// RootNamespace holds DestinationRules that apply where no other does. Empty: DefaultRootNamespace.
	RootNamespace string
	// ClusterDomain ends the names of Services. Empty: DefaultClusterDomain.
	ClusterDomain string
}

// DefaultLabels are the labels of Istio's stock ingress gateway, which tutorials' selectors name.
func DefaultLabels() map[string]string {
	return map[string]string{"istio": "ingressgateway", "app": "istio-ingressgateway"}
}

func (p Proxy) rootNamespace() string {
	if p.RootNamespace == "" {
		return DefaultRootNamespace
	}
	return p.RootNamespace
}

func (p Proxy) domain() string {
	if p.ClusterDomain == "" {
		return DefaultClusterDomain
	}
	return p.ClusterDomain
}

// client returns the namespace from which the proxy sees an object that another, in the
// given namespace, refers to.
func (p Proxy) client(referrer string) string {
	if p.Namespace == "" {
		return referrer
	}
	return p.Namespace
}

func (p Proxy) selected(selector map[string]string) bool {
	for k, v := range selector {
		if have, ok := p.Labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}

// exported reports whether exportTo of an object in namespace own shows it to namespace client.
// Empty means everyone.
func exported(exportTo []string, own, client string) bool {
	if len(exportTo) == 0 {
		return true
	}
	return slices.ContainsFunc(exportTo, func(e string) bool {
		return e == "*" || e == client || e == "." && own == client
	})
}
