package istio

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	api "istio.io/api/networking/v1"
	networking "istio.io/client-go/pkg/apis/networking/v1"
)

// rule is one http rule as it is served: of the VirtualService itself, or of a delegate
// with the root's rule merged in.
type rule struct {
	name string
	// index is its place among all rules of the root.
	index int
	http  *api.HTTPRoute
	// owner is the object whose namespace completes names; at is the rule in it.
	owner *networking.VirtualService
	at    at
	// matches are http.match translated; those that cannot match are left out.
	matches []ruleMatch
}

func delegateNamespace(d *api.Delegate, root string) string {
	if ns := d.GetNamespace(); ns != "" {
		return ns
	}
	return root
}

// expand puts delegates' rules in the place of the rules that delegate.
func (t *vsTranslation) expand() []rule {
	var out []rule
	for i, http := range t.vs.Spec.GetHttp() {
		a := t.spec("http[%d]", i)
		if http.GetDelegate() == nil {
			out = append(out, rule{name: ruleName(t.vs, i), index: len(out), http: http, owner: t.vs, at: a})
			continue
		}
		for _, r := range t.delegated(a, i, http) {
			r.index = len(out)
			out = append(out, r)
		}
	}
	return out
}

// delegated returns the rules of a delegate, merged with the root's rule.
func (t *vsTranslation) delegated(a at, i int, root *api.HTTPRoute) []rule {
	if len(root.GetRoute()) > 0 || root.GetRedirect() != nil || root.GetDirectResponse() != nil {
		a.warn(Delegation, "has a delegate, so its route, redirect and directResponse have no effect")
	}
	a = a.in("delegate")
	ns, name := delegateNamespace(root.GetDelegate(), t.vs.Namespace), root.GetDelegate().GetName()
	d := t.look.VirtualService(ns, name)
	switch {
	case d == nil:
		a.fail(NotFound, "VirtualService %s/%s does not exist: the rule is not served", ns, name)
		return nil
	case len(d.Spec.GetHosts()) > 0:
		a.fail(Delegation, "VirtualService %s/%s has hosts, so it is no delegate: the rule is not served", ns, name)
		return nil
	case !exported(d.Spec.GetExportTo(), ns, t.vs.Namespace):
		a.fail(NotExported, "VirtualService %s/%s is not exported to namespace %q: the rule is not served", ns, name, t.vs.Namespace)
		return nil
	}
	var out []rule
	for j, leaf := range d.Spec.GetHttp() {
		if leaf.GetDelegate() != nil {
			continue // reported on the delegate
		}
		sub := at{&t.report, object("VirtualService", d), fmt.Sprintf("spec.http[%d]", j)}
		merged, why := mergeRules(qualified(root, t.vs.Namespace), qualified(leaf, ns))
		if merged == nil {
			sub.in("match").fail(Delegation, "not within the matches of %s %s: %s; the rule is not served there", t.object, a.field, why)
			a.fail(Delegation, "http[%d] of VirtualService %s/%s is not within this rule's matches and is not served: %s", j, ns, name, why)
			continue
		}
		out = append(out, rule{
			name: fmt.Sprintf("%s/%s/%s/%d", ruleName(t.vs, i), ns, name, j), http: merged, owner: d, at: sub,
		})
	}
	return out
}

// qualified returns a rule whose matches name gateways with their namespaces.
func qualified(http *api.HTTPRoute, namespace string) *api.HTTPRoute {
	out := proto.CloneOf(http)
	for _, m := range out.GetMatch() {
		for i, g := range m.Gateways {
			if ns, name := gatewayRef(g, namespace); g != meshGateway {
				m.Gateways[i] = ns + "/" + name
			}
		}
	}
	return out
}

// mergeRules merges a delegate's rule with its root's, or says why it cannot. What the delegate
// sets wins.
func mergeRules(root, leaf *api.HTTPRoute) (*api.HTTPRoute, string) {
	matches, why := mergeMatches(root.GetMatch(), leaf.GetMatch())
	if why != "" {
		return nil, why
	}
	out := proto.CloneOf(leaf)
	out.Match = matches
	out.Name = joinNames(root.GetName(), leaf.GetName())
	if out.Rewrite == nil {
		out.Rewrite = root.GetRewrite()
	}
	if out.Headers == nil {
		out.Headers = root.GetHeaders()
	}
	// Timeout, retries, fault, mirrors and corsPolicy are inherited too. They are not enforced
	// yet and have been reported where they stand.
	return out, ""
}

func joinNames(root, leaf string) string {
	if root == "" || leaf == "" {
		return root + leaf
	}
	return root + "-" + leaf
}

