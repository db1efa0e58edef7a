package config

import (
	"math/rand/v2"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// strange is text that YAML reads as something else, folds, or cannot hold plainly.
var strange = []string{
	"", " ", "a", "true", "yes", "~", "null", "1", "0x10", "1_000", "1e3", ".inf", "2020-01-01", "<<", "=", "-", "?", ":", "- a", "a: b",
	"#", "a #b", " a", "a ", "\n", "a\n", "a\nb", "a\nb\n", "a\n\nb\n", "\ta", "a\tb", "a\r\nb\r\n", "\x00", "\x1b[31m", "\u0085", "\u2028", "\ufeff",
	"é", "日本", "😀", `"`, `'`, `\`, "|", ">", "%", "@", "`", "&a", "*a", "!a", "{", "[", "---", "...", "--- a", "a\n---\nb\n", "~/x", "*.example.com", "*",
}

// randomResource returns a resource of any kind with anything in it that can be read
// back: text is UTF-8, enum values are known, floats do not exist.
func randomResource(rnd *rand.Rand) *Resource {
	r := &Resource{}
	m := r.ProtoReflect()
	kinds := m.Descriptor().Fields()
	randomFill(rnd, m.Mutable(kinds.Get(rnd.IntN(kinds.Len()))).Message())
	if c := r.GetCertificate(); c != nil {
		c.KeyPem = nil // never written; see TestMarshalYAMLNeverHoldsKeys
	}
	return r
}

func randomFill(rnd *rand.Rand, m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if rnd.IntN(3) == 0 {
			continue
		}
		switch {
		case fd.IsMap():
			for range rnd.IntN(4) {
				m.Mutable(fd).Map().Set(protoreflect.ValueOfString(randomText(rnd)).MapKey(), protoreflect.ValueOfString(randomText(rnd)))
			}
		case fd.IsList():
			for range rnd.IntN(3) {
				if fd.Kind() == protoreflect.MessageKind {
					randomFill(rnd, m.Mutable(fd).List().AppendMutable().Message())
				} else {
					m.Mutable(fd).List().Append(randomScalar(rnd, fd))
				}
			}
		case fd.Kind() == protoreflect.MessageKind && isDuration(fd):
			d := m.Mutable(fd).Message()
			d.Set(d.Descriptor().Fields().ByName("seconds"), protoreflect.ValueOfInt64(rnd.Int64N(1000)))
			d.Set(d.Descriptor().Fields().ByName("nanos"), protoreflect.ValueOfInt32([]int32{0, 5, 1000, 500_000_000}[rnd.IntN(4)]))
		case fd.Kind() == protoreflect.MessageKind:
			randomFill(rnd, m.Mutable(fd).Message())
		default:
			m.Set(fd, randomScalar(rnd, fd))
		}
	}
}

func randomScalar(rnd *rand.Rand, fd protoreflect.FieldDescriptor) protoreflect.Value {
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rnd.IntN(2) == 0)
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(rnd.Uint32())
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(rnd.Uint64())
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(int64(rnd.Uint64()))
	case protoreflect.EnumKind:
		values := fd.Enum().Values()
		return protoreflect.ValueOfEnum(values.Get(rnd.IntN(values.Len())).Number())
	case protoreflect.BytesKind:
		if rnd.IntN(2) == 0 {
			return protoreflect.ValueOfBytes([]byte{0xff, byte(rnd.IntN(256)), 0})
		}
		return protoreflect.ValueOfBytes([]byte(randomText(rnd)))
	default:
		return protoreflect.ValueOfString(randomText(rnd))
	}
}

func randomText(rnd *rand.Rand) string {
	if rnd.IntN(4) > 0 {
		return strange[rnd.IntN(len(strange))]
	}
	s := ""
	for range rnd.IntN(5) {
		s += strange[rnd.IntN(len(strange))]
	}
	return s
}
