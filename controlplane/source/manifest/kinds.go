package manifest

import (
	"reflect"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/fairlead-mesh/fairlead/controlplane/source"
	"github.com/fairlead-mesh/fairlead/controlplane/source/validate"
)

type groupKind struct{ group, kind string }

// kind is how one kind is decoded.
type kind struct {
	groupKind
	// versions are those accepted; the first is the internal one, which every object is delivered in.
	versions []string
	cluster  bool
	names    validate.Naming
	decode   func(n *yaml.Node, key source.Key, b *budget) (source.Typed, []Fault)
	// same reports whether two objects ask for the same thing, metadata aside.
	same func(a, b source.Typed) bool
}

// object is a pointer to an API type.
type object[T any] interface {
	*T
	source.Typed
	GetObjectMeta() metav1.Object
}

// rules are what a kind adds to plain decoding. Either may be nil.
type rules[P any] struct {
	defaults func(P)
	check    func(P) []validate.Fault
}

// kubeKind is a kind whose Go type is plain Kubernetes.
// A required spec that is absent is a fault; one that is present but empty is left to the checks.
func kubeKind[T any, P object[T]](k kind, specRequired bool, r rules[P]) kind {
	k.decode = func(n *yaml.Node, key source.Key, b *budget) (source.Typed, []Fault) {
		obj := P(new(T))
		if faults := decodeKube(n, obj, b, "status"); len(faults) > 0 {
			return nil, faults
		}
		if spec := get(n, "spec"); specRequired && (spec == nil || isNull(spec)) {
			return nil, []Fault{{Field: "spec", Reason: "required", line: n.Line}}
		}
		return finish(k, obj, key, r)
	}
	k.same = func(a, b source.Typed) bool {
		x, ok := a.(P)
		y, ok2 := b.(P)
		if !ok || !ok2 {
			return false
		}
		cx, cy := *x, *y
		clearMeta(P(&cx))
		clearMeta(P(&cy))
		return reflect.DeepEqual(&cx, &cy)
	}
	return k
}

// clearMeta empties an object's metadata, so that only what it asks for is compared.
func clearMeta(o source.Typed) {
	if acc, ok := o.(metav1.ObjectMetaAccessor); ok {
		if m, ok := acc.GetObjectMeta().(*metav1.ObjectMeta); ok {
			*m = metav1.ObjectMeta{}
		}
	}
}

// protoKind is a kind whose spec is one of Istio's protobuf messages.
func protoKind[T any, P object[T]](k kind, spec func(P) proto.Message, check func(P) []validate.Fault) kind {
	k.decode = func(n *yaml.Node, key source.Key, b *budget) (source.Typed, []Fault) {
		obj := P(new(T))
		faults := decodeKube(n, obj, b, "spec", "status")
		if s := get(n, "spec"); s != nil && !isNull(s) {
			at := (*validate.Path)(nil).Field("spec")
			faults = append(faults, decodeProto(s, at, spec(obj), b)...)
		}
		if len(faults) > 0 {
			return nil, faults
		}
		return finish(k, obj, key, rules[P]{check: check})
	}
	k.same = func(a, b source.Typed) bool {
		x, ok := a.(P)
		y, ok2 := b.(P)
		return ok && ok2 && proto.Equal(spec(x), spec(y))
	}
	return k
}

// finish does what an API server does with a decoded object: settle the metadata, default, validate.
func finish[P source.Typed](k kind, obj P, key source.Key, r rules[P]) (source.Typed, []Fault) {
	obj.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{Group: k.group, Version: k.versions[0], Kind: k.kind})
	acc, ok := any(obj).(metav1.ObjectMetaAccessor)
	if !ok {
		return nil, []Fault{{Reason: "has no metadata"}}
	}
	meta, ok := acc.GetObjectMeta().(*metav1.ObjectMeta)
	if !ok {
		return nil, []Fault{{Reason: "has no metadata"}}
	}
	settle(meta, key)
	faults := validate.Meta(meta, k.names, k.cluster)
	if r.defaults != nil {
		r.defaults(obj)
	}
	if r.check != nil {
		faults = append(faults, r.check(obj)...)
	}
	if len(faults) > 0 {
		return nil, fromValidate(faults)
	}
	return obj, nil
}

// Same reports whether two objects are equal: the first result for what users ask for (the spec, which counts
// generations), the second for labels, annotations and the rest of the metadata but generation.
func (d *Decoder) Same(key source.Key, a, b source.Typed) (spec, meta bool) {
	k, ok := d.kinds[groupKind{key.Group, key.Kind}]
	if !ok {
		return false, false
	}
	return k.same(a, b), sameMeta(a, b)
}
