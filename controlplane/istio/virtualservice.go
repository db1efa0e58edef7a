package istio

import (
	"fmt"
	"maps"
	"slices"

	api "istio.io/api/networking/v1"
	networking "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Service is a host of the registry: of a Kubernetes Service or a ServiceEntry.
type Service struct {
	// Host is its full name: "nginx.shop.svc.cluster.local".
	Host      string
	Namespace string
	// Ports in the order of the object.
	Ports []uint32
	// Refused are those of Ports to which nothing is sent, because of their protocol.
	Refused []uint32
	// ExportTo says who may see it; empty: everyone.
	ExportTo []string
}

// Lookups are what a VirtualService may look up. All are required. What they return is
// shared and not changed.
type Lookups struct {
	// Gateway returns the Binding of a Gateway, or nil if there is no such Gateway.
	Gateway func(namespace, name string) *Binding
	// VirtualService returns one by name, or nil: a delegate.
	VirtualService func(namespace, name string) *networking.VirtualService
	// Delegators returns the VirtualServices that delegate to this one.
	Delegators func(namespace, name string) []*networking.VirtualService
	// Service returns the registry's entry for a host, seen from a namespace: one in that
	// namespace first, else the oldest.
	Service func(host, namespace string) (Service, bool)
	// ServiceEntry returns the name of a ServiceEntry whose wildcard host covers the host.
	ServiceEntry func(host string) (Object, bool)
	// Rules returns the DestinationRules indexed under HostKeys(host), in any order: see RuleHost.
	Rules func(host string) []*networking.DestinationRule
}

// VirtualServiceResult is a translated VirtualService.
type VirtualServiceResult struct {
	Routes   []*config.Route
	Findings []Finding
}

const meshGateway = "mesh"

var virtualServiceFields = fields{
	"hosts":    done,
	"gateways": done,
	"exportTo": done,
	"http":     partly,
}

var httpRouteFields = fields{
	"name":                 done,
	"match":                partly,
	"match.name":           done,
	"match.uri":            done,
	"match.scheme":         done,
	"match.method":         done,
	"match.authority":      done,
	"match.headers":        done,
	"match.port":           done,
	"match.sourceLabels":   done,
	"match.gateways":       done,
	"match.queryParams":    done,
	"match.ignoreUriCase":  done,
	"match.withoutHeaders": done,
	// match.statPrefix: not enforced
	"match.sourceNamespace": done,
	"route":                 done,
	"redirect":              done,
	"directResponse":        done,
	"delegate":              done,
	"rewrite":               done,
	"headers":               done,
}

// VirtualService translates the http rules of a VirtualService and of its delegates. A
// delegate by itself has no routes.
func (p Proxy) VirtualService(vs *networking.VirtualService, look Lookups) VirtualServiceResult {
	t := vsTranslation{proxy: p, vs: vs, object: object("VirtualService", vs), look: look}
	t.reportFields()
	if len(vs.Spec.GetHosts()) == 0 {
		t.reportDelegate()
		return VirtualServiceResult{nil, SortFindings(t.findings)}
	}
	if servers := t.bind(); len(servers) > 0 {
		t.routes(servers)
	}
	return VirtualServiceResult{t.out, SortFindings(t.findings)}
}

type vsTranslation struct {
	report
	proxy  Proxy
	vs     *networking.VirtualService
	object Object
	look   Lookups
	out    []*config.Route
}

func (t *vsTranslation) spec(format string, args ...any) at {
	return at{&t.report, t.object, "spec"}.in(format, args...)
}

// reportFields reports what is set and not translated.
func (t *vsTranslation) reportFields() {
	spec := &t.vs.Spec
	top := at{&t.report, t.object, "spec"}
	table := fields{"http": done}
	for path, what := range virtualServiceFields {
		if path != "http" {
			table[path] = what
		}
	}
	reportUnenforced(top, spec, table)
	for i, route := range spec.GetHttp() {
		reportUnenforced(t.spec("http[%d]", i), route, asksNothing(route))
	}
}

// asksNothing returns the table for a rule: a timeout of zero and no retries are what happens anyway.
func asksNothing(route *api.HTTPRoute) fields {
	timeout := route.GetTimeout() != nil && route.GetTimeout().AsDuration() == 0
	retries := route.GetRetries() != nil && route.GetRetries().GetAttempts() == 0
	if !timeout && !retries {
		return httpRouteFields
	}
	table := maps.Clone(httpRouteFields)
	if timeout {
		table["timeout"] = done
	}
	if retries {
		table["retries"] = done
	}
	return table
}

// reportDelegate reports on a VirtualService without hosts.
func (t *vsTranslation) reportDelegate() {
	if len(t.vs.Spec.GetGateways()) > 0 {
		t.spec("gateways").warn(Delegation, "has no effect: without hosts this is a delegate, and its root's gateways count")
	}
	for i, route := range t.vs.Spec.GetHttp() {
		if route.GetDelegate() != nil {
			t.spec("http[%d].delegate", i).fail(Delegation, "a delegate cannot delegate: this rule is not served")
		}
	}
	roots := t.look.Delegators(t.vs.Namespace, t.vs.Name)
	if len(roots) == 0 {
		t.spec("hosts").info(NotBound, "no hosts, so a delegate; but no VirtualService delegates to it")
		return
	}
	names := make([]string, len(roots))
	for i, r := range roots {
		names[i] = r.Namespace + "/" + r.Name
	}
	slices.Sort(names)
	t.spec("hosts").info(Merged, "no hosts, so a delegate: rules of %s delegate to it", quoted(slices.Compact(names)))
}

// Delegates returns the "namespace/name" of the delegates of a VirtualService, for an index
// behind Lookups.Delegators.
func Delegates(vs *networking.VirtualService) []string {
	var out []string
	for _, route := range vs.Spec.GetHttp() {
		if d := route.GetDelegate(); d != nil {
			out = append(out, delegateNamespace(d, vs.Namespace)+"/"+d.GetName())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// routes makes the Routes of all rules for all servers.
func (t *vsTranslation) routes(servers []boundServer) {
	rules := t.expand()
	for i := range rules {
		t.matches(&rules[i])
	}
	uses := make([]map[string][]boundServer, len(rules)) // variant of a rule -> servers that have it
	live := make([]bool, len(rules))
	for _, s := range servers {
		ended := ""
		for i := range rules {
			r := &rules[i]
			v := r.variant(t.proxy, s)
			if v.never() {
				continue
			}
			if ended != "" {
				if !live[i] {
					r.at.warn(Unreachable, "never used: %s takes every request before it", ended)
					live[i] = true // said once
				}
				continue
			}
			live[i] = true
			if uses[i] == nil {
				uses[i] = map[string][]boundServer{}
			}
			uses[i][v.key()] = append(uses[i][v.key()], s)
			if v.catchAll >= 0 {
				ended = r.at.field
				r.reportAfterCatchAll(v)
			}
		}
	}
	for i := range rules {
		if !live[i] {
			t.reportNever(&rules[i])
		}
		t.emit(&rules[i], uses[i])
	}
}

func (t *vsTranslation) reportNever(r *rule) {
	if len(r.matches) == 0 {
		return // what is wrong with its matches has been said
	}
	r.at.in("match").info(NotBound, "matches no request at this gateway: its port, gateways, sourceLabels or sourceNamespace name something else")
}

// emit makes a Route for each variant, and one for its catch-all match, which ranks last.
func (t *vsTranslation) emit(r *rule, uses map[string][]boundServer) {
	variants := slices.SortedFunc(maps.Values(uses), func(a, b []boundServer) int { return slices.Compare(listeners(a), listeners(b)) })
	for i, servers := range variants {
		name := r.name
		if i > 0 { // servers differ in what they take of the rule
			name += "@" + slices.Min(listeners(servers))
		}
		plain, last := r.variant(t.proxy, servers[0]).split(r)
		if plain != nil {
			t.add(r, t.route(r, name, servers, plain))
		}
		if last != nil {
			if plain != nil {
				name += "/last"
			}
			route := t.route(r, name, servers, last)
			route.GetHttp().Precedence = config.Precedence_PRECEDENCE_IN_ORDER_LAST
			t.add(r, route)
		}
	}
}

// add keeps a Route if a proxy would. What the contract does not permit in its action makes it answer
// 500, as a proxy that refused the Route would send its requests on to other rules.
func (t *vsTranslation) add(r *rule, route *config.Route) {
	err := config.Validate(config.Wrap(route))
	if err == nil {
		t.out = append(t.out, route)
		return
	}
	http := route.GetHttp()
	http.Action, http.Filters = refuse("the rule is not permitted"), nil
	if config.Validate(config.Wrap(route)) == nil {
		r.at.fail(Invalid, "answered 500: %v", err)
		t.out = append(t.out, route)
		return
	}
	r.at.fail(Invalid, "not served: %v", err)
}

// route makes a Route for servers that are alike to the rule.
func (t *vsTranslation) route(r *rule, name string, servers []boundServer, matches []*config.HttpMatch) *config.Route {
	http := &config.HttpRule{Matches: matches, Precedence: config.Precedence_PRECEDENCE_IN_ORDER}
	t.act(r, servers[0].Port, http)
	route := &config.Route{
		Name:        name,
		Origin:      r.at.object.origin(r.owner, r.at.field),
		Order:       order(t.vs, r.index),
		DisplayName: r.displayName(t.vs.Name),
		Rule:        &config.Route_Http{Http: http},
	}
	for _, s := range servers {
		route.Attachments = append(route.Attachments, &config.Attachment{Listener: s.Listener, Hostnames: s.hosts})
	}
	return route
}

func listeners(servers []boundServer) []string {
	out := make([]string, len(servers))
	for i, s := range servers {
		out[i] = s.Listener
	}
	return out
}

func (r *rule) displayName(object string) string {
	name := r.http.GetName()
	if name == "" {
		name = object
	}
	if len(r.matches) == 1 && r.matches[0].source.GetName() != "" {
		name += "." + r.matches[0].source.GetName()
	}
	return name
}

func ruleName(vs *networking.VirtualService, i int) string {
	return fmt.Sprintf("virtualservice/%s/%s/%d", vs.Namespace, vs.Name, i)
}
