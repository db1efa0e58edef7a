package collect

import (
	"bytes"
	"reflect"

	"google.golang.org/protobuf/proto"
)

// equalOf returns the default equality of a type; see [WithEqual].
func equalOf[T any]() func(a, b T) bool {
	t := reflect.TypeFor[T]()
	c := comparer{messages: map[reflect.Type]bool{}}
	switch {
	case c.isMessage(t):
		return func(a, b T) bool { return proto.Equal(any(a).(proto.Message), any(b).(proto.Message)) }
	case t.Implements(reflect.TypeFor[interface{ Equal(T) bool }]()) && t.Kind() != reflect.Interface:
		return func(a, b T) bool { return any(a).(interface{ Equal(T) bool }).Equal(b) }
	}
	return func(a, b T) bool {
		return c.equal(reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem())
	}
}

// comparer does what reflect.DeepEqual does, but for protobuf messages, wherever they are, which it gives to
// proto.Equal: messages hold caches, and two equal ones may differ in them. Unlike DeepEqual it does not end on
// values that contain themselves. It belongs to one table, and so to the holder of Graph.mu.
type comparer struct {
	messages map[reflect.Type]bool // whether a type is a message, for types seen
}

func (c comparer) equal(a, b reflect.Value) bool {
	if !a.IsValid() || !b.IsValid() {
		return a.IsValid() == b.IsValid()
	}
	if a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Pointer:
		return c.pointers(a, b)
	case reflect.Interface:
		return c.equal(a.Elem(), b.Elem())
	case reflect.Struct:
		return c.structs(a, b)
	case reflect.Slice:
		return c.slices(a, b)
	case reflect.Array:
		return c.elements(a, b)
	case reflect.Map:
		return c.maps(a, b)
	case reflect.Func:
		return a.IsNil() && b.IsNil()
	default:
		return a.Equal(b)
	}
}

func (c comparer) pointers(a, b reflect.Value) bool {
	switch {
	case a.UnsafePointer() == b.UnsafePointer():
		return true
	case a.IsNil() || b.IsNil():
		return false
	case c.isMessage(a.Type()):
		return proto.Equal(message(a), message(b))
	}
	return c.equal(a.Elem(), b.Elem())
}

func (c comparer) structs(a, b reflect.Value) bool {
	if a.CanAddr() && b.CanAddr() && c.isMessage(reflect.PointerTo(a.Type())) {
		return proto.Equal(message(a.Addr()), message(b.Addr()))
	}
	for i := range a.NumField() {
		if !c.equal(a.Field(i), b.Field(i)) {
			return false
		}
	}
	return true
}

func (c comparer) slices(a, b reflect.Value) bool {
	switch {
	case a.IsNil() != b.IsNil() || a.Len() != b.Len():
		return false
	case a.UnsafePointer() == b.UnsafePointer():
		return true
	case a.Type().Elem().Kind() == reflect.Uint8:
		return bytes.Equal(a.Bytes(), b.Bytes())
	}
	return c.elements(a, b)
}

func (c comparer) elements(a, b reflect.Value) bool {
	for i := range a.Len() {
		if !c.equal(a.Index(i), b.Index(i)) {
			return false
		}
	}
	return true
}

func (c comparer) maps(a, b reflect.Value) bool {
	if a.IsNil() != b.IsNil() || a.Len() != b.Len() {
		return false
	}
	for entries := a.MapRange(); entries.Next(); {
		if !c.equal(entries.Value(), b.MapIndex(entries.Key())) {
			return false
		}
	}
	return true
}

// message returns the message that v points to. NewAt makes that possible also where v is an unexported field.
func message(v reflect.Value) proto.Message {
	return reflect.NewAt(v.Type().Elem(), v.UnsafePointer()).Interface().(proto.Message)
}

// isMessage tells whether values of the type are protobuf messages themselves. A struct that embeds a message has
// its methods too, but also fields that proto.Equal would not see.
func (c comparer) isMessage(t reflect.Type) bool {
	is, seen := c.messages[t]
	if !seen {
		is = t.Kind() == reflect.Pointer && t.Implements(messageType) && !embedsMessage(t.Elem())
		c.messages[t] = is
	}
	return is
}

var messageType = reflect.TypeFor[proto.Message]()

func embedsMessage(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for f := range t.Fields() {
		if f.Anonymous && (f.Type.Implements(messageType) || reflect.PointerTo(f.Type).Implements(messageType)) {
			return true
		}
	}
	return false
}
