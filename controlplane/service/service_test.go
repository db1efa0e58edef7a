package service

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

func web(ports ...corev1.ServicePort) *corev1.Service {
	return &corev1.Service{
		Namespace: "shop", Name: "web", Generation: 3,
		Spec: corev1.ServiceSpec{Ports: ports},
	}
}

func TestBackends(t *testing.T) {
	svc := web(
		corev1.ServicePort{Name: "http", Port: 80},
		corev1.ServicePort{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP},
		corev1.ServicePort{Name: "admin", Port: 81, Protocol: corev1.ProtocolTCP},
	)
	got := Options{ClusterDomain: "example.org"}.Backends(svc)
	host := "web.shop.svc.example.org"
	backend := func(port int, index int) *config.Backend {
		return &config.Backend{
			Name: fmt.Sprintf("outbound|%d||%s", port, host),
			Origin: &config.Origin{
				Kind: "Service", Namespace: "shop", Name: "web", Generation: 3, Field: fmt.Sprintf("spec.ports[%d]", index),
			},
			EndpointSet: fmt.Sprintf("%s|%d", host, port),
			Discovery:   config.Backend_DISCOVERY_STATIC,
			Protocol:    config.BackendProtocol_BACKEND_PROTOCOL_HTTP1,
			Service:     &config.ServiceIdentity{Host: host, Name: "web", Namespace: "shop"},
		}
	}
	if diff := cmp.Diff([]*config.Backend{backend(80, 0), backend(81, 2)}, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestProtocol(t *testing.T) {
	tests := []struct {
		name   string
		app    *string
		spoken bool
	}{
		{"none", nil, true},
		{"http", new("http"), true},
		{"websocket", new("kubernetes.io/ws"), true},
		{"unknown", new("example.net/mine"), true},
		{"h2c", new("kubernetes.io/h2c"), false},
		{"grpc", new("grpc"), false},
		{"https-in-capitals", new("HTTPS"), false},
		{"secure-websocket", new("kubernetes.io/wss"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, got := Protocol(&corev1.ServicePort{AppProtocol: tt.app}); got != tt.spoken {
				t.Errorf("spoken %v, want %v", got, tt.spoken)
			}
		})
	}
}

func TestPortTellsProtocolsApart(t *testing.T) {
	svc := web(corev1.ServicePort{Name: "u", Port: 53, Protocol: corev1.ProtocolUDP}, corev1.ServicePort{Name: "t", Port: 53})
	if p := Port(svc, 53); p == nil || p.Name != "t" {
		t.Errorf("Port(53) = %v, want the TCP one", p)
	}
	if p := Port(svc, 54); p != nil {
		t.Errorf("Port(54) = %v, want none", p)
	}
}

func TestRefusal(t *testing.T) {
	tests := []struct{ name, external, want string }{
		{"public", "api.example.net", ""},
		{"public-with-dot", "API.example.net.", ""},
		{"public-address", "203.0.113.9", ""},
		{"same-namespace", "other.shop.svc.cluster.local", ""},
		{"other-namespace", "web.backends.svc.cluster.local", "is a Service of another namespace"},
		{"other-namespace-pod", "web-0.web.backends.svc.cluster.local", "is a Service of another namespace"},
		{"other-namespace-capitals", "web.backends.SVC.cluster.local.", "is a Service of another namespace"},
		{"other-namespace-short", "web.backends.svc", "is a Service of another namespace"},
		{"localhost", "localhost", "is the proxy's own machine"},
		{"localhost-below", "admin.LocalHost.", "is the proxy's own machine"},
		{"loopback", "127.8.8.8", "is the proxy's own machine"},
		{"loopback-v6", "::1", "is the proxy's own machine"},
		{"loopback-mapped", "::ffff:127.0.0.1", "is the proxy's own machine"},
		{"unspecified", "0.0.0.0", "is the proxy's own machine"},
		{"metadata", "169.254.169.254", "is a link-local address"},
		{"metadata-mapped", "::ffff:169.254.169.254", "is a link-local address"},
		{"metadata-v6", "fd00:ec2::254", "is a cloud's metadata service"},
		{"link-local-zone", "fe80::1%eth0", "is a link-local address"},
		{"multicast", "239.1.1.1", "is a multicast address"},
		{"short", "127.1", "is neither a DNS name nor an IP address"},
		{"decimal", "2130706433", "is neither a DNS name nor an IP address"},
		{"hexadecimal", "0x7f000001", "is neither a DNS name nor an IP address"},
		{"octal", "0177.0.0.1", "is neither a DNS name nor an IP address"},
		{"blank", "api example.net", "is neither a DNS name nor an IP address"},
		{"line-break", "api.example.net\nb", "is neither a DNS name nor an IP address"},
		{"port", "api.example.net:80", "is neither a DNS name nor an IP address"},
		{"empty", "", "is empty"},
		{"dot", ".", "is empty"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			svc := web(corev1.ServicePort{Port: 80})
			svc.Spec.Type, svc.Spec.ExternalName = corev1.ServiceTypeExternalName, tt.external
			want := tt.want
			if want != "" {
				want = fmt.Sprintf("externalName %q %s", tt.external, want)
			}
			if got := (Options{}).Refusal(svc); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			refused := want != ""
			backends, endpoints := (Options{}).Backends(svc), (Options{}).Endpoints(svc, nil, nil)
			if (len(backends) == 0) != refused || (len(endpoints) == 0) != refused {
				t.Errorf("refused %v, but %d backends and %d endpoints", refused, len(backends), len(endpoints))
			}
			allow := Options{AllowExternalName: func(string) bool { return true }}
			if got := allow.Refusal(svc); got != "" {
				t.Errorf("allowed, but %q", got)
			}
		})
	}
}

func TestStates(t *testing.T) {
	yes, no := new(true), new(false)
	tests := []struct {
		name string
		in   discoveryv1.EndpointConditions
		want config.Endpoint_State
	}{
		{"nothing-said", discoveryv1.EndpointConditions{}, config.Endpoint_STATE_READY},
		{"ready", discoveryv1.EndpointConditions{Ready: yes}, config.Endpoint_STATE_READY},
		{"not-ready", discoveryv1.EndpointConditions{Ready: no}, config.Endpoint_STATE_NOT_READY},
		{"serving-not-terminating", discoveryv1.EndpointConditions{Ready: no, Serving: yes}, config.Endpoint_STATE_NOT_READY},
		{"draining", discoveryv1.EndpointConditions{Ready: no, Serving: yes, Terminating: yes}, config.Endpoint_STATE_DRAINING},
		{"draining-serving-unsaid", discoveryv1.EndpointConditions{Ready: no, Terminating: yes}, config.Endpoint_STATE_DRAINING},
		{"gone", discoveryv1.EndpointConditions{Ready: no, Serving: no, Terminating: yes}, config.Endpoint_STATE_NOT_READY},
		// Set by publishNotReadyAddresses.
		{"ready-though-terminating", discoveryv1.EndpointConditions{Ready: yes, Terminating: yes}, config.Endpoint_STATE_READY},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := state(tt.in); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func slice(name, port string, number *int32, addresses ...string) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{
		Namespace: "shop", Name: name,
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Name: &port, Port: number}},
	}
	for _, a := range addresses {
		s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{Addresses: []string{a}})
	}
	return s
}

