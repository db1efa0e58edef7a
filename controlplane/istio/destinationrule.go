package istio

import (
	"fmt"
	"slices"
	"strings"

	api "istio.io/api/networking/v1"
	networking "istio.io/client-go/pkg/apis/networking/v1"
)

// RuleLookups are what a DestinationRule may look up.
type RuleLookups struct {
	// Services returns the services whose host is the pattern or lies under it.
	Services func(pattern string) []Service
	// Rules is as in Lookups.
	Rules func(host string) []*networking.DestinationRule
}

var policyFields = fields{
	"loadBalancer":                                 partly,
	"loadBalancer.simple":                          done,
	"connectionPool":                               partly,
	"connectionPool.tcp":                           partly,
	"connectionPool.tcp.connectTimeout":            done,
	"connectionPool.http":                          partly,
	"connectionPool.http.idleTimeout":              done,
	"connectionPool.http.maxRequestsPerConnection": done,
	"tls":                    done, // see reportTLS
	"portLevelSettings":      partly,
	"portLevelSettings.port": done,
}

// ruleFields returns the table of a DestinationRule: a policy stands in three places.
func ruleFields() fields {
	out := fields{
		"host": done, "exportTo": done, "workloadSelector": done,
		"trafficPolicy": partly, "subsets": partly, "subsets.name": done, "subsets.labels": done, "subsets.trafficPolicy": partly,
	}
	for path, what := range policyFields {
		out["trafficPolicy."+path] = what
		out["subsets.trafficPolicy."+path] = what
		if !strings.HasPrefix(path, "portLevelSettings") {
			out["trafficPolicy.portLevelSettings."+path] = what
			out["subsets.trafficPolicy.portLevelSettings."+path] = what
		}
	}
	return out
}

// DestinationRule says what is worth knowing about a rule. What it does, Backends does.
func (p Proxy) DestinationRule(dr *networking.DestinationRule, look RuleLookups) []Finding {
	t := ruleTranslation{proxy: p, dr: dr, object: object("DestinationRule", dr)}
	spec := at{&t.report, t.object, "spec"}
	reportUnenforced(spec, &dr.Spec, ruleFields())
	reportPolicy(spec.in("trafficPolicy"), dr.Spec.GetTrafficPolicy())
	seen := map[string]bool{}
	for i, s := range dr.Spec.GetSubsets() {
		a := spec.in("subsets[%d]", i)
		if err := subsetFault(s); err != nil {
			a.fail(Invalid, "does not exist: %v", err)
		} else if seen[s.GetName()] {
			a.in("name").fail(Invalid, "%q comes twice: the first counts", s.GetName())
		}
		seen[s.GetName()] = true
		reportPolicy(a.in("trafficPolicy"), s.GetTrafficPolicy())
	}
	t.reportUse(spec, look)
	return SortFindings(t.findings)
}

type ruleTranslation struct {
	report
	proxy  Proxy
	dr     *networking.DestinationRule
	object Object
}

// reportPolicy reports values of a policy that are understood and not done.
func reportPolicy(a at, p *api.TrafficPolicy) {
	reportTLS(a.in("tls"), p.GetTls())
	reportBalancer(a.in("loadBalancer.simple"), p.GetLoadBalancer())
	ports := map[uint32]bool{}
	for i, s := range p.GetPortLevelSettings() {
		b := a.in("portLevelSettings[%d]", i)
		switch n := s.GetPort().GetNumber(); {
		case n == 0:
			b.in("port").fail(Invalid, "names no port")
		case ports[n]:
			b.in("port").fail(Invalid, "%d comes twice: the first counts", n)
		default:
			ports[n] = true
		}
		reportTLS(b.in("tls"), s.GetTls())
		reportBalancer(b.in("loadBalancer.simple"), s.GetLoadBalancer())
	}
}

func reportTLS(a at, tls *api.ClientTLSSettings) {
	if tls != nil && tls.GetMode() != api.ClientTLSSettings_DISABLE {
		a.fail(FailClosed, "mode %s is not served yet: nothing is sent in the clear, requests get 503", tls.GetMode())
	}
}

