package controlplane

import (
	security "istio.io/client-go/pkg/apis/security/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/collect"
	"github.com/fairlead-mesh/fairlead/controlplane/gatewayapi"
	"github.com/fairlead-mesh/fairlead/controlplane/istio"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

const istioSecurity = "security.istio.io"

// securityInputs are the kinds of security.istio.io.
type securityInputs struct {
	authorization  *collect.Source[*security.AuthorizationPolicy]
	authentication *collect.Source[*security.RequestAuthentication]
	peers          *collect.Source[*security.PeerAuthentication]
}

func newSecurityInputs(g *collect.Graph, in *inputs) securityInputs {
	return securityInputs{
		authorization:  input[*security.AuthorizationPolicy](g, in, istioSecurity, "AuthorizationPolicy"),
		authentication: input[*security.RequestAuthentication](g, in, istioSecurity, "RequestAuthentication"),
		peers:          input[*security.PeerAuthentication](g, in, istioSecurity, "PeerAuthentication"),
	}
}

// securityAPI is the part of the graph that translates security.istio.io: so far, that
// what cannot be enforced closes what it is for.
type securityAPI struct {
	in       securityInputs
	policies collect.Collection[*config.Resource]
	findings []collect.Collection[*findings]
}

func newSecurityAPI(
	in *inputs, proxy istio.Proxy, parents collect.Collection[*gatewayapi.Parent], bindings collect.Collection[*istioGateway],
) *securityAPI {
	a := &securityAPI{in: in.security}
	gateways := func(ctx *collect.Context) []istio.GatewayRef {
		var out []istio.GatewayRef
		for _, p := range collect.List(ctx, parents) {
			out = append(out, istio.GatewayRef{
				Resource: "gatewayapi/" + p.Namespace + "/" + p.Name, Namespace: p.Namespace, Name: p.Name, Kubernetes: true,
			})
		}
		for _, g := range collect.List(ctx, bindings) {
			if g.binding != nil && g.binding.Selected {
				out = append(out, istio.GatewayRef{
					Resource:  "istio/" + g.binding.Namespace + "/" + g.binding.Name,
					Namespace: g.binding.Namespace, Name: g.binding.Name,
				})
			}
		}
		return out
	}
	shut := func(ctx *collect.Context, p istio.SecurityPolicy) (*config.Policy, []istio.Finding) {
		return proxy.Close(p, gateways(ctx))
	}
	a.policies = collect.Join("security policies",
		closing(a, "authorizationpolicies", in.security.authorization, shut, istio.Authorization),
		closing(a, "requestauthentications", in.security.authentication, shut, istio.RequestAuthentication),
		closing(a, "peerauthentications", in.security.peers, shut, istio.PeerAuthentication))
	return a
}

// closing translates the policies of one kind.
func closing[T any](
	a *securityAPI, name string, from collect.Collection[T],
	shut func(*collect.Context, istio.SecurityPolicy) (*config.Policy, []istio.Finding), read func(T) istio.SecurityPolicy,
) collect.Collection[*config.Resource] {
	out, status := collect.FlatMapStatus(name, from, resourceKey,
		func(ctx *collect.Context, p T) ([]*config.Resource, *findings) {
			policy, list := shut(ctx, read(p))
			if policy == nil {
				return nil, &findings{list}
			}
			return []*config.Resource{config.Wrap(policy)}, &findings{list}
		}, equal)
	a.findings = append(a.findings, status)
	return out
}

// statuses returns the status of every object of security.istio.io.
func (a *securityAPI) statuses() []ObjectStatus {
	byObject := make(map[istio.Object][]istio.Finding)
	for _, from := range a.findings {
		for _, f := range from.All() {
			for _, finding := range f.list {
				byObject[finding.Object] = append(byObject[finding.Object], finding)
			}
		}
	}
	var out []ObjectStatus
	out = append(out, istioStatuses(a.in.authorization, istioSecurity, "AuthorizationPolicy", byObject)...)
	out = append(out, istioStatuses(a.in.authentication, istioSecurity, "RequestAuthentication", byObject)...)
	return append(out, istioStatuses(a.in.peers, istioSecurity, "PeerAuthentication", byObject)...)
}
