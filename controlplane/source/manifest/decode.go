package manifest

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fairlead-mesh/fairlead/controlplane/source"
	"github.com/fairlead-mesh/fairlead/controlplane/source/validate"
)

// Fault is one reason why an object was refused.
type Fault struct {
	Field, Reason string
	line          int // in the document, counted from 1; 0 if unknown
}

// Item is what one document (or one item of a List) came to: an object, an ignored kind, or faults.
type Item struct {
	// Key is the object's identity as far as it could be told; Key.Name is empty if it could not.
	Key source.Key
	// Line is the item's first line, counted from 0 at the document's first.
	Line int
	// Object is nil if the item was refused or ignored.
	Object source.Typed
	// Ignored says why an object of this kind has no effect here.
	Ignored string
	// Faults are why the item was refused.
	Faults []Fault
}

// FaultLine is the i-th fault's line, counted like Line; the item's own if the fault's is unknown.
func (it *Item) FaultLine(i int) int {
	if l := it.Faults[i].line; l > 0 {
		return l - 1
	}
	return it.Line
}

// Decoder turns documents into objects. It is immutable.
type Decoder struct {
	namespace string
	kinds     map[groupKind]kind
}

// NewDecoder makes a decoder that puts objects without a namespace into the given one ("" means "default"), as
// kubectl does with its current namespace.
func NewDecoder(namespace string) *Decoder {
	if namespace == "" {
		namespace = "default"
	}
	return &Decoder{namespace: namespace, kinds: registry()}
}

// Decode parses one document. It never fails as a whole: what is wrong is in the items.
func (d *Decoder) Decode(c Chunk) []Item {
	if c.Fault != "" {
		return []Item{{Faults: []Fault{{Reason: c.Fault}}}}
	}
	if len(c.Bytes) > MaxDocument {
		return []Item{{Faults: []Fault{{Reason: "the document is larger than 3 MiB"}}}}
	}
	parse, fault := parseYAML, yamlFault
	if c.JSON {
		parse, fault = parseJSON, jsonFault
	}
	root, err := parse(c.Bytes)
	if err != nil {
		return []Item{{Faults: []Fault{fault(c.Bytes, err)}}}
	}
	if root = follow(root); isNull(root) {
		return nil
	}
	e := expansion{Decoder: d, budget: new(budget)}
	if c.JSON && root.Kind == yaml.SequenceNode {
		e.list(root, typeMeta{}, 0)
	} else {
		e.document(root, typeMeta{}, 0)
	}
	return e.items
}

func jsonFault(_ []byte, err error) Fault { return Fault{Reason: "not JSON: " + err.Error()} }

type typeMeta struct{ apiVersion, kind string }

// split gives group and version of an apiVersion; the core group's name is empty.
func (t typeMeta) split() (group, version string) {
	if group, version, ok := strings.Cut(t.apiVersion, "/"); ok {
		return group, version
	}
	return "", t.apiVersion
}

// expansion is the decoding of one document, Lists expanded.
type expansion struct {
	*Decoder
	budget *budget
	items  []Item
}

// maxLists is how deep Lists may nest.
const maxLists = 4

func (e *expansion) refuse(n *yaml.Node, key source.Key, faults ...Fault) {
	if len(faults) > maxFaults {
		faults = faults[:maxFaults]
	}
	e.items = append(e.items, Item{Key: key, Line: n.Line - 1, Faults: faults})
}

// document decodes one mapping; implied is the type that a typed List gives to items that name none.
func (e *expansion) document(n *yaml.Node, implied typeMeta, lists int) {
	if n.Kind != yaml.MappingNode {
		e.refuse(n, source.Key{}, Fault{Reason: "is " + kindOf(n) + ", want a mapping with apiVersion and kind"})
		return
	}
	t := typeMeta{text(get(n, "apiVersion")), text(get(n, "kind"))}
	if t == (typeMeta{}) {
		t = implied
	}
	switch {
	case t.kind == "":
		e.refuse(n, source.Key{}, Fault{Field: "kind", Reason: "required", line: n.Line})
	case t.apiVersion == "":
		e.refuse(n, source.Key{Kind: t.kind}, Fault{Field: "apiVersion", Reason: "required", line: n.Line})
	case strings.HasSuffix(t.kind, "List") && get(n, "items") != nil:
		of := typeMeta{t.apiVersion, strings.TrimSuffix(t.kind, "List")}
		if t == (typeMeta{"v1", "List"}) {
			of = typeMeta{}
		}
		e.list(get(n, "items"), of, lists+1)
	default:
		e.object(n, t)
	}
}

func (e *expansion) list(items *yaml.Node, of typeMeta, lists int) {
	if isNull(items) {
		return
	}
	if items.Kind != yaml.SequenceNode || lists > maxLists {
		e.refuse(items, source.Key{Kind: "List"}, Fault{Field: "items", Reason: "want a list of objects"})
		return
	}
	for _, c := range items.Content {
		if len(e.items) >= MaxDocuments || e.budget.spend(1) != nil {
			e.refuse(c, source.Key{Kind: "List"}, Fault{Field: "items", Reason: errBound.Error()})
			return
		}
		e.document(follow(c), of, lists)
	}
}

func (e *expansion) object(n *yaml.Node, t typeMeta) {
	group, version := t.split()
	k, ok := e.kinds[groupKind{group, t.kind}]
	if !ok {
		key := source.Key{Group: group, Kind: t.kind}
		e.items = append(e.items, Item{Key: key, Line: n.Line - 1, Ignored: ignored(group, t.kind)})
		return
	}
	key := source.Key{Group: group, Kind: t.kind}
	if meta := get(n, "metadata"); meta != nil {
		key.Name, key.Namespace = text(get(meta, "name")), text(get(meta, "namespace"))
	}
	if k.cluster {
		key.Namespace = ""
	} else if key.Namespace == "" {
		key.Namespace = e.namespace
	}
	if !slices.Contains(k.versions, version) {
		e.refuse(n, key, Fault{
			Field: "apiVersion", line: lineOf(n, "apiVersion"),
			Reason: "version " + version + " is not known; known are " + strings.Join(k.versions, ", "),
		})
		return
	}
	obj, faults := k.decode(n, key, e.budget)
	if len(faults) > 0 {
		for i, f := range faults {
			if f.line == 0 {
				faults[i].line = lineOf(n, f.Field)
			}
		}
		e.refuse(n, key, faults...)
		return
	}
	e.items = append(e.items, Item{Key: key, Line: n.Line - 1, Object: obj})
}

func fromValidate(in []validate.Fault) []Fault {
	out := make([]Fault, len(in))
	for i, f := range in {
		out[i] = Fault{Field: f.Field, Reason: f.Reason}
	}
	return out
}
