package istio

import (
	"fmt"
	"testing"

	api "istio.io/api/networking/v1"
	networking "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// crowd is a world of n VirtualServices of one host at one gateway, each with its own path.
func crowd(n int) *World {
	w := &World{
		Gateways: []*networking.Gateway{{
			Namespace: "shop", Name: "edge",
			Spec: api.Gateway{Servers: []*api.Server{{
				Port: &api.Port{Number: 80, Name: "http", Protocol: "HTTP"}, Hosts: []string{"*"},
			}}},
		}},
		Services: []Service{{Host: "web.shop.svc.cluster.local", Namespace: "shop", Ports: []uint32{80}}},
		Backends: map[string][]*config.Backend{"web.shop.svc.cluster.local": {{Name: "outbound|80||web.shop.svc.cluster.local"}}},
	}
	for i := range n {
		w.VirtualServices = append(w.VirtualServices, &networking.VirtualService{
			Namespace: "shop", Name: fmt.Sprintf("vs-%05d", i),
			Spec: api.VirtualService{
				Hosts: []string{"*"}, Gateways: []string{"edge"},
				Http: []*api.HTTPRoute{{
					Match: matches{{Uri: prefix(fmt.Sprintf("/team-%05d/", i))}},
					Route: []*api.HTTPRouteDestination{{Destination: &api.Destination{Host: "web"}}},
				}},
			},
		})
	}
	return w
}

// BenchmarkTranslate translates 10,000 VirtualServices that share a host.
func BenchmarkTranslate(b *testing.B) {
	w := crowd(10_000)
	for b.Loop() {
		w.Translate(Proxy{})
	}
}

// BenchmarkOverlaps compares the routes of 10,000 VirtualServices that share a host.
func BenchmarkOverlaps(b *testing.B) {
	resources, _ := crowd(10_000).Translate(Proxy{})
	var routes []*config.Route
	for _, r := range resources {
		if r := r.GetRoute(); r != nil {
			routes = append(routes, r)
		}
	}
	for b.Loop() {
		Overlaps("a place", routes)
	}
}
