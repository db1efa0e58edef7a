package controlplane

import (
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"
	networking "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/collect"
	"github.com/fairlead-mesh/fairlead/controlplane/istio"
	"github.com/fairlead-mesh/fairlead/controlplane/service"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// istioAPI is the part of the graph that translates Istio's API.
type istioAPI struct {
	in *inputs

	listeners collect.Collection[*config.Resource]
	routes    collect.Collection[*config.Resource]
	backends  collect.Collection[*config.Resource]
	entries   collect.Collection[*config.Resource]

	bindings     collect.Collection[*istioGateway]
	findings     collect.Collection[*findings] // of VirtualServices
	ruleFindings collect.Collection[*findings]
	entryResults collect.Collection[*entry]
	overlaps     collect.Collection[*findings] // by port and hostname
	rivalries    collect.Collection[*findings] // of Routes with Gateway API's
	sharedPorts  collect.Collection[*findings] // of Gateways with Gateway API's
}

// istioGateway is what a Gateway is beside its resources.
type istioGateway struct {
	binding  *istio.Binding
	findings []istio.Finding
}

type findings struct{ list []istio.Finding }

func newIstioAPI(in *inputs, proxy istio.Proxy, names service.Options, judged verdicts, other *gatewayAPI) *istioAPI {
	a := &istioAPI{in: in}
	hosts := newRegistry(in, proxy, names)
	a.backends, a.entries, a.entryResults = hosts.backends, hosts.endpoints, hosts.entries
	a.gateways(in, proxy, judged)
	a.virtualServices(in, proxy, hosts)
	a.ruleFindings = collect.Map("destinationrules", in.istio.destinationRules,
		func(ctx *collect.Context, dr *networking.DestinationRule) (*findings, bool) {
			return &findings{proxy.DestinationRule(dr, istio.RuleLookups{
				Services: func(pattern string) []istio.Service { return hosts.servicesUnder(ctx, pattern) },
				Rules:    func(host string) []*networking.DestinationRule { return hosts.rulesFor(ctx, host) },
			})}, true
		})
	a.findOverlaps()
	a.findRivals(other)
	return a
}

func (a *istioAPI) gateways(in *inputs, proxy istio.Proxy, judged verdicts) {
	claims := collect.Map("gateway claims", in.istio.gateways,
		func(_ *collect.Context, gw *networking.Gateway) ([]istio.Claim, bool) { return proxy.Claims(gw), true })
	byPort := collect.NewIndex("claims by port", claims, func(claims []istio.Claim) []string {
		ports := make([]string, len(claims))
		for i := range claims {
			ports[i] = strconv.Itoa(int(claims[i].Port))
		}
		return ports
	})
	a.listeners, a.bindings = collect.FlatMapStatus("istio gateways", in.istio.gateways, resourceKey,
		func(ctx *collect.Context, gw *networking.Gateway) ([]*config.Resource, *istioGateway) {
			result := proxy.Gateway(gw, istio.GatewayLookups{Secret: judged.lookup(ctx), Claims: func(port uint32) []istio.Claim {
				var out []istio.Claim
				for _, claims := range collect.Lookup(ctx, byPort, strconv.Itoa(int(port))) {
					for i := range claims {
						if claims[i].Port == port {
							out = append(out, claims[i])
						}
					}
				}
				return out
			}})
			return result.Resources, &istioGateway{result.Binding, result.Findings}
		}, equal)
}

func (a *istioAPI) virtualServices(in *inputs, proxy istio.Proxy, hosts *registry) {
	delegators := collect.NewIndex("delegators", in.istio.virtualServices, istio.Delegates)
	a.routes, a.findings = collect.FlatMapStatus("virtualservices", in.istio.virtualServices, resourceKey,
		func(ctx *collect.Context, vs *networking.VirtualService) ([]*config.Resource, *findings) {
			result := proxy.VirtualService(vs, istio.Lookups{
				Gateway: func(namespace, name string) *istio.Binding {
					if g, ok := collect.Get(ctx, a.bindings, objectKey(namespace, name)); ok {
						return g.binding
					}
					return nil
				},
				VirtualService: func(namespace, name string) *networking.VirtualService {
					d, _ := collect.Get(ctx, in.istio.virtualServices, objectKey(namespace, name))
					return d
				},
				Delegators: func(namespace, name string) []*networking.VirtualService {
					return collect.Lookup(ctx, delegators, namespace+"/"+name)
				},
				Service: func(host, namespace string) (istio.Service, bool) {
					return hosts.service(ctx, host, namespace)
				},
				ServiceEntry: func(host string) (istio.Object, bool) {
					return wildcardEntry(ctx, hosts, host)
				},
				Rules: func(host string) []*networking.DestinationRule { return hosts.rulesFor(ctx, host) },
			})
			return wrap(result.Routes), &findings{result.Findings}
		}, equal)
}

// wildcardEntry returns the ServiceEntry whose wildcard host covers a host.
func wildcardEntry(ctx *collect.Context, hosts *registry, host string) (istio.Object, bool) {
	for _, key := range istio.HostKeys(host)[1:] {
		for _, se := range collect.Lookup(ctx, hosts.claims, key) {
			return istio.Object{Kind: "ServiceEntry", Namespace: se.Namespace, Name: se.Name}, true
		}
	}
	return istio.Object{}, false
}

// placedRoute is a Route and where it stands: ports and hostnames.
type placedRoute struct {
	route  *config.Route
	places []string
}

// findOverlaps compares the Routes of each port and hostname.
func (a *istioAPI) findOverlaps() {
	placed := collect.Map("route places", a.routes,
		func(ctx *collect.Context, r *config.Resource) (placedRoute, bool) {
			places := istio.Places(r.GetRoute(), func(name string) string { return istio.Table(a.listener(ctx, name)) })
			return placedRoute{r.GetRoute(), places}, true
		}, collect.WithEqual(func(x, y placedRoute) bool {
			return proto.Equal(x.route, y.route) && slices.Equal(x.places, y.places)
		}))
	byPlace := collect.NewIndex("routes by place", placed, func(p placedRoute) []string { return p.places })
	a.overlaps = collect.Map("overlaps", byPlace,
		func(ctx *collect.Context, group collect.Group[placedRoute]) (*findings, bool) {
			routes := make([]*config.Route, 0, group.Len())
			for _, p := range group.All() {
				routes = append(routes, p.route)
			}
			list := istio.Overlaps(ctx.Key(), routes)
			return &findings{list}, len(list) > 0
		})
}

// listener returns a Listener of Istio's API.
func (a *istioAPI) listener(ctx *collect.Context, name string) *config.Listener {
	l, _ := collect.Get(ctx, a.listeners, config.Name{Kind: config.KindListener, Name: name}.String())
	return l.GetListener()
}

// statuses returns the status of every object of Istio's API.
func (a *istioAPI) statuses() []ObjectStatus {
	byObject := make(map[istio.Object][]istio.Finding)
	add := func(list []istio.Finding) {
		for _, f := range list {
			byObject[f.Object] = append(byObject[f.Object], f)
		}
	}
	for _, g := range a.bindings.All() {
		add(g.findings)
	}
	for _, e := range a.entryResults.All() {
		add(e.Findings)
	}
	for _, from := range []collect.Collection[*findings]{a.findings, a.ruleFindings, a.overlaps, a.rivalries, a.sharedPorts} {
		for _, f := range from.All() {
			add(f.list)
		}
	}
	var out []ObjectStatus
	out = append(out, istioStatuses(a.in.istio.gateways, istioNetworking, "Gateway", byObject)...)
	out = append(out, istioStatuses(a.in.istio.virtualServices, istioNetworking, "VirtualService", byObject)...)
	out = append(out, istioStatuses(a.in.istio.destinationRules, istioNetworking, "DestinationRule", byObject)...)
	return append(out, istioStatuses(a.in.istio.serviceEntries, istioNetworking, "ServiceEntry", byObject)...)
}

// istioObject is any object of Istio's API.
type istioObject interface {
	GetNamespace() string
	GetName() string
	GetGeneration() int64
}

// istioStatus is an object's status with what it was made from.
type istioStatus struct {
	Conditions         []istioCondition `json:"conditions"`
	ObservedGeneration int64            `json:"observedGeneration,omitempty"`
	Findings           []istio.Finding  `json:"findings,omitempty"`
}

type istioCondition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

func istioStatuses[T istioObject](from collect.Collection[T], group, kind string, byObject map[istio.Object][]istio.Finding) []ObjectStatus {
	return statuses(from, group, kind, func(o T) any {
		object := istio.Object{Kind: kind, Namespace: o.GetNamespace(), Name: o.GetName()}
		list := istio.SortFindings(byObject[object])
		out := istioStatus{ObservedGeneration: o.GetGeneration(), Findings: list}
		for _, c := range istio.Status(object, o.GetGeneration(), list).GetConditions() {
			out.Conditions = append(out.Conditions, istioCondition{
				Type: c.GetType(), Status: c.GetStatus(), Reason: c.GetReason(), Message: c.GetMessage(),
			})
		}
		return out
	})
}
