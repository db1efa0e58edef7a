package gatewayapi

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// RouteResult is what becomes of a route.
type RouteResult struct {
	// Resources are its Routes, one for each rule; none if it is attached to no listener
	// that can serve.
	Resources []*config.Resource
	// Status holds one entry for each parentRef to a Gateway of ours, and no other.
	Status gwv1.RouteStatus
	// Attached lists the listeners whose attachedRoutes count the route.
	Attached []Section
}

// HTTPRoute translates an HTTPRoute.
func (t Translator) HTTPRoute(in *gwv1.HTTPRoute, look Lookups) RouteResult {
	hosts, wrong := hostnames(in.Spec.Hostnames)
	r := &route{kind: kindHTTPRoute, namespace: in.Namespace, hostnames: hosts, refs: in.Spec.ParentRefs}
	all := r.bind(look)
	rules := t.httpRules(in, look)
	v := judge(rules)
	if wrong != nil {
		v = verdict{rejected: wrong, unresolved: v.unresolved}
	}
	out := RouteResult{Status: t.routeStatus(all, v, in.Generation)}
	if v.rejected == nil {
		out.Attached = sections(all)
	}
	if attachments := r.attachments(all); wrong == nil && len(attachments) > 0 {
		out.Resources = httpResources(in, rules, attachments)
	}
	return out
}

// hostnames returns the route's in lower case and each once, "*" if it has none. One that is none makes
// the whole route faulty: which requests it is meant for cannot be known.
func hostnames(in []gwv1.Hostname) ([]string, *Fault) {
	if len(in) == 0 {
		return []string{anyHost}, nil
	}
	var out []string
	var wrong *Fault
	for i, h := range in {
		host, ok := hostname(string(h))
		if !ok && wrong == nil {
			wrong = faultf(string(gwv1.RouteReasonUnsupportedValue), fieldAt("spec.hostnames", i), "%q is not a hostname", h)
		}
		if host = cmp.Or(host, strings.ToLower(string(h))); !slices.Contains(out, host) {
			out = append(out, host)
		}
	}
	return out, wrong
}

// httpRule is one rule, translated. If faults is not empty, rule answers 500 to what its
// sound matches take; it is nil if there is none of those.
type httpRule struct {
	name   string
	rule   *config.HttpRule
	faults faults
	// refs are references that cannot be resolved; the rule is in force all the same.
	refs faults
}

// A route without rules has one that takes everything, as an API server fills in.
func (t Translator) httpRules(in *gwv1.HTTPRoute, look Lookups) []httpRule {
	specs := in.Spec.Rules
	if len(specs) == 0 {
		specs = []gwv1.HTTPRouteRule{{}}
	}
	refs := refResolver{
		t: t, look: look,
		from: Referrer{Group: gwv1.GroupName, Kind: kindHTTPRoute, Namespace: in.Namespace},
	}
	out := make([]httpRule, len(specs))
	for i := range specs {
		out[i] = translateRule(&specs[i], fieldAt("spec.rules", i), refs)
	}
	return out
}

func translateRule(in *gwv1.HTTPRouteRule, field string, refs refResolver) httpRule {
	out := httpRule{name: string(deref(in.Name)), rule: &config.HttpRule{
		Precedence: config.Precedence_PRECEDENCE_BY_SPECIFICITY,
	}}
	m := httpMatches(in.Matches, field+".matches", &out.faults)
	out.rule.Matches = m.matches
	f := httpFilters(in.Filters, field+".filters", m.onlyPrefixes, &out.faults)
	unsupportedFields(in, field, &out.faults)
	forward := refs.forward(in.BackendRefs, field+".backendRefs", m.onlyPrefixes, &out)
	switch {
	case f.redirect == nil:
		out.rule.Action = &config.HttpRule_Forward{Forward: forward}
	case len(in.BackendRefs) > 0:
		out.faults.add(faultf(string(gwv1.RouteReasonUnsupportedValue), field+".backendRefs",
			"must be empty beside a RequestRedirect filter"))
	default:
		out.rule.Action = &config.HttpRule_Redirect{Redirect: f.redirect}
	}
	out.rule.Filters = f.filters
	if len(out.faults) > 0 {
		out.rule = refusing(m, out.faults)
	}
	return out
}

