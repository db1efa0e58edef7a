package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	kjson "sigs.k8s.io/json"

	"github.com/fairlead-mesh/fairlead/controlplane/source/validate"
)

// writer turns a node tree into JSON with aliases and merge keys expanded.
type writer struct {
	walk
	buf   []byte
	marks []mark // nil unless places are wanted
	want  bool
}

// mark is the extent of one value in the JSON.
type mark struct {
	start, end int
	at         *validate.Path
	line       int
}

// object writes a mapping without the named fields.
func (w *writer) object(n *yaml.Node, at *validate.Path, depth int, skip ...string) error {
	fields, err := w.fields(n, at, depth)
	if err != nil {
		return err
	}
	w.buf = append(w.buf, '{')
	for _, f := range fields {
		if slices.Contains(skip, f.key.Value) {
			continue
		}
		if w.buf[len(w.buf)-1] != '{' {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(quote(w.buf, f.key.Value), ':')
		if err := w.value(f.value, at.Field(f.key.Value), depth+1); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, '}')
	return nil
}

func (w *writer) value(n *yaml.Node, at *validate.Path, depth int) (err error) {
	if err := w.step(depth); err != nil {
		return err
	}
	start, line := len(w.buf), n.Line
	switch n = follow(n); n.Kind {
	case yaml.MappingNode:
		err = w.object(n, at, depth)
	case yaml.SequenceNode:
		err = w.list(n, at, depth)
	default:
		var ok bool
		if _, w.buf, ok = resolve(n, w.buf); !ok {
			w.fault(n, at, "is not a value of type %s", n.ShortTag())
			w.buf = append(w.buf, "null"...)
		}
	}
	if len(w.buf) > MaxDocument {
		return errBound
	}
	if w.want {
		w.marks = append(w.marks, mark{start, len(w.buf), at, line})
	}
	return err
}

func (w *writer) list(n *yaml.Node, at *validate.Path, depth int) error {
	w.buf = append(w.buf, '[')
	for i, c := range n.Content {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		if err := w.value(c, at.Index(i), depth+1); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, ']')
	return nil
}

// decodeKube decodes an object's tree, without the named fields, into a Kubernetes type. Unknown and repeated
// fields and wrong types are faults.
func decodeKube(root *yaml.Node, into any, b *budget, skip ...string) []Fault {
	w := writer{budget: b, buf: make([]byte, 0, 1024)}
	if err := w.object(root, nil, 0, skip...); err != nil {
		return []Fault{{Reason: err.Error()}}
	}
	if err := b.spend(len(w.buf)); err != nil {
		return []Fault{{Reason: err.Error()}}
	}
	if len(w.faults) > 0 {
		return w.faults
	}
	strict, err := kjson.UnmarshalStrict(w.buf, into)
	if err != nil {
		return []Fault{typeFault(root, err, skip)}
	}
	var faults []Fault
	for _, e := range strict {
		f := Fault{Reason: e.Error()}
		if fe, ok := errors.AsType[kjson.FieldError](e); ok {
			f.Field = fe.FieldPath()
			f.Reason = strings.TrimSuffix(strings.Replace(f.Reason, fmt.Sprintf(" %q", f.Field), "", 1), " ")
		}
		f.line = lineOf(root, f.Field)
		faults = append(faults, f)
	}
	return faults
}

// typeFault says which field had the wrong type: it writes the JSON once more, this time with places, and looks up
// the decoder's offset in them.
func typeFault(root *yaml.Node, err error, skip []string) Fault {
	te, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return Fault{Reason: err.Error()}
	}
	f := Fault{Reason: "is " + jsonName(te.Value) + ", want " + typeName(te.Type)}
	w := writer{budget: new(budget), want: true}
	if w.object(root, nil, 0, skip...) != nil {
		return f
	}
	best := -1
	for _, m := range w.marks {
		if int(te.Offset) > m.start && int(te.Offset) <= m.end && m.start > best {
			best, f.Field, f.line = m.start, m.at.String(), m.line
		}
	}
	return f
}

func jsonName(value string) string {
	switch word, _, _ := strings.Cut(value, " "); word { // the rest of a number is its value: perhaps a secret
	case "object":
		return "a mapping"
	case "array":
		return "a list"
	case "bool":
		return "a boolean"
	default:
		return "a " + word
	}
}

func typeName(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "a mapping"
	case reflect.Float32, reflect.Float64:
		return "a number"
	default:
		return "a whole number of type " + t.Kind().String()
	}
}