func TestEndpointPorts(t *testing.T) {
	const set = "web.shop.svc.cluster.local|80/"
	tests := []struct {
		name  string
		port  corev1.ServicePort
		slice *discoveryv1.EndpointSlice
		want  []string
	}{
		{"by-name", corev1.ServicePort{Name: "http", Port: 80}, slice("s", "http", new(int32(8080)), "10.0.0.1"), []string{set + "10.0.0.1:8080"}},
		{"both-unnamed", corev1.ServicePort{Port: 80}, slice("s", "", new(int32(8080)), "10.0.0.1"), []string{set + "10.0.0.1:8080"}},
		{"other-name", corev1.ServicePort{Name: "http", Port: 80}, slice("s", "https", new(int32(8443)), "10.0.0.1"), nil},
		{"every-port-by-target", corev1.ServicePort{Port: 80, TargetPort: intstr.FromInt32(9000)}, slice("s", "", nil, "10.0.0.1"), []string{set + "10.0.0.1:9000"}},
		{"every-port-by-port", corev1.ServicePort{Port: 80, TargetPort: intstr.FromString("web")}, slice("s", "", nil, "10.0.0.1"), []string{set + "10.0.0.1:80"}},
		{"ipv6", corev1.ServicePort{Port: 80}, slice("s", "", new(int32(8080)), "2001:DB8::1"), []string{set + "[2001:db8::1]:8080"}},
		{"not-an-address", corev1.ServicePort{Port: 80}, slice("s", "", new(int32(8080)), "web-0", "10.0.0.1"), []string{set + "10.0.0.1:8080"}},
		{"udp", corev1.ServicePort{Port: 80, Protocol: corev1.ProtocolUDP}, slice("s", "", new(int32(8080)), "10.0.0.1"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, e := range (Options{}).Endpoints(web(tt.port), []*discoveryv1.EndpointSlice{tt.slice}, nil) {
				got = append(got, e.GetName())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNamesOfDomainsAreNotAddresses(t *testing.T) {
	s := slice("s", "", new(int32(80)), "a.example.net")
	s.AddressType = discoveryv1.AddressTypeFQDN
	if got := (Options{}).Endpoints(web(corev1.ServicePort{Port: 80}), []*discoveryv1.EndpointSlice{s}, nil); len(got) != 0 {
		t.Errorf("endpoints %v, want none", got)
	}
}

// TestEndpointsOfManySlices: slices may overlap in any way and come in any order; the
// result is one endpoint for each address, in its best state, and always the same.
func TestEndpointsOfManySlices(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var all []*discoveryv1.EndpointSlice
	ready := map[string]bool{}
	for i := range 8 {
		s := slice(fmt.Sprintf("s%d", i), "", new(int32(8080)))
		for range 20 {
			address, up := fmt.Sprintf("10.0.0.%d", rng.IntN(40)), rng.IntN(2) == 0
			ready[address] = ready[address] || up
			s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{
				Addresses: []string{address}, Conditions: discoveryv1.EndpointConditions{Ready: &up},
			})
		}
		all = append(all, s)
	}
	svc := web(corev1.ServicePort{Port: 80})
	first := (Options{}).Endpoints(svc, all, nil)
	if len(first) != len(ready) {
		t.Errorf("%d endpoints, want %d", len(first), len(ready))
	}
	for _, e := range first {
		if up := e.GetState() == config.Endpoint_STATE_READY; up != ready[e.GetAddress()] {
			t.Errorf("%s: ready %v, want %v", e.GetName(), up, !up)
		}
	}
	for range 5 {
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if diff := cmp.Diff(first, (Options{}).Endpoints(svc, all, nil), protocmp.Transform()); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestLabels(t *testing.T) {
	s := slice("s", "", new(int32(8080)), "10.0.0.1", "10.0.0.2", "10.0.0.3")
	s.Labels = map[string]string{
		"version": "v2", "kubernetes.io/service-name": "web", "endpointslice.kubernetes.io/managed-by": "x", "example.net/tier": "a",
	}
	s.Endpoints[0].TargetRef = &corev1.ObjectReference{Kind: "Pod", Name: "web-0"}
	s.Endpoints[1].TargetRef = &corev1.ObjectReference{Kind: "Pod", Name: "gone"}
	pods := func(ref *corev1.ObjectReference) map[string]string {
		if ref.Namespace == "shop" && ref.Name == "web-0" {
			return map[string]string{"version": "v1"}
		}
		return nil
	}
	own := map[string]string{"version": "v2", "example.net/tier": "a"}
	want := map[string]map[string]string{"10.0.0.1": {"version": "v1"}, "10.0.0.2": own, "10.0.0.3": own}
	got := map[string]map[string]string{}
	for _, e := range (Options{}).Endpoints(web(corev1.ServicePort{Port: 80}), []*discoveryv1.EndpointSlice{s}, pods) {
		got[e.GetAddress()] = e.GetLabels()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestExternalNameEndpoints(t *testing.T) {
	svc := web(corev1.ServicePort{Port: 80, TargetPort: intstr.FromInt32(8080)})
	svc.Spec.Type, svc.Spec.ExternalName = corev1.ServiceTypeExternalName, "API.example.net."
	got := (Options{}).Endpoints(svc, []*discoveryv1.EndpointSlice{slice("s", "", nil, "10.0.0.1")}, nil)
	want := []*config.Endpoint{{
		Name: "web.shop.svc.cluster.local|80/api.example.net:80", Set: "web.shop.svc.cluster.local|80",
		Address: "api.example.net", Port: 80, State: config.Endpoint_STATE_READY,
	}}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if b := (Options{}).Backends(svc); len(b) != 1 || b[0].GetDiscovery() != config.Backend_DISCOVERY_DNS {
		t.Errorf("backends %v, want one with DNS discovery", b)
	}
}
