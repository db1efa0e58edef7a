package config

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// MaxYAML bounds the input of UnmarshalYAML in bytes: several times the configuration
// of 10,000 routes.
const MaxYAML = 64 << 20

// UnmarshalYAML reads the YAML form: any number of documents, each one resource; empty
// documents are passed over. It is strict: unknown and repeated fields, two kinds of a
// oneof, numbers where text belongs, anchors and aliases are refused, and nothing is
// returned. Errors name the document (the first is 1), line and field. What it returns
// is well-formed and not yet valid: see Validate.
func UnmarshalYAML(data []byte) ([]*Resource, error) {
	if len(data) > MaxYAML {
		return nil, fmt.Errorf("%d bytes of YAML: more than %d", len(data), MaxYAML)
	}
	var out []*Resource
	d := yaml.NewDecoder(bytes.NewReader(data))
	for i := 1; ; i++ {
		var doc yaml.Node
		if err := d.Decode(&doc); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("document %d: %w", i, err)
		}
		r, err := decodeDocument(&doc)
		if err != nil {
			return nil, fmt.Errorf("document %d, %w", i, err)
		}
		if r != nil {
			out = append(out, r)
		}
	}
}

func decodeDocument(doc *yaml.Node) (*Resource, error) {
	if len(doc.Content) != 1 {
		return nil, nil
	}
	top := doc.Content[0]
	if isNull(top) {
		return nil, nil
	}
	r := &Resource{}
	if err := decodeMessage(top, r.ProtoReflect(), ""); err != nil {
		return nil, err
	}
	if r.GetKind() == nil {
		return nil, refusef(top, "", "no resource")
	}
	return r, nil
}

// refusef returns an error that names line and field: "line 3: route.http: …".
func refusef(node *yaml.Node, path, format string, args ...any) error {
	reason := fmt.Sprintf(format, args...)
	if path != "" {
		reason = path + ": " + reason
	}
	return fmt.Errorf("line %d: %s", node.Line, reason)
}

func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null"
}

// mapping checks that node is a mapping that can be read key by key.
func mapping(node *yaml.Node, path string) error {
	switch {
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		return refusef(node, path, "anchors and aliases are not allowed")
	case node.Kind != yaml.MappingNode:
		return refusef(node, path, "want a mapping")
	}
	for i := 0; i < len(node.Content); i += 2 {
		key := node.Content[i]
		if key.Kind != yaml.ScalarNode || key.Anchor != "" || isNull(key) {
			return refusef(key, path, "want a name")
		}
	}
	return nil
}

func decodeMessage(node *yaml.Node, m protoreflect.Message, path string) error {
	if err := mapping(node, path); err != nil {
		return err
	}
	seen := map[protoreflect.FieldNumber]bool{}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		fd := fieldNamed(m.Descriptor(), key.Value)
		if fd == nil {
			return refusef(key, path, "unknown field %s", quote(key.Value))
		}
		at := below(path, fd.TextName())
		if seen[fd.Number()] {
			return refusef(key, at, "written twice")
		}
		seen[fd.Number()] = true
		if one := fd.ContainingOneof(); one != nil {
			if other := m.WhichOneof(one); other != nil {
				return refusef(key, at, "cannot stand beside %s", other.TextName())
			}
		}
		if err := decodeField(value, m, fd, at); err != nil {
			return err
		}
	}
	return nil
}

// fieldNamed accepts the .proto file's name and, as protojson does, its JSON form.
func fieldNamed(d protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if fd := d.Fields().ByTextName(name); fd != nil {
		return fd
	}
	return d.Fields().ByJSONName(name)
}

func decodeField(node *yaml.Node, m protoreflect.Message, fd protoreflect.FieldDescriptor, path string) error {
	switch {
	case fd.IsMap():
		return decodeMap(node, m.Mutable(fd).Map(), fd, path)
	case fd.IsList():
		return decodeList(node, m.Mutable(fd).List(), fd, path)
	case fd.Kind() == protoreflect.MessageKind && !isDuration(fd):
		return decodeMessage(node, m.Mutable(fd).Message(), path)
	}
	v, err := decodeScalar(node, m.NewField(fd), fd, path)
	if err != nil {
		return err
	}
	m.Set(fd, v)
	return nil
}