func reportBalancer(a at, lb *api.LoadBalancerSettings) {
	switch lb.GetSimple() {
	case api.LoadBalancerSettings_PASSTHROUGH:
		a.warn(NotEnforced, "PASSTHROUGH needs a client's own destination, which a gateway does not have: least request is used")
	case api.LoadBalancerSettings_LEAST_CONN:
		a.info(Deprecated, "LEAST_CONN is the old name of LEAST_REQUEST")
	default:
	}
}

// reportUse reports whether the rule is in force for the services it names.
func (t *ruleTranslation) reportUse(spec at, look RuleLookups) {
	host := spec.in("host")
	if fault := hostFault(t.dr.Spec.GetHost()); fault != "" {
		host.fail(Invalid, "%q %s", t.dr.Spec.GetHost(), fault)
		return
	}
	if s := t.dr.Spec.GetWorkloadSelector(); s != nil && !t.proxy.ruleApplies(t.dr, t.proxy.client(t.dr.Namespace)) {
		spec.in("workloadSelector").info(NotBound, "selects other clients: this gateway's labels are %s", labelText(t.proxy.Labels))
		return
	}
	pattern := t.proxy.RuleHost(t.dr)
	services := look.Services(pattern)
	if len(services) == 0 {
		full, short := t.proxy.looksShort(pattern, func(h string) bool { return len(look.Services(h)) > 0 })
		if short {
			host.warn(SuspectName, "%q has a dot and is taken literally, so it does not exist; write %q", pattern, full)
		} else {
			host.warn(NotFound, "no service is %q", pattern)
		}
		return
	}
	t.reportCompetitors(host, services, look)
}

func (t *ruleTranslation) reportCompetitors(host at, services []Service, look RuleLookups) {
	unused, instead, merged := []string{}, []Object{}, []Object{}
	for _, s := range services {
		rule := t.proxy.Rule(s, look.Rules(s.Host))
		switch {
		case rule == nil:
			unused = append(unused, s.Host)
		case !slices.Contains(rule.Objects, t.object):
			unused = append(unused, s.Host)
			instead = append(instead, rule.Objects...)
		default:
			merged = append(merged, rule.Objects...)
			t.reportTaken(host, rule)
		}
	}
	if len(unused) > 0 {
		slices.Sort(unused)
		why := fmt.Sprintf("not visible from there (exportTo %s, and rules count in the namespaces of the client, of the service and %s)",
			quoted(t.dr.Spec.GetExportTo()), t.proxy.rootNamespace())
		if len(instead) > 0 {
			why = quotedObjects(sortedObjects(instead)) + " counts, by namespace or as the more specific host"
		}
		host.info(Superseded, "not in force for %s: %s", quoted(unused), why)
	}
	merged = slices.DeleteFunc(sortedObjects(merged), func(o Object) bool { return o == t.object })
	if len(merged) > 0 {
		host.info(Merged, "one rule with %s: subsets are joined, the older object first", quotedObjects(merged))
	}
}

// reportTaken reports parts of the rule that an older one of the same host has already.
func (t *ruleTranslation) reportTaken(host at, rule *Rule) {
	spec := at{&t.report, t.object, "spec"}
	if p := t.dr.Spec.GetTrafficPolicy(); p != nil && rule.Policy != p {
		spec.in("trafficPolicy").warn(Superseded, "has no effect: %s is older and has one for %q", rule.Objects[0], rule.Host)
	}
	for i, s := range t.dr.Spec.GetSubsets() {
		for _, have := range rule.Subsets {
			if have.Name == s.GetName() && have.Object != t.object {
				spec.in("subsets[%d]", i).warn(Superseded, "has no effect: %s is older and has a subset %q", have.Object, s.GetName())
			}
		}
	}
}

func sortedObjects(objects []Object) []Object {
	slices.SortFunc(objects, Object.Compare)
	return slices.Compact(objects)
}
