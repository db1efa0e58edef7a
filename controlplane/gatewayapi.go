package controlplane

import (
	corev1 "k8s.io/api/core/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/collect"
	"github.com/fairlead-mesh/fairlead/controlplane/gatewayapi"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// gatewayAPI is the part of the graph that translates Gateway API.
type gatewayAPI struct {
	parents   collect.Collection[*gatewayapi.Parent]
	listeners collect.Collection[*config.Resource]
	routes    collect.Collection[*config.Resource]
	sites     *sites

	classStatus   collect.Collection[*gwv1.GatewayClassStatus]
	gatewayStatus collect.Collection[*gwv1.GatewayStatus]
	routeStatus   collect.Collection[*routeStatus]
}

// routeStatus is what becomes of a route beside its resources.
type routeStatus struct {
	status   gwv1.RouteStatus
	attached []gatewayapi.Section
}

func newGatewayAPI(
	in *inputs, t gatewayapi.Translator, judged verdicts, addresses func(*gwv1.Gateway) []gwv1.GatewayStatusAddress,
) *gatewayAPI {
	a := &gatewayAPI{}
	a.classStatus = collect.Map("gatewayclass status", in.classes,
		func(_ *collect.Context, class *gwv1.GatewayClass) (*gwv1.GatewayClassStatus, bool) {
			s, ok := t.Class(class)
			return &s, ok
		})
	parents := collect.Map("gateway parents", in.gateways,
		func(ctx *collect.Context, gw *gwv1.Gateway) (*gatewayapi.Parent, bool) {
			if !t.Serves(classOf(ctx, in, t, gw)) {
				return nil, false
			}
			return gatewayapi.NewParent(gw), true
		})
	a.parents = parents
	grants := collect.NewIndex("grants by namespace", in.grants,
		func(g *gwv1.ReferenceGrant) []string { return []string{g.Namespace} })
	credentials := collect.Map("gateway credentials", parents,
		func(ctx *collect.Context, p *gatewayapi.Parent) (gatewayapi.Credentials, bool) {
			return p.Credentials(gatewayapi.CredentialLookups{
				Grants: func(namespace string) []*gwv1.ReferenceGrant { return collect.Lookup(ctx, grants, namespace) },
				Secret: judged.lookup(ctx),
			}), true
		})
	a.listeners = collect.FlatMap("gateway listeners", parents, resourceKey,
		func(ctx *collect.Context, p *gatewayapi.Parent) []*config.Resource {
			c, _ := collect.Get(ctx, credentials, ctx.Key())
			return p.Resources(c)
		})

	a.sites = newSites(a.listeners)

	a.routes, a.routeStatus = collect.FlatMapStatus("httproutes", in.httpRoutes, resourceKey,
		func(ctx *collect.Context, r *gwv1.HTTPRoute) ([]*config.Resource, *routeStatus) {
			result := t.HTTPRoute(r, routeLookups(ctx, in, parents, grants))
			return result.Resources, &routeStatus{status: result.Status, attached: result.Attached}
		})

	attached := collect.NewIndex("routes by section", a.routeStatus, func(s *routeStatus) []string {
		keys := make([]string, len(s.attached))
		for i, section := range s.attached {
			keys[i] = sectionKey(section)
		}
		return keys
	})
	a.gatewayStatus = collect.Map("gateway status", parents,
		func(ctx *collect.Context, p *gatewayapi.Parent) (*gwv1.GatewayStatus, bool) {
			gw, ok := collect.Get(ctx, in.gateways, ctx.Key())
			if !ok {
				return nil, false
			}
			found, _ := collect.Get(ctx, credentials, ctx.Key())
			s := p.Status(gatewayapi.State{
				Credentials: found,
				Programmed: func(listener string) (bool, string) {
					w, _ := collect.Get(ctx, in.programmed, listener)
					return w.ok, w.why
				},
				Attached: func(section gwv1.SectionName) int32 {
					key := sectionKey(gatewayapi.Section{Namespace: p.Namespace, Gateway: p.Name, Name: section})
					return int32(len(collect.Lookup(ctx, attached, key)))
				},
				Shared: func(listener string) string {
					l, _ := collect.Get(ctx, a.listeners, config.Name{Kind: config.KindListener, Name: listener}.String())
					return a.sites.shared(ctx, l.GetListener())
				},
				Addresses: addresses(gw),
			})
			return &s, true
		})
	return a
}

// classOf returns the class of a Gateway; ours is there also if nobody wrote it.
func classOf(ctx *collect.Context, in *inputs, t gatewayapi.Translator, gw *gwv1.Gateway) *gwv1.GatewayClass {
	name := string(gw.Spec.GatewayClassName)
	if class, ok := collect.Get(ctx, in.classes, name); ok {
		return class
	}
	if class := t.DefaultClass(); class.Name == name {
		return class
	}
	return &gwv1.GatewayClass{}
}

func sectionKey(s gatewayapi.Section) string {
	return s.Namespace + "/" + s.Gateway + "/" + string(s.Name)
}

func routeLookups(
	ctx *collect.Context, in *inputs, parents collect.Collection[*gatewayapi.Parent],
	grants *collect.Index[*gwv1.ReferenceGrant],
) gatewayapi.Lookups {
	return gatewayapi.Lookups{
		Parent: func(namespace, name string) *gatewayapi.Parent {
			p, _ := collect.Get(ctx, parents, objectKey(namespace, name))
			return p
		},
		NamespaceLabels: func(name string) map[string]string {
			if ns, ok := collect.Get(ctx, in.namespaces, name); ok {
				return ns.Labels
			}
			return nil
		},
		Grants: func(namespace string) []*gwv1.ReferenceGrant {
			return collect.Lookup(ctx, grants, namespace)
		},
		Service: func(namespace, name string) *corev1.Service {
			svc, _ := collect.Get(ctx, in.services, objectKey(namespace, name))
			return svc
		},
	}
}
