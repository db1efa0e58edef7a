package source

import (
	"cmp"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Typed is a Kubernetes API object: metadata plus its group, version and kind.
type Typed interface {
	metav1.Object
	runtime.Object
}

// Object is one API object and where it was read.
//
// Its concrete type is the one internal version of its kind (gateway.networking.k8s.io v1, networking.istio.io v1,
// v1, discovery.k8s.io/v1) whatever version the document named. Status is always empty: a source delivers what
// users want, not what controllers found. Never modify a delivered object.
type Object struct {
	Typed
	// Origin is where the object was read when it last changed. Lines that were merely moved by an edit above
	// them do not make a Change, so Origin may lag behind the file until the object itself changes.
	Origin Origin
}

// As returns the object as its concrete type, for example As[*gatewayv1.HTTPRoute](o).
func As[T Typed](o *Object) (T, bool) {
	if o == nil {
		var none T
		return none, false
	}
	t, ok := o.Typed.(T)
	return t, ok
}

// Origin is a place in a manifest. The zero Origin means "not from a file".
type Origin struct {
	// File is the path as the user would write it: the given directory joined with the name inside it.
	File string
	// Line is the first line of the document or List item, counted from 1.
	Line int
	// Index counts the objects of the file from 0; items of a List count one each.
	Index int
}

// String gives "file:line".
func (o Origin) String() string {
	if o.Line == 0 {
		return o.File
	}
	return o.File + ":" + strconv.Itoa(o.Line)
}

// Compare orders origins by file, then by position in it.
func (o Origin) Compare(p Origin) int {
	return cmp.Or(cmp.Compare(o.File, p.File), cmp.Compare(o.Line, p.Line), cmp.Compare(o.Index, p.Index))
}

// Key identifies an object whatever its version: networking.istio.io v1, v1beta1 and v1alpha3 of one
// VirtualService are one object. Namespace is empty for cluster-scoped kinds.
type Key struct {
	Group, Kind, Namespace, Name string
}

// String gives "HTTPRoute default/shop", or "GatewayClass fairlead" for a cluster-scoped kind.
// Istio's Gateway and Gateway API's share a kind, so Istio's carries its group:
// "Gateway.networking.istio.io default/edge".
func (k Key) String() string {
	kind := k.Kind
	if k.Kind == "Gateway" && k.Group == "networking.istio.io" {
		kind += "." + k.Group
	}
	if k.Namespace == "" {
		return kind + " " + k.Name
	}
	return kind + " " + k.Namespace + "/" + k.Name
}

// Compare orders keys by group, kind, namespace, name.
func (k Key) Compare(l Key) int {
	return cmp.Or(cmp.Compare(k.Group, l.Group), cmp.Compare(k.Kind, l.Kind),
		cmp.Compare(k.Namespace, l.Namespace), cmp.Compare(k.Name, l.Name))
}
