package istio

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// treatment says what becomes of a field that is set.
type treatment uint8

const (
	// ignored: reported as not enforced. Every field that no table names is, those of later
	// versions of the API too.
	ignored treatment = iota
	// done: translated, or its value asks for nothing. All below it is done too.
	done
	// partly: its fields have entries of their own.
	partly
	// meshOnly: reported as having a meaning for clients inside the mesh only.
	meshOnly
)

// fields is a table of treatments by path: JSON names joined by ".", without indices.
type fields map[string]treatment

// reportUnenforced reports each set field of a message that is not translated. Paths in the
// table begin at the message.
func reportUnenforced(a at, m proto.Message, table fields) {
	walkFields(a, m.ProtoReflect(), "", table)
}

func walkFields(a at, m protoreflect.Message, prefix string, table fields) {
	known := m.Descriptor().Fields()
	for i := range known.Len() {
		fd := known.Get(i)
		if !m.Has(fd) {
			continue
		}
		path := prefix + fd.JSONName()
		switch table[path] {
		case done:
		case meshOnly:
			a.in("%s", fd.JSONName()).info(MeshOnly, "%s", meshOnlyText)
		case partly:
			for sub, value := range messages(a, m, fd) {
				walkFields(sub, value, path+".", table)
			}
		case ignored:
			a.in("%s", fd.JSONName()).warn(NotEnforced, "not enforced yet: it has no effect")
		}
	}
}

const meshOnlyText = "has a meaning for clients inside the mesh only (sidecars and waypoints), not at this gateway"

// messages yields the message or messages of a field.
func messages(a at, m protoreflect.Message, fd protoreflect.FieldDescriptor) func(func(at, protoreflect.Message) bool) {
	return func(yield func(at, protoreflect.Message) bool) {
		if !fd.IsList() {
			yield(a.in("%s", fd.JSONName()), m.Get(fd).Message())
			return
		}
		list := m.Get(fd).List()
		for i := range list.Len() {
			if !yield(a.in("%s", fmt.Sprintf("%s[%d]", fd.JSONName(), i)), list.Get(i).Message()) {
				return
			}
		}
	}
}
