package istio

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	api "istio.io/api/networking/v1"
	networking "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Backends applies DestinationRules to the Backends of one service, one for each port and
// named without a subset, and adds a Backend for each subset and port. Rules are as
// from Lookups.Rules. A Backend whose policy asks for TLS is left out: its requests get
// 503 rather than go in the clear. Base is not changed.
func (p Proxy) Backends(s Service, base []*config.Backend, rules []*networking.DestinationRule) []*config.Backend {
	rule := p.Rule(s, rules)
	if rule == nil {
		return base
	}
	var out []*config.Backend
	for _, b := range base {
		port, ok := backendPort(b.GetName())
		if !ok {
			out = append(out, b)
			continue
		}
		if made := applied(b, portPolicy(rule.Policy, port)); made != nil {
			out = append(out, made)
		}
		for _, subset := range rule.Subsets {
			made := applied(b, subsetPolicy(rule.Policy, subset.GetTrafficPolicy(), port))
			if made == nil || subsetFault(subset.Subset) != nil {
				continue
			}
			made.Name = BackendName(s.Host, port, subset.GetName())
			made.Origin = subset.origin
			made.SubsetLabels = subset.GetLabels()
			out = append(out, made)
		}
	}
	return out
}

// subsetFault says why a subset cannot be a Backend, or nothing.
func subsetFault(s *api.Subset) error {
	if s.GetName() == "" || strings.Contains(s.GetName(), "|") {
		return fmt.Errorf("%q is not a name", s.GetName())
	}
	return config.Validate(config.Wrap(&config.Backend{Name: s.GetName(), EndpointSet: "any", SubsetLabels: s.GetLabels()}))
}

// backendPort reads the port of "outbound|PORT|SUBSET|HOST".
func backendPort(name string) (uint32, bool) {
	parts := strings.SplitN(name, "|", 4)
	if len(parts) != 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(parts[1], 10, 16)
	return uint32(n), err == nil
}

// applied returns a copy of a Backend with a policy, or nil if the policy asks for TLS.
func applied(b *config.Backend, policy *api.TrafficPolicy) *config.Backend {
	if asksTLS(policy) {
		return nil
	}
	out := proto.CloneOf(b)
	if lb := policy.GetLoadBalancer(); lb != nil {
		out.LoadBalancer = &config.LoadBalancer{Policy: balancer(lb)}
	}
	if pool := connectionPool(policy.GetConnectionPool()); pool != nil {
		out.ConnectionPool = pool
	}
	return out
}

func asksTLS(p *api.TrafficPolicy) bool {
	return p.GetTls() != nil && p.GetTls().GetMode() != api.ClientTLSSettings_DISABLE
}

// balancer translates loadBalancer.simple. What is not simple is reported, and balanced by least
// request, Istio's default.
func balancer(lb *api.LoadBalancerSettings) config.LoadBalancer_Policy {
	switch lb.GetSimple() {
	case api.LoadBalancerSettings_ROUND_ROBIN:
		return config.LoadBalancer_POLICY_ROUND_ROBIN
	case api.LoadBalancerSettings_RANDOM:
		return config.LoadBalancer_POLICY_RANDOM
	default:
		return config.LoadBalancer_POLICY_LEAST_REQUEST
	}
}

func connectionPool(in *api.ConnectionPoolSettings) *config.ConnectionPool {
	out := &config.ConnectionPool{
		ConnectTimeout:        positive(in.GetTcp().GetConnectTimeout()),
		IdleTimeout:           positive(in.GetHttp().GetIdleTimeout()),
		RequestsPerConnection: uint32(max(0, in.GetHttp().GetMaxRequestsPerConnection())),
	}
	if proto.Equal(out, &config.ConnectionPool{}) {
		return nil
	}
	return out
}

func positive(d *durationpb.Duration) *durationpb.Duration {
	if d.AsDuration() <= 0 {
		return nil
	}
	return d
}
