package manifest

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/fairlead-mesh/fairlead/controlplane/source/validate"
)

// decodeProto decodes a tree into one of Istio's messages as strictly as Istio's CRD schema. Its own decoder will
// not do: it drops unknown fields. Plain protojson will not do either: it takes snake_case names, numbers in
// quotes and enum numbers, and refuses the durations that users write ("5m").
func decodeProto(n *yaml.Node, at *validate.Path, into proto.Message, b *budget) []Fault {
	w := protoWriter{budget: b, buf: make([]byte, 0, 1024)}
	if err := w.message(n, at, into.ProtoReflect().Descriptor(), 0); err != nil {
		return []Fault{{Field: at.String(), Reason: err.Error(), line: n.Line}}
	}
	if err := b.spend(len(w.buf)); err != nil {
		return []Fault{{Field: at.String(), Reason: err.Error(), line: n.Line}}
	}
	if len(w.faults) > 0 {
		return w.faults
	}
	if err := protojson.Unmarshal(w.buf, into); err != nil {
		return []Fault{{Field: at.String(), Reason: protoReason(err), line: n.Line}}
	}
	return nil
}

var protoPrefix = regexp.MustCompile(`^proto:[\s\x{a0}]*(?:\(line \d+:\d+\): )?`)

func protoReason(err error) string { return protoPrefix.ReplaceAllString(err.Error(), "") }

// protoWriter writes a node tree as the JSON of one message type.
type protoWriter struct{ writer }

