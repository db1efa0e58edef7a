package istio

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	api "istio.io/api/networking/v1"
	networking "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Rule is what DestinationRules say of one host: those of one namespace for one pattern,
// merged.
type Rule struct {
	// Host is the pattern: the host itself or a wildcard.
	Host string
	// Objects that were merged, the oldest first.
	Objects []Object
	Policy  *api.TrafficPolicy
	Subsets []RuleSubset
}

// RuleSubset is a subset and the object that defines it.
type RuleSubset struct {
	*api.Subset
	Object Object
	origin *config.Origin
}

// RuleHost returns the host or wildcard that a DestinationRule is for, in full: the key of an index
// behind Lookups.Rules.
func (p Proxy) RuleHost(dr *networking.DestinationRule) string {
	return p.Host(dr.Spec.GetHost(), dr.Namespace)
}

// Rule returns what applies to a service, or nil. The first namespace with a rule for the host
// decides alone: the client's, the service's, the root namespace. In it the most specific
// host decides alone. Rules of that host are merged, the older first: subsets one by one, the
// policy from the first that has one.
func (p Proxy) Rule(s Service, rules []*networking.DestinationRule) *Rule {
	client := p.client(s.Namespace)
	visible := slices.DeleteFunc(slices.Clone(rules), func(dr *networking.DestinationRule) bool {
		return !p.ruleApplies(dr, client) || !within(s.Host, p.RuleHost(dr))
	})
	for _, ns := range []string{client, s.Namespace, p.rootNamespace()} {
		here := slices.DeleteFunc(slices.Clone(visible), func(dr *networking.DestinationRule) bool { return dr.Namespace != ns })
		if len(here) == 0 {
			continue
		}
		host := p.RuleHost(slices.MinFunc(here, func(a, b *networking.DestinationRule) int {
			return compareHosts(p.RuleHost(a), p.RuleHost(b))
		}))
		here = slices.DeleteFunc(here, func(dr *networking.DestinationRule) bool { return p.RuleHost(dr) != host })
		return mergeDestinationRules(host, here)
	}
	return nil
}

// ruleApplies reports whether a rule may apply to a client at all. A workloadSelector is for the
// clients that it names.
func (p Proxy) ruleApplies(dr *networking.DestinationRule, client string) bool {
	if s := dr.Spec.GetWorkloadSelector(); s != nil {
		return len(s.GetMatchLabels()) > 0 && p.selected(s.GetMatchLabels()) && client == dr.Namespace
	}
	return exported(dr.Spec.GetExportTo(), dr.Namespace, client)
}

// mergeDestinationRules merges rules of one host and namespace. Rules with another exportTo, and those with a
// workloadSelector, are not merged with the rest; one with a selector goes first.
func mergeDestinationRules(host string, rules []*networking.DestinationRule) *Rule {
	selects := func(dr *networking.DestinationRule) bool { return dr.Spec.GetWorkloadSelector() != nil }
	slices.SortFunc(rules, func(a, b *networking.DestinationRule) int {
		if selects(a) != selects(b) {
			if selects(a) {
				return -1
			}
			return 1
		}
		return older(a, b)
	})
	first := rules[0]
	out := &Rule{Host: host}
	for _, dr := range rules {
		if dr != first && (selects(first) || exportKey(dr) != exportKey(first)) {
			continue
		}
		o := object("DestinationRule", dr)
		out.Objects = append(out.Objects, o)
		if out.Policy == nil {
			out.Policy = dr.Spec.GetTrafficPolicy()
		}
		for i, s := range dr.Spec.GetSubsets() {
			if !slices.ContainsFunc(out.Subsets, func(x RuleSubset) bool { return x.Name == s.GetName() }) {
				out.Subsets = append(out.Subsets, RuleSubset{s, o, o.origin(dr, fmt.Sprintf("spec.subsets[%d]", i))})
			}
		}
	}
	return out
}

func exportKey(dr *networking.DestinationRule) string {
	to := slices.Sorted(slices.Values(dr.Spec.GetExportTo()))
	return cmp.Or(strings.Join(slices.Compact(to), " "), "*")
}

// portPolicy returns the policy for a port. A port's own settings replace everything: what they
// leave out falls to the defaults.
func portPolicy(p *api.TrafficPolicy, port uint32) *api.TrafficPolicy {
	for _, s := range p.GetPortLevelSettings() {
		if s.GetPort().GetNumber() == port {
			return &api.TrafficPolicy{
				LoadBalancer: s.GetLoadBalancer(), ConnectionPool: s.GetConnectionPool(),
				OutlierDetection: s.GetOutlierDetection(), Tls: s.GetTls(),
			}
		}
	}
	return p
}

// subsetPolicy returns the policy for a subset's port: each block that the subset has replaces the
// host's, and settings for the port replace everything.
func subsetPolicy(host, subset *api.TrafficPolicy, port uint32) *api.TrafficPolicy {
	base := portPolicy(host, port)
	if subset == nil {
		return base
	}
	if own := portPolicy(subset, port); own != subset {
		return own
	}
	out := &api.TrafficPolicy{
		LoadBalancer: base.GetLoadBalancer(), ConnectionPool: base.GetConnectionPool(),
		OutlierDetection: base.GetOutlierDetection(), Tls: base.GetTls(),
	}
	if subset.LoadBalancer != nil {
		out.LoadBalancer = subset.LoadBalancer
	}
	if subset.ConnectionPool != nil {
		out.ConnectionPool = subset.ConnectionPool
	}
	if subset.OutlierDetection != nil {
		out.OutlierDetection = subset.OutlierDetection
	}
	if subset.Tls != nil {
		out.Tls = subset.Tls
	}
	return out
}
