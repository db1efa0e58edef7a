package gatewayapi

import (
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// Referrer is the object that a cross-namespace reference comes from.
type Referrer struct {
	Group     gwv1.Group
	Kind      gwv1.Kind
	Namespace string
}

// Referent is the object that a reference names.
type Referent struct {
	Group           gwv1.Group
	Kind            gwv1.Kind
	Namespace, Name string
}

// Permits reports whether one of the grants allows the reference. They are the
// ReferenceGrants of the referent's namespace; others are not looked at. A reference
// within a namespace needs none.
func Permits(grants []*gwv1.ReferenceGrant, from Referrer, to Referent) bool {
	if from.Namespace == to.Namespace {
		return true
	}
	for _, g := range grants {
		if g.Namespace == to.Namespace && trusts(g, from) && covers(g, to) {
			return true
		}
	}
	return false
}

func trusts(g *gwv1.ReferenceGrant, from Referrer) bool {
	for _, f := range g.Spec.From {
		if f.Group == from.Group && f.Kind == from.Kind && string(f.Namespace) == from.Namespace {
			return true
		}
	}
	return false
}

// A "to" without a name, or with an empty one, covers every object of its kind.
func covers(g *gwv1.ReferenceGrant, to Referent) bool {
	for _, t := range g.Spec.To {
		if t.Group != to.Group || t.Kind != to.Kind {
			continue
		}
		if name := deref(t.Name); name == "" || string(name) == to.Name {
			return true
		}
	}
	return false
}