// message writes a mapping, field by field, after the message's descriptor.
func (w *protoWriter) message(n *yaml.Node, at *validate.Path, md protoreflect.MessageDescriptor, depth int) error {
	if err := w.step(depth); err != nil {
		return err
	}
	if n = follow(n); n.Kind != yaml.MappingNode {
		w.fault(n, at, "is %s, want a mapping", kindOf(n))
		return nil
	}
	fields, err := w.fields(n, at, depth)
	if err != nil {
		return err
	}
	var chosen fieldSet // one entry for each oneof that is set
	w.buf = append(w.buf, '{')
	for _, f := range fields {
		fd := md.Fields().ByJSONName(f.key.Value)
		if fd == nil {
			w.fault(f.key, at.Field(f.key.Value), "unknown field")
			continue
		}
		if isNull(f.value) {
			continue // an API server drops nulls
		}
		if one := fd.ContainingOneof(); one != nil && !chosen.add(pair{key: &yaml.Node{Value: string(one.Name())}}) {
			w.fault(f.key, at.Field(f.key.Value), "only one of %s may be set", oneofNames(one))
			continue
		}
		if w.buf[len(w.buf)-1] != '{' {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(quote(w.buf, f.key.Value), ':')
		if err := w.field(f, at.Field(f.key.Value), fd, depth+1); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, '}')
	return nil
}

func oneofNames(one protoreflect.OneofDescriptor) string {
	names := make([]string, one.Fields().Len())
	for i := range names {
		names[i] = one.Fields().Get(i).JSONName()
	}
	return strings.Join(names, ", ")
}

func isNull(n *yaml.Node) bool {
	n = follow(n)
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

func (w *protoWriter) field(f pair, at *validate.Path, fd protoreflect.FieldDescriptor, depth int) error {
	n := follow(f.value)
	switch {
	case fd.IsMap():
		return w.mapping(n, at, fd.MapValue(), depth)
	case fd.IsList():
		return w.items(n, at, fd, depth)
	default:
		return w.single(n, at, fd, depth)
	}
}

func (w *protoWriter) mapping(n *yaml.Node, at *validate.Path, fd protoreflect.FieldDescriptor, depth int) error {
	if n.Kind != yaml.MappingNode {
		w.fault(n, at, "is %s, want a mapping", kindOf(n))
		return nil
	}
	fields, err := w.fields(n, at, depth)
	if err != nil {
		return err
	}
	w.buf = append(w.buf, '{')
	for i, f := range fields {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(quote(w.buf, f.key.Value), ':')
		if err := w.single(follow(f.value), at.Field(f.key.Value), fd, depth+1); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, '}')
	return nil
}

func (w *protoWriter) items(n *yaml.Node, at *validate.Path, fd protoreflect.FieldDescriptor, depth int) error {
	if n.Kind != yaml.SequenceNode {
		w.fault(n, at, "is %s, want a list", kindOf(n))
		return nil
	}
	w.buf = append(w.buf, '[')
	for i, c := range n.Content {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		if err := w.single(follow(c), at.Index(i), fd, depth+1); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, ']')
	return nil
}

// single writes one value of a field's element type.
func (w *protoWriter) single(n *yaml.Node, at *validate.Path, fd protoreflect.FieldDescriptor, depth int) error {
	if fd.Kind() != protoreflect.MessageKind {
		return w.scalar(n, at, fd, depth)
	}
	md := fd.Message()
	switch md.FullName() {
	case "google.protobuf.Duration":
		w.duration(n, at)
		return w.step(depth)
	case "google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue", "google.protobuf.Timestamp",
		"google.protobuf.Any", "google.protobuf.FieldMask", "google.protobuf.Empty":
		return w.value(n, at, depth)
	}
	if md.ParentFile().Path() == "google/protobuf/wrappers.proto" {
		return w.scalar(n, at, md.Fields().ByName("value"), depth)
	}
	return w.message(n, at, md, depth)
}

func (w *protoWriter) scalar(n *yaml.Node, at *validate.Path, fd protoreflect.FieldDescriptor, depth int) error {
	if err := w.step(depth); err != nil {
		return err
	}
	if n.Kind != yaml.ScalarNode {
		w.fault(n, at, "is %s, want %s", kindOf(n), wanted(fd))
		w.buf = append(w.buf, "null"...)
		return nil
	}
	start := len(w.buf)
	kind, buf, ok := resolve(n, w.buf)
	w.buf = buf
	switch {
	case !ok:
		w.fault(n, at, "is not a value of type %s", n.ShortTag())
	case !fits(kind, fd.Kind()):
		w.fault(n, at, "is %s, want %s", kind, wanted(fd))
	case fd.Kind() == protoreflect.EnumKind && fd.Enum().Values().ByName(protoreflect.Name(n.Value)) == nil:
		w.fault(n, at, "is %q, want one of %s", n.Value, enumNames(fd.Enum()))
	case kind == intScalar && !inRange(string(w.buf[start:]), fd.Kind()):
		w.fault(n, at, "%s does not fit a field of type %s", w.buf[start:], fd.Kind())
	}
	if len(w.buf) > MaxDocument {
		return errBound
	}
	return nil
}

func fits(have scalarKind, want protoreflect.Kind) bool {
	switch want {
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.EnumKind:
		return have == stringScalar
	case protoreflect.BoolKind:
		return have == boolScalar
	case protoreflect.DoubleKind, protoreflect.FloatKind:
		return have == intScalar || have == floatScalar
	default:
		return have == intScalar
	}
}

func wanted(fd protoreflect.FieldDescriptor) string {
	switch fd.Kind() {
	case protoreflect.StringKind:
		return "a string"
	case protoreflect.BytesKind:
		return "a string of base64"
	case protoreflect.EnumKind:
		return "one of " + enumNames(fd.Enum())
	case protoreflect.BoolKind:
		return "true or false"
	case protoreflect.DoubleKind, protoreflect.FloatKind:
		return "a number"
	default:
		return "a whole number"
	}
}

func enumNames(ed protoreflect.EnumDescriptor) string {
	names := make([]string, ed.Values().Len())
	for i := range names {
		names[i] = string(ed.Values().Get(i).Name())
	}
	return strings.Join(names, ", ")
}

// duration writes "5m" or "1h30m" as the seconds protojson wants.
func (w *protoWriter) duration(n *yaml.Node, at *validate.Path) {
	d, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" || err != nil {
		w.fault(n, at, "want a duration like \"1h\", \"1m\", \"1s\" or \"1ms\"")
		w.buf = append(w.buf, "null"...)
		return
	}
	sign := ""
	if d < 0 {
		sign = "-"
	}
	sec, nano := d/time.Second, d%time.Second
	w.buf = fmt.Appendf(w.buf, `"%s%d.%09ds"`, sign, max(sec, -sec), max(nano, -nano))
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		kind, _, _ := resolve(n, nil)
		return kind.String()
	}
}