func decodeMap(node *yaml.Node, m protoreflect.Map, fd protoreflect.FieldDescriptor, path string) error {
	if err := mapping(node, path); err != nil {
		return err
	}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		k, err := decodeScalar(key, protoreflect.Value{}, fd.MapKey(), path)
		if err != nil {
			return err
		}
		if m.Has(k.MapKey()) {
			return refusef(key, path, "%s is written twice", quote(key.Value))
		}
		v, err := decodeScalar(value, m.NewValue(), fd.MapValue(), below(path, key.Value))
		if err != nil {
			return err
		}
		m.Set(k.MapKey(), v)
	}
	return nil
}

func decodeList(node *yaml.Node, list protoreflect.List, fd protoreflect.FieldDescriptor, path string) error {
	switch {
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		return refusef(node, path, "anchors and aliases are not allowed")
	case node.Kind != yaml.SequenceNode:
		return refusef(node, path, "want a list")
	}
	for i, item := range node.Content {
		at := path + "[" + strconv.Itoa(i) + "]"
		if fd.Kind() == protoreflect.MessageKind && !isDuration(fd) {
			if err := decodeMessage(item, list.AppendMutable().Message(), at); err != nil {
				return err
			}
			continue
		}
		v, err := decodeScalar(item, list.NewElement(), fd, at)
		if err != nil {
			return err
		}
		list.Append(v)
	}
	return nil
}

// decodeScalar reads one value. Into is the new value that a Duration is read into.
func decodeScalar(node *yaml.Node, into protoreflect.Value, fd protoreflect.FieldDescriptor, path string) (protoreflect.Value, error) {
	var none protoreflect.Value
	switch {
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		return none, refusef(node, path, "anchors and aliases are not allowed")
	case node.Kind != yaml.ScalarNode:
		return none, refusef(node, path, "want a %s", wanted(fd))
	}
	v, ok := parseScalar(node, into, fd)
	if !ok {
		return none, refusef(node, path, "%s is not a %s", quote(node.Value), wanted(fd))
	}
	return v, nil
}

func wanted(fd protoreflect.FieldDescriptor) string {
	switch fd.Kind() {
	case protoreflect.StringKind:
		return "string (in quotes if it looks like something else)"
	case protoreflect.EnumKind:
		return string(fd.Enum().Name())
	case protoreflect.MessageKind:
		return "duration, such as 1.5s"
	default:
		return fd.Kind().String()
	}
}

func parseScalar(node *yaml.Node, into protoreflect.Value, fd protoreflect.FieldDescriptor) (v protoreflect.Value, ok bool) {
	tag, s := node.ShortTag(), node.Value
	switch kind := fd.Kind(); kind {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(s), tag == "!!str"
	case protoreflect.BytesKind:
		return parseBytes(tag, s)
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(s == "true"), tag == "!!bool" && (s == "true" || s == "false")
	case protoreflect.EnumKind:
		value := fd.Enum().Values().ByName(protoreflect.Name(s))
		if value == nil || tag != "!!str" {
			return v, false
		}
		return protoreflect.ValueOfEnum(value.Number()), true
	case protoreflect.MessageKind:
		err := protojson.Unmarshal([]byte(strconv.Quote(s)), into.Message().Interface())
		return into, err == nil && tag == "!!str"
	case protoreflect.Uint32Kind:
		n, err := strconv.ParseUint(s, 10, 32)
		return protoreflect.ValueOfUint32(uint32(n)), err == nil
	case protoreflect.Uint64Kind:
		n, err := strconv.ParseUint(s, 10, 64)
		return protoreflect.ValueOfUint64(n), err == nil
	case protoreflect.Int64Kind:
		n, err := strconv.ParseInt(s, 10, 64)
		return protoreflect.ValueOfInt64(n), err == nil
	default:
		return v, false
	}
}

func parseBytes(tag, s string) (v protoreflect.Value, ok bool) {
	switch tag {
	case "!!str":
		return protoreflect.ValueOfBytes([]byte(s)), true
	case "!!binary":
		s = strings.Join(strings.Fields(s), "") // YAML folds long base64 into lines
		data, err := base64.StdEncoding.DecodeString(s)
		return protoreflect.ValueOfBytes(data), err == nil
	}
	return v, false
}
