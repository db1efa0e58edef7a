package config

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// MarshalYAML writes the YAML form: one document for each resource, in the order of
// kinds in which a store applies them and of names within a kind, each field in the
// order and by the name of its .proto file. The same resources give the same bytes.
//
// Bytes are written as text if they are text, and in base64 under !!binary if not.
// Secrets are left out, with a comment in their place (see Redact): what is written
// here may be shown to anyone who may see the configuration.
func MarshalYAML(resources []*Resource) ([]byte, error) {
	var out bytes.Buffer
	for i, r := range Sorted(resources) {
		if i > 0 {
			out.WriteString("---\n")
		}
		if err := marshalDocument(&out, r); err != nil {
			return nil, fmt.Errorf("%s: %w", NameOf(r), err)
		}
	}
	return out.Bytes(), nil
}

// Sorted returns the resources by kind and name, in a new slice.
func Sorted(resources []*Resource) []*Resource {
	return slices.SortedStableFunc(slices.Values(resources), func(a, b *Resource) int {
		x, y := NameOf(a), NameOf(b)
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Name, y.Name))
	})
}

func marshalDocument(out *bytes.Buffer, r *Resource) error {
	redacted := Redact(r)
	node, err := encodeMessage(redacted.ProtoReflect())
	if err != nil {
		return err
	}
	if redacted != r {
		commentLast(node, fmt.Sprintf("key_pem: redacted, %d bytes", len(r.GetCertificate().GetKeyPem())))
	}
	e := yaml.NewEncoder(out)
	e.SetIndent(2)
	if err := e.Encode(node); err != nil {
		return err
	}
	return e.Close()
}

// commentLast puts a comment below the last field of the resource in doc.
func commentLast(doc *yaml.Node, comment string) {
	fields := doc.Content[1].Content
	if len(fields) == 0 {
		doc.Content[0].HeadComment = comment
		return
	}
	fields[len(fields)-2].FootComment = comment
}

func encodeMessage(m protoreflect.Message) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if !m.Has(fd) {
			continue
		}
		value, err := encodeField(fd, m.Get(fd))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", fd.TextName(), err)
		}
		node.Content = append(node.Content, scalar("!!str", fd.TextName()), value)
	}
	if len(node.Content) == 0 {
		node.Style = yaml.FlowStyle
	}
	return node, nil
}

func encodeField(fd protoreflect.FieldDescriptor, v protoreflect.Value) (*yaml.Node, error) {
	switch {
	case fd.IsMap():
		return encodeMap(fd, v.Map())
	case fd.IsList():
		node := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for i := range v.List().Len() {
			item, err := encodeValue(fd, v.List().Get(i))
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, item)
		}
		return node, nil
	}
	return encodeValue(fd, v)
}

func encodeMap(fd protoreflect.FieldDescriptor, m protoreflect.Map) (*yaml.Node, error) {
	values := map[string]protoreflect.Value{}
	m.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
		values[k.String()] = v
		return true
	})
	node := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		value, err := encodeValue(fd.MapValue(), values[key])
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, text(key), value)
	}
	return node, nil
}

func encodeValue(fd protoreflect.FieldDescriptor, v protoreflect.Value) (*yaml.Node, error) {
	switch fd.Kind() {
	case protoreflect.MessageKind:
		if !isDuration(fd) {
			return encodeMessage(v.Message())
		}
		data, err := protojson.Marshal(v.Message().Interface())
		if err != nil {
			return nil, err
		}
		return text(strings.Trim(string(data), `"`)), nil
	case protoreflect.EnumKind:
		if value := fd.Enum().Values().ByNumber(v.Enum()); value != nil {
			return text(string(value.Name())), nil
		}
		return scalar("!!int", strconv.Itoa(int(v.Enum()))), nil
	case protoreflect.BoolKind:
		return scalar("!!bool", strconv.FormatBool(v.Bool())), nil
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind:
		return scalar("!!int", strconv.FormatUint(v.Uint(), 10)), nil
	case protoreflect.Int32Kind, protoreflect.Int64Kind:
		return scalar("!!int", strconv.FormatInt(v.Int(), 10)), nil
	case protoreflect.BytesKind:
		if s := string(v.Bytes()); isText(s) {
			return text(s), nil
		}
		return scalar("!!binary", base64.StdEncoding.EncodeToString(v.Bytes())), nil
	case protoreflect.StringKind:
		if !utf8.ValidString(v.String()) {
			return nil, fmt.Errorf("%s is not UTF-8", quote(v.String()))
		}
		return text(v.String()), nil
	default:
		return nil, fmt.Errorf("the YAML form has no %s", fd.Kind())
	}
}

func isDuration(fd protoreflect.FieldDescriptor) bool {
	return fd.Message().FullName() == "google.protobuf.Duration"
}

func scalar(tag, value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

// text writes lines as lines if they survive it (PEM blocks do), and else in whatever
// quotes the encoder finds needful.
func text(s string) *yaml.Node {
	node := scalar("!!str", s)
	switch {
	case plainLines(s):
		node.Style = yaml.LiteralStyle
	case !isText(s) || strings.ContainsAny(s, "\n\t") || s == "<<": // a merge key, plain
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}

func isText(s string) bool {
	return utf8.ValidString(s) && printable(strings.NewReplacer("\n", "", "\t", "").Replace(s)) &&
		!strings.ContainsAny(s, "\ufeff\ufffe\uffff")
}

// plainLines reports whether s is two or more lines of ASCII, each ended by one "\n" and
// none of them blank or with blanks around it.
func plainLines(s string) bool {
	if strings.Count(s, "\n") < 2 || s[len(s)-1] != '\n' {
		return false
	}
	for line := range strings.Lines(s) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.TrimSpace(line) != line || !pathOrSpace.holds(line) {
			return false
		}
	}
	return true
}

var pathOrSpace = func() byteSet { s := visibleBut(""); s[' '] = true; return s }()
