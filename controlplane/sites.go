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
	return listenersOf(collect.Lookup(ctx, s.byPort, place))
}

// at returns those of them with a hostname.
func (s *sites) at(ctx *collect.Context, place, hostname string) []*config.Listener {
	return listenersOf(collect.Lookup(ctx, s.byHost, siteKey(place, hostname)))
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

func listenersOf(resources []*config.Resource) []*config.Listener {
	out := make([]*config.Listener, len(resources))
	for i, r := range resources {
		out[i] = r.GetListener()
	}
	return out
}

// findShared compares the Gateways and hosts of both APIs on the same ports.
func (a *istioAPI) findShared(with *sites) {
	a.isolated = collect.Map("isolated by listeners", a.routes,
		func(ctx *collect.Context, r *config.Resource) (*findings, bool) {
			list := istio.Isolated(r.GetRoute(), placeOf(ctx, a.listeners), func(place, hostname string) []*config.Listener {
				return with.at(ctx, place, hostname)
			})
			return &findings{list}, len(list) > 0
		})
	a.sharedPorts = collect.Map("ports shared with gateway api", a.bindings,
		func(ctx *collect.Context, g *istioGateway) (*findings, bool) {
			list := istio.SharedPorts(g.binding, func(place string) []*config.Listener { return with.on(ctx, place) })
			return &findings{list}, len(list) > 0
		})
}
