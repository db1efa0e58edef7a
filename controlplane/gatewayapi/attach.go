package gatewayapi

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// route is what attaching needs to know of a route of any kind.
type route struct {
	kind      gwv1.Kind
	namespace string
	// hostnames in lower case; "*" alone if the route has none.
	hostnames []string
	refs      []gwv1.ParentReference
}

// bound is one parentRef to a Gateway of ours and what came of it.
type bound struct {
	ref       gwv1.ParentReference // as in the spec, with group and kind
	parent    *Parent
	listeners []*Listener // the route is attached to; empty if fault is set
	fault     *Fault
}

// Section names a listener of a Gateway, for counting.
type Section struct {
	// Namespace and Gateway are those of the Gateway.
	Namespace, Gateway string
	Name               gwv1.SectionName
}

// bind resolves every parentRef that names a Gateway of ours, in order. Others, such as
// Services and Gateways of other controllers, are not ours to speak of.
func (r *route) bind(look Lookups) []bound {
	var out []bound
	for i, ref := range r.refs {
		ref.Group = new(derefOr(ref.Group, gwv1.GroupName))
		ref.Kind = new(derefOr(ref.Kind, kindGateway))
		if *ref.Group != gwv1.GroupName || *ref.Kind != kindGateway {
			continue
		}
		parent := look.Parent(string(derefOr(ref.Namespace, gwv1.Namespace(r.namespace))), string(ref.Name))
		if parent == nil {
			continue
		}
		b := bound{ref: ref, parent: parent}
		b.listeners, b.fault = r.attach(parent, ref, fieldAt("spec.parentRefs", i), look)
		out = append(out, b)
	}
	return out
}

// attach narrows a Gateway's listeners to those that the parentRef means, then to those
// that allow the route, then to those it shares a hostname with. The step that leaves
// none gives the reason.
func (r *route) attach(
	p *Parent, ref gwv1.ParentReference, field string, look Lookups,
) ([]*Listener, *Fault) {
	var meant, allowed, matching []*Listener
	for i := range p.Listeners {
		if l := &p.Listeners[i]; means(ref, l) {
			meant = append(meant, l)
		}
	}
	if len(meant) == 0 {
		return nil, faultf(string(gwv1.RouteReasonNoMatchingParent), field,
			"the Gateway has no listener%s", wanted(ref))
	}
	for _, l := range meant {
		if r.isAllowed(l, p.Namespace, look) {
			allowed = append(allowed, l)
		}
	}
	if len(allowed) == 0 {
		return nil, faultf(string(gwv1.RouteReasonNotAllowedByListeners), field,
			"no listener allows a %s of namespace %s", r.kind, r.namespace)
	}
	for _, l := range allowed {
		if len(intersecting(l.Hostname, r.hostnames)) > 0 {
			matching = append(matching, l)
		}
	}
	if len(matching) == 0 {
		return nil, faultf(string(gwv1.RouteReasonNoMatchingListenerHostname), field,
			"no listener has a hostname in common with %s", strings.Join(r.hostnames, ", "))
	}
	return matching, nil
}

func means(ref gwv1.ParentReference, l *Listener) bool {
	if s := deref(ref.SectionName); s != "" && s != l.Section {
		return false
	}
	return ref.Port == nil || *ref.Port == l.Port
}

func wanted(ref gwv1.ParentReference) string {
	out := ""
	if s := deref(ref.SectionName); s != "" {
		out += " named " + string(s)
	}
	if ref.Port != nil {
		out += fmt.Sprintf(" on port %d", *ref.Port)
	}
	return out
}

func (r *route) isAllowed(l *Listener, gatewayNamespace string, look Lookups) bool {
	if !l.takes(r.kind) {
		return false
	}
	switch l.From {
	case gwv1.NamespacesFromAll:
		return true
	case gwv1.NamespacesFromSame:
		return r.namespace == gatewayNamespace
	case gwv1.NamespacesFromSelector:
		return l.Selector.Matches(namespaceLabels(r.namespace, look))
	default: // None, and what is not known
		return false
	}
}

// namespaceLabels adds the label that an API server gives every Namespace, so that it
// works for files without Namespaces.
func namespaceLabels(name string, look Lookups) labels.Set {
	set := labels.Set{corev1.LabelMetadataName: name}
	for k, v := range look.NamespaceLabels(name) {
		if k != corev1.LabelMetadataName {
			set[k] = v
		}
	}
	return set
}

// attachments are the contract's, one for each Listener that can serve, sorted by name.
// Several parentRefs may mean one listener.
func (r *route) attachments(all []bound) []*config.Attachment {
	hosts := map[string][]string{}
	for _, b := range all {
		if b.parent.Refused != nil {
			continue
		}
		for _, l := range b.listeners {
			if !l.serves() {
				continue
			}
			for _, name := range l.Names {
				hosts[name] = intersecting(l.Hostname, r.hostnames)
			}
		}
	}
	out := make([]*config.Attachment, 0, len(hosts))
	for name, h := range hosts {
		out = append(out, &config.Attachment{Listener: name, Hostnames: h})
	}
	slices.SortFunc(out, func(a, b *config.Attachment) int { return strings.Compare(a.Listener, b.Listener) })
	return out
}

// sections lists the listeners that a route is attached to, each once.
func sections(all []bound) []Section {
	var out []Section
	for _, b := range all {
		for _, l := range b.listeners {
			s := Section{Namespace: b.parent.Namespace, Gateway: b.parent.Name, Name: l.Section}
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}