// mergeMatches returns each pair of a root's and a delegate's match that can hold together. Every
// match of the delegate must fit into one of the root's.
func mergeMatches(root, leaf []*api.HTTPMatchRequest) ([]*api.HTTPMatchRequest, string) {
	if len(root) == 0 {
		return leaf, ""
	}
	if len(leaf) == 0 {
		return root, ""
	}
	var out []*api.HTTPMatchRequest
	for i, l := range leaf {
		fits, why := false, ""
		for _, r := range root {
			if conflict := matchConflict(r, l); conflict != "" {
				why = conflict
				continue
			}
			out = append(out, mergeMatch(r, l))
			fits = true
		}
		if !fits {
			return nil, fmt.Sprintf("match[%d].%s", i, why)
		}
	}
	return out, ""
}

func mergeMatch(root, leaf *api.HTTPMatchRequest) *api.HTTPMatchRequest {
	out := proto.CloneOf(leaf)
	out.Name = joinNames(root.GetName(), leaf.GetName())
	for _, f := range []struct {
		into **api.StringMatch
		from *api.StringMatch
	}{{&out.Uri, root.Uri}, {&out.Scheme, root.Scheme}, {&out.Method, root.Method}, {&out.Authority, root.Authority}} {
		if *f.into == nil {
			*f.into = f.from
		}
	}
	out.Headers = mergeMaps(root.Headers, leaf.Headers)
	out.WithoutHeaders = mergeMaps(root.WithoutHeaders, leaf.WithoutHeaders)
	out.QueryParams = mergeMaps(root.QueryParams, leaf.QueryParams)
	out.SourceLabels = mergeMaps(root.SourceLabels, leaf.SourceLabels)
	if out.Port == 0 {
		out.Port = root.Port
	}
	if out.SourceNamespace == "" {
		out.SourceNamespace = root.SourceNamespace
	}
	if len(out.Gateways) == 0 {
		out.Gateways = root.Gateways
	}
	return out
}

func mergeMaps[V any](root, leaf map[string]V) map[string]V {
	if len(root) == 0 {
		return leaf
	}
	out := maps.Clone(root)
	maps.Copy(out, leaf)
	return out
}

// matchConflict names the field in which a delegate's match reaches beyond its root's, or "".
// The rules are Istio's, stricter than need be: an expression fits into nothing but an
// absent field.
func matchConflict(root, leaf *api.HTTPMatchRequest) string {
	for _, f := range []struct {
		name       string
		root, leaf *api.StringMatch
	}{
		{"uri", root.Uri, leaf.Uri},
		{"scheme", root.Scheme, leaf.Scheme},
		{"method", root.Method, leaf.Method},
		{"authority", root.Authority, leaf.Authority},
	} {
		if beyond(f.root, f.leaf) {
			return f.name
		}
	}
	for _, f := range []struct {
		name       string
		root, leaf map[string]*api.StringMatch
	}{
		{"headers", root.Headers, leaf.Headers},
		{"withoutHeaders", root.WithoutHeaders, leaf.WithoutHeaders},
		{"queryParams", root.QueryParams, leaf.QueryParams},
	} {
		for _, key := range slices.Sorted(maps.Keys(f.leaf)) {
			if beyond(f.root[key], f.leaf[key]) {
				return f.name + "[" + key + "]"
			}
		}
	}
	switch {
	case root.IgnoreUriCase != leaf.IgnoreUriCase:
		return "ignoreUriCase"
	case root.Port != 0 && leaf.Port != 0 && root.Port != leaf.Port:
		return "port"
	case root.SourceNamespace != "" && root.SourceNamespace != leaf.SourceNamespace:
		return "sourceNamespace"
	}
	for k, v := range leaf.SourceLabels {
		if have, ok := root.SourceLabels[k]; ok && have != v {
			return "sourceLabels"
		}
	}
	if len(root.Gateways) > 0 {
		for _, g := range leaf.Gateways {
			if !slices.Contains(root.Gateways, g) {
				return "gateways"
			}
		}
	}
	return ""
}

// beyond reports whether a leaf's condition is not a part of the root's.
func beyond(root, leaf *api.StringMatch) bool {
	if root == nil || leaf == nil {
		return false
	}
	switch {
	case root.GetRegex() != "" || leaf.GetRegex() != "":
		return true
	case root.GetExact() != "":
		return leaf.GetExact() != root.GetExact()
	case root.GetPrefix() != "" && leaf.GetPrefix() != "":
		return !strings.HasPrefix(leaf.GetPrefix(), root.GetPrefix())
	case root.GetPrefix() != "" && leaf.GetExact() != "":
		return !strings.HasPrefix(leaf.GetExact(), root.GetPrefix())
	}
	return true
}
