package istio

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHost(t *testing.T) {
	tests := []struct{ name, host, want string }{
		{"short", "reviews", "reviews.shop.svc.cluster.local"},
		{"case", "Reviews", "reviews.shop.svc.cluster.local"},
		{"dot-is-literal", "reviews.prod", "reviews.prod"},
		{"full", "reviews.prod.svc.cluster.local", "reviews.prod.svc.cluster.local"},
		{"any", "*", "*"},
		{"wildcard", "*.example.com", "*.example.com"},
		{"ipv6", "2001:DB8::1", "[2001:db8::1]"},
		{"ipv6-in-brackets", "[2001:db8::1]", "[2001:db8::1]"},
		{"ipv4", "192.0.2.1", "192.0.2.1"},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := (Proxy{}).Host(tt.host, "shop"); got != tt.want {
				t.Errorf("Host(%q) = %q, want %q", tt.host, got, tt.want)
			}
		})
	}
	if got, want := (Proxy{ClusterDomain: "corp"}).Host("a", "b"), "a.b.svc.corp"; got != want {
		t.Errorf("with a domain: %q, want %q", got, want)
	}
}

func TestHostKeys(t *testing.T) {
	tests := []struct {
		host string
		want []string
	}{
		{"a.b.c", []string{"a.b.c", "*.b.c", "*.c", "*"}},
		{"a", []string{"a", "*"}},
		{"*.b.c", []string{"*.b.c", "*.c", "*"}},
		{"*", []string{"*"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, HostKeys(tt.host)); diff != "" {
			t.Errorf("HostKeys(%q): %s", tt.host, diff)
		}
	}
}

func TestIntersect(t *testing.T) {
	tests := []struct {
		name       string
		a, b, want []string
	}{
		{"equal", []string{"a.com"}, []string{"a.com"}, []string{"a.com"}},
		{"apart", []string{"a.com"}, []string{"b.com"}, nil},
		{"wildcard-takes", []string{"*.com"}, []string{"a.com"}, []string{"a.com"}},
		{"either-way", []string{"a.com"}, []string{"*.com"}, []string{"a.com"}},
		{"any-number-of-labels", []string{"*.com"}, []string{"a.b.com"}, []string{"a.b.com"}},
		{"not-the-apex", []string{"*.a.com"}, []string{"a.com"}, nil},
		{"narrower-wildcard", []string{"*.com"}, []string{"*.a.com"}, []string{"*.a.com"}},
		{"any", []string{"*"}, []string{"*.a.com", "b.org", "*"}, []string{"b.org", "*.a.com", "*"}},
		{"no-label-cut", []string{"*.a.com"}, []string{"xa.com"}, nil},
		{"once", []string{"*.com", "*"}, []string{"a.com"}, []string{"a.com"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, intersect(tt.a, tt.b)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(intersect(tt.a, tt.b), intersect(tt.b, tt.a)); diff != "" {
				t.Errorf("not the same the other way round: %s", diff)
			}
		})
	}
}

func TestServerHosts(t *testing.T) {
	hosts := []string{"open.com", "shop/shop.com", "./own.com", "*/all.com", "zoo/zoo.com"}
	tests := []struct {
		name, gateway, route string
		want                 []string
	}{
		{"own-namespace", "shop", "shop", []string{"open.com", "shop.com", "own.com", "all.com"}},
		{"other-namespace", "shop", "zoo", []string{"open.com", "all.com", "zoo.com"}},
		{"gateway-elsewhere", "infra", "shop", []string{"open.com", "shop.com", "all.com"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, serverHosts(hosts, tt.gateway, tt.route)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGatewayRef(t *testing.T) {
	tests := []struct{ ref, namespace, name string }{
		{"edge", "shop", "edge"},
		{"infra/edge", "infra", "edge"},
		{"./edge", "shop", "edge"},
		{"edge.infra", "infra", "edge"},
		{"edge.infra.svc.cluster.local", "infra", "edge"},
	}
	for _, tt := range tests {
		if ns, name := gatewayRef(tt.ref, "shop"); ns != tt.namespace || name != tt.name {
			t.Errorf("gatewayRef(%q) = %q, %q, want %q, %q", tt.ref, ns, name, tt.namespace, tt.name)
		}
	}
}

func TestExported(t *testing.T) {
	tests := []struct {
		name        string
		to          []string
		own, client string
		want        bool
	}{
		{"default", nil, "a", "b", true},
		{"all", []string{"*"}, "a", "b", true},
		{"own-here", []string{"."}, "a", "a", true},
		{"own-elsewhere", []string{"."}, "a", "b", false},
		{"named", []string{"c", "b"}, "a", "b", true},
		{"not-named", []string{"c"}, "a", "b", false},
		{"nobody", []string{"~"}, "a", "a", false},
	}
	for _, tt := range tests {
		if got := exported(tt.to, tt.own, tt.client); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}