// refusing keeps a faulty rule's place: nil if no match of it is sound.
func refusing(m matchSet, why faults) *config.HttpRule {
	if len(m.matches) == 0 && m.faulty {
		return nil
	}
	return &config.HttpRule{
		Matches:    m.matches,
		Precedence: config.Precedence_PRECEDENCE_BY_SPECIFICITY,
		Action:     &config.HttpRule_Forward{Forward: &config.Forward{Backends: []*config.WeightedBackend{failing(why.String(), 1)}}},
	}
}

func unsupportedFields(in *gwv1.HTTPRouteRule, field string, out *faults) {
	note := func(set bool, name string) {
		if set {
			out.add(faultf(string(gwv1.RouteReasonUnsupportedValue), field+"."+name, "is not supported yet"))
		}
	}
	note(in.Timeouts != nil, "timeouts")
	note(in.Retry != nil, "retry")
	note(in.SessionPersistence != nil, "sessionPersistence")
}

func httpResources(in *gwv1.HTTPRoute, rules []httpRule, attachments []*config.Attachment) []*config.Resource {
	var out []*config.Resource
	for i, r := range rules {
		if r.rule == nil {
			continue
		}
		out = append(out, config.Wrap(&config.Route{
			Name: "httproute/" + key(in) + "/" + strconv.Itoa(i),
			Origin: &config.Origin{
				Group:      gwv1.GroupName,
				Kind:       string(kindHTTPRoute),
				Namespace:  in.Namespace,
				Name:       in.Name,
				Generation: in.Generation,
				Field:      fieldAt("spec.rules", i),
			},
			Attachments: attachments,
			Order:       order(in, i),
			DisplayName: cmp.Or(r.name, key(in)),
			Rule:        &config.Route_Http{Http: r.rule},
		}))
	}
	return out
}

// verdict is what holds for a route on every parent.
type verdict struct {
	rejected   *Fault // no rule is sound
	dropped    *Fault // some are not
	unresolved faults
}

func judge(rules []httpRule) verdict {
	var v verdict
	var all faults
	var bad []string
	for i, r := range rules {
		v.unresolved = append(v.unresolved, r.refs...)
		all = append(all, r.faults...)
		if len(r.faults) > 0 {
			bad = append(bad, strconv.Itoa(i))
		}
	}
	switch len(bad) {
	case 0:
	case len(rules):
		v.rejected = &Fault{Reason: all[0].Reason, Message: all.String()}
	default:
		plural := ""
		if len(bad) > 1 {
			plural = "s"
		}
		v.dropped = faultf(all[0].Reason, "", "Dropped Rule%s %s: %s; requests that their sound matches take are answered 500",
			plural, strings.Join(bad, ", "), all)
	}
	return v
}

// routeStatus sets Accepted and ResolvedRefs on every parent. A parent's own reason comes
// before the route's.
func (t Translator) routeStatus(all []bound, v verdict, generation int64) gwv1.RouteStatus {
	out := gwv1.RouteStatus{Parents: []gwv1.RouteParentStatus{}}
	for _, b := range all {
		out.Parents = append(out.Parents, gwv1.RouteParentStatus{
			ParentRef:      b.ref,
			ControllerName: t.Controller,
			Conditions:     parentConditions(cmp.Or(b.fault, v.rejected), v, generation),
		})
	}
	return out
}

func parentConditions(fault *Fault, v verdict, generation int64) []metav1.Condition {
	accepted := met(gwv1.RouteConditionAccepted, gwv1.RouteReasonAccepted, "the route is attached", generation)
	if fault != nil {
		accepted = unmet(gwv1.RouteConditionAccepted, fault.Reason, fault.String(), generation)
	}
	resolved := met(gwv1.RouteConditionResolvedRefs, gwv1.RouteReasonResolvedRefs, "all references are resolved", generation)
	if len(v.unresolved) > 0 {
		resolved = unmet(gwv1.RouteConditionResolvedRefs, v.unresolved[0].Reason, v.unresolved.String(), generation)
	}
	out := []metav1.Condition{accepted, resolved}
	if v.dropped != nil && fault == nil {
		out = append(out, met(gwv1.RouteConditionPartiallyInvalid, v.dropped.Reason, v.dropped.Message, generation))
	}
	return out
}

// failing is a share that is answered 500.
func failing(why string, weight uint32) *config.WeightedBackend {
	return &config.WeightedBackend{
		Target: &config.WeightedBackend_Failure{Failure: &config.Failure{Status: 500, Reason: why}},
		Weight: weight,
	}
}
