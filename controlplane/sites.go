package controlplane

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/fairlead-mesh/fairlead/controlplane/collect"
	"github.com/fairlead-mesh/fairlead/controlplane/istio"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// sites files the Listeners of Gateway API by what the proxy tells them apart by.
type sites struct {
	byPort *collect.Index[*config.Resource] // address and port
	byHost *collect.Index[*config.Resource] // and hostname
}

func newSites(listeners collect.Collection[*config.Resource]) *sites {
	return &sites{
		byPort: collect.NewIndex("listeners by port", listeners, func(r *config.Resource) []string {
			if l := r.GetListener(); l != nil {
				return []string{istio.Place(l)}
			}
			return nil
		}),
		byHost: collect.NewIndex("listeners by port and hostname", listeners, func(r *config.Resource) []string {
			var out []string
			for _, h := range r.GetListener().GetHostnames() {
				out = append(out, siteKey(istio.Place(r.GetListener()), h))
			}
			return out
		}),
	}
}

func siteKey(place, hostname string) string { return place + " " + hostname }

// on returns the listeners of a port.
func (s *sites) on(ctx *collect.Context, place string) []*config.Listener {
	return unwrap(collect.Lookup(ctx, s.byPort, place), (*config.Resource).GetListener)
}

// at returns those of them with a hostname.
func (s *sites) at(ctx *collect.Context, place, hostname string) []*config.Listener {
	return unwrap(collect.Lookup(ctx, s.byHost, siteKey(place, hostname)), (*config.Resource).GetListener)
}

// shared names the older listeners that other Gateways have where this one is.
func (s *sites) shared(ctx *collect.Context, l *config.Listener) string {
	var names []string
	for _, h := range l.GetHostnames() {
		for _, other := range s.at(ctx, istio.Place(l), h) {
			o := other.GetOrigin()
			if other.GetGateway() != l.GetGateway() && compareOrders(other.GetOrder(), l.GetOrder()) < 0 {
				names = append(names, fmt.Sprintf("%s of Gateway %s/%s", o.GetField(), o.GetNamespace(), o.GetName()))
			}
		}
	}
	return strings.Join(names, ", ")
}

func compareOrders(a, b *config.Order) int {
	return cmp.Or(cmp.Compare(a.GetCreatedUnixSeconds(), b.GetCreatedUnixSeconds()), strings.Compare(a.GetKey(), b.GetKey()))
}

func unwrap[M any](resources []*config.Resource, get func(*config.Resource) M) []M {
	out := make([]M, len(resources))
	for i, r := range resources {
		out[i] = get(r)
	}
	return out
}

// findRivals compares what both APIs have on the same ports. Routes of Gateway API are
// found by listener, hostname and path, so that a change of one costs nothing where no
// VirtualService asked for them.
func (a *istioAPI) findRivals(other *gatewayAPI) {
	byPath := collect.NewIndex("routes by path", other.routes,
		func(r *config.Resource) []string { return istio.RivalKeys(r.GetRoute()) })
	a.rivalries = collect.Map("overlaps with httproutes", a.routes,
		func(ctx *collect.Context, r *config.Resource) (*findings, bool) {
			list := istio.OverlapsGatewayAPI(r.GetRoute(), istio.Rivals{
				Place: func(name string) string { return istio.Place(a.listener(ctx, name)) },
				Listeners: func(place, hostname string) []*config.Listener {
					return other.sites.at(ctx, place, hostname)
				},
				Routes: func(key string) []*config.Route {
					return unwrap(collect.Lookup(ctx, byPath, key), (*config.Resource).GetRoute)
				},
			})
			return &findings{list}, len(list) > 0
		})
	a.sharedPorts = collect.Map("ports shared with gateway api", a.bindings,
		func(ctx *collect.Context, g *istioGateway) (*findings, bool) {
			list := istio.SharedPorts(g.binding, func(place string) []*config.Listener { return other.sites.on(ctx, place) })
			return &findings{list}, len(list) > 0
		})
}
