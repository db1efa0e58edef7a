package config

import (
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// checkUnknown walks the whole resource for what a newer version may have put there and
// for what the wire could not carry: unknown fields, unknown enum values, text that is
// not UTF-8, list elements that are nil.
func checkUnknown(at *place, r *Resource) {
	m := r.ProtoReflect()
	checkUnknownFields(at, m)
	if kind := m.WhichOneof(m.Descriptor().Oneofs().ByName("kind")); kind != nil {
		walkMessage(at, m.Get(kind).Message())
	}
}

func walkMessage(at *place, m protoreflect.Message) {
	if !m.IsValid() {
		at.faultf("is nil")
		return
	}
	checkUnknownFields(at, m)
	fields := m.Descriptor().Fields() // not Range, whose order changes
	for i := range fields.Len() {
		if fd := fields.Get(i); m.Has(fd) {
			walkField(at, fd, m.Get(fd))
		}
	}
}

func walkField(at *place, fd protoreflect.FieldDescriptor, v protoreflect.Value) {
	name := fd.TextName()
	switch {
	case fd.IsMap():
		v.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			walkValue(at.field(name), fd.MapKey(), k.Value())
			walkValue(at.field(name), fd.MapValue(), v)
			return true
		})
	case fd.IsList():
		for i := range v.List().Len() {
			walkValue(at.item(name, i), fd, v.List().Get(i))
		}
	default:
		walkValue(at.field(name), fd, v)
	}
}

func walkValue(at *place, fd protoreflect.FieldDescriptor, v protoreflect.Value) {
	switch fd.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		walkMessage(at, v.Message())
	case protoreflect.EnumKind:
		if fd.Enum().Values().ByNumber(v.Enum()) == nil {
			at.faultf("unknown value %d of %s", v.Enum(), fd.Enum().Name())
		}
	case protoreflect.StringKind:
		if !utf8.ValidString(v.String()) {
			at.faultf("not UTF-8")
		}
	default:
	}
}

func checkUnknownFields(at *place, m protoreflect.Message) {
	rest := []byte(m.GetUnknown())
	if len(rest) == 0 {
		return
	}
	number, _, _ := protowire.ConsumeTag(rest)
	at.faultf("unknown field number %d of %s", number, m.Descriptor().Name())
}
