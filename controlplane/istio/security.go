package istio

import (
	"maps"
	"slices"

	securityapi "istio.io/api/security/v1"
	typeapi "istio.io/api/type/v1beta1"
	security "istio.io/client-go/pkg/apis/security/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// GatewayRef is a Gateway of either API as policies see it.
type GatewayRef struct {
	// Resource is the name of its config.Gateway.
	Resource        string
	Namespace, Name string
	// Kubernetes is true for one of Gateway API.
	Kubernetes bool
}

// SecurityPolicy is what AuthorizationPolicy, RequestAuthentication and PeerAuthentication
// have in common: whom they are for.
type SecurityPolicy struct {
	object   Object
	meta     metav1.Object
	selector map[string]string
	targets  []*typeapi.PolicyTargetReference
	// inert says why the policy restricts nothing; empty if it does.
	inert string
}

// Authorization returns what an AuthorizationPolicy is for.
func Authorization(p *security.AuthorizationPolicy) SecurityPolicy {
	s := SecurityPolicy{
		object: object("AuthorizationPolicy", p), meta: p,
		selector: p.Spec.GetSelector().GetMatchLabels(),
		targets:  targets(p.Spec.GetTargetRef(), p.Spec.GetTargetRefs()),
	}
	switch {
	case p.GetAnnotations()["istio.io/dry-run"] == "true":
		s.inert = "a dry run"
	case p.Spec.GetAction() == securityapi.AuthorizationPolicy_AUDIT:
		s.inert = "audits only"
	}
	return s
}

// RequestAuthentication returns what a RequestAuthentication is for.
func RequestAuthentication(p *security.RequestAuthentication) SecurityPolicy {
	return SecurityPolicy{
		object: object("RequestAuthentication", p), meta: p,
		selector: p.Spec.GetSelector().GetMatchLabels(),
		targets:  targets(p.Spec.GetTargetRef(), p.Spec.GetTargetRefs()),
	}
}

// PeerAuthentication returns what a PeerAuthentication is for: connections between
// workloads, of which a gateway's clients are none.
func PeerAuthentication(p *security.PeerAuthentication) SecurityPolicy {
	return SecurityPolicy{
		object: object("PeerAuthentication", p), meta: p,
		inert: "speaks of connections between workloads",
	}
}

func targets(one *typeapi.PolicyTargetReference, many []*typeapi.PolicyTargetReference) []*typeapi.PolicyTargetReference {
	if one != nil {
		return append([]*typeapi.PolicyTargetReference{one}, many...)
	}
	return many
}

// Close translates a policy that is not enforced yet: the gateways that it applies to
// refuse all traffic, for it may be there to refuse some. Nil: it applies to none.
func (p Proxy) Close(s SecurityPolicy, gateways []GatewayRef) (*config.Policy, []Finding) {
	var r report
	spec := at{&r, s.object, "spec"}
	if s.inert != "" {
		spec.info(NotEnforced, "%s: nothing is refused for it here", s.inert)
		return nil, r.findings
	}
	closes := slices.DeleteFunc(slices.Clone(gateways), func(g GatewayRef) bool { return !p.covers(s, g) })
	if len(closes) == 0 {
		spec.info(NotBound, "applies to no gateway served here")
		return nil, r.findings
	}
	out := &config.Policy{
		Name:   "security/" + s.object.Kind + "/" + s.object.Namespace + "/" + s.object.Name,
		Origin: s.object.origin(s.meta, "spec"), Order: order(s.meta, 0),
		Kind: &config.Policy_Unenforced{Unenforced: &config.Unenforced{
			Reason: s.object.String() + " is not enforced yet",
		}},
	}
	out.Origin.Group = "security.istio.io"
	for _, g := range closes {
		out.Targets = append(out.Targets, &config.PolicyTarget{Target: &config.PolicyTarget_Gateway{Gateway: g.Resource}})
		spec.fail(FailClosed, "not enforced yet: %s answers every request with 503 UAEX until the policy goes", g.Resource)
	}
	return out, r.findings
}

// covers reports whether a policy is for a gateway. TargetRefs name Gateways of Gateway API;
// a selector compares labels; a policy with neither is for its namespace, or for all if that
// is the root namespace.
func (p Proxy) covers(s SecurityPolicy, g GatewayRef) bool {
	if len(s.targets) > 0 {
		return slices.ContainsFunc(s.targets, func(t *typeapi.PolicyTargetReference) bool {
			switch t.GetKind() {
			case "Gateway":
				return g.Kubernetes && s.object.Namespace == g.Namespace && t.GetName() == g.Name
			case "GatewayClass":
				return g.Kubernetes && s.object.Namespace == p.rootNamespace()
			}
			return false
		})
	}
	here := s.object.Namespace == p.rootNamespace() || s.object.Namespace == p.client(g.Namespace)
	if len(s.selector) == 0 {
		return here
	}
	if !g.Kubernetes {
		return p.selected(s.selector)
	}
	labels := maps.Clone(p.Labels)
	if labels == nil {
		labels = make(map[string]string)
	}
	labels["gateway.networking.k8s.io/gateway-name"] = g.Name
	return here && Proxy{Labels: labels}.selected(s.selector)
}
