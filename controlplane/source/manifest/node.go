package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fairlead-mesh/fairlead/controlplane/source/validate"
)

// parseYAML parses one document. Aliases stay aliases: nothing is expanded here.
func parseYAML(data []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		if err == nil {
			err = fmt.Errorf("yaml: line %d: a second document without \"---\" before it", more.Line)
		}
		return nil, err
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, errors.New("yaml: not one document")
	}
	return doc.Content[0], nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// yamlFault makes a fault of a parser's error: its line, and the message without the prefix.
func yamlFault(data []byte, err error) Fault {
	text := err.Error()
	m := yamlLine.FindStringSubmatchIndex(text)
	if m == nil {
		return Fault{Reason: "not YAML: " + text}
	}
	f := Fault{Reason: "not YAML: " + text[m[1]:]}
	if m[2] >= 0 {
		f.line, _ = strconv.Atoi(text[m[2]:m[3]])
		if strings.HasPrefix(text[m[1]:], "did not find expected") {
			f.line++ // the library counts these from 0, and those of its scanner from 1
		}
		f.line = min(f.line, 1+bytes.Count(bytes.TrimRight(data, "\n"), []byte("\n"))) // not past the end
	}
	return f
}

// pair is one field of a mapping.
type pair struct {
	key   *yaml.Node
	value *yaml.Node
}

// walk bounds one pass over a document's tree: cyclic and exponential aliases end at a bound, not at the memory's.
type walk struct {
	*budget
	faults []Fault
}

// budget is what one document may cost, all items of a List together.
type budget struct {
	steps int
	bytes int // of JSON
}

func (b *budget) spend(bytes int) error {
	if b.bytes += bytes; b.bytes > 4*MaxDocument {
		return errBound
	}
	return nil
}

var errBound = fmt.Errorf("aliases expand to more than %d nodes or %d bytes, or nest more than %d deep",
	maxSteps, MaxDocument, maxDepth)

func (w *walk) step(depth int) error {
	if w.steps++; w.steps > maxSteps || depth > maxDepth {
		return errBound
	}
	return nil
}

func (w *walk) fault(n *yaml.Node, at *validate.Path, format string, args ...any) {
	if len(w.faults) < maxFaults {
		w.faults = append(w.faults, Fault{Field: at.String(), Reason: fmt.Sprintf(format, args...), line: n.Line})
	}
}

// follow resolves an alias to its anchor's node.
func follow(n *yaml.Node) *yaml.Node {
	for i := 0; n.Kind == yaml.AliasNode && i < maxDepth; i++ {
		n = n.Alias
	}
	return n
}

// fields lists a mapping's fields with merge keys ("<<", YAML 1.1) resolved: the mapping's own fields win, then
// earlier merges. A key written twice is a fault.
func (w *walk) fields(n *yaml.Node, at *validate.Path, depth int) ([]pair, error) {
	set := fieldSet{list: make([]pair, 0, len(n.Content)/2)}
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := follow(n.Content[i]), n.Content[i+1]
		if err := w.step(depth); err != nil {
			return nil, err
		}
		switch {
		case k.Kind != yaml.ScalarNode:
			w.fault(k, at, "a key must be a plain word, not a list or mapping")
		case k.ShortTag() == "!!merge":
			merges = append(merges, v)
		case !set.add(pair{k, v}):
			w.fault(n.Content[i], at.Field(k.Value), "set twice in one mapping")
		}
	}
	for _, m := range merges {
		if err := w.merge(&set, m, at, depth+1); err != nil {
			return nil, err
		}
	}
	return set.list, nil
}

func (w *walk) merge(into *fieldSet, from *yaml.Node, at *validate.Path, depth int) error {
	if err := w.step(depth); err != nil {
		return err
	}
	switch from = follow(from); from.Kind {
	case yaml.MappingNode:
		add, err := w.fields(from, at, depth+1)
		for _, p := range add {
			into.add(p)
		}
		return err
	case yaml.SequenceNode:
		for _, c := range from.Content {
			if err := w.merge(into, c, at, depth+1); err != nil {
				return err
			}
		}
	default:
		w.fault(from, at, "a merge key needs a mapping or a list of mappings")
	}
	return nil
}

// fieldSet is a mapping's fields in order, each name once. Small ones are searched, large ones indexed: a stranger's
// mapping of 100,000 keys must not cost their square.
type fieldSet struct {
	list  []pair
	index map[string]struct{}
}

// add reports false, and adds nothing, if the name is there already.
func (s *fieldSet) add(p pair) bool {
	const small = 16
	name := p.key.Value
	if len(s.list) < small {
		if slices.ContainsFunc(s.list, func(q pair) bool { return q.key.Value == name }) {
			return false
		}
	} else {
		if s.index == nil {
			s.index = make(map[string]struct{}, cap(s.list))
			for _, q := range s.list {
				s.index[q.key.Value] = struct{}{}
			}
		}
		if _, dup := s.index[name]; dup {
			return false
		}
		s.index[name] = struct{}{}
	}
	s.list = append(s.list, p)
	return true
}

// get is a mapping's field without merge keys or diagnosis, for looking at apiVersion, kind and metadata.
func get(n *yaml.Node, name string) *yaml.Node {
	if n = follow(n); n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := n.Content[i]; k.Kind == yaml.ScalarNode && k.Value == name {
			return follow(n.Content[i+1])
		}
	}
	return nil
}

func text(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return ""
	}
	return n.Value
}

// lineOf finds the line of a field path like spec.rules[0].path.value: of the field's key, or of the deepest part
// of the path that is there.
func lineOf(root *yaml.Node, path string) int {
	n, line := root, root.Line
	for path != "" {
		part, rest := cutPath(path)
		next := step(n, part)
		if next.value == nil {
			break
		}
		n, path, line = next.value, rest, next.key.Line
	}
	return line
}

// cutPath splits "rules[0].x" into "rules" and "[0].x", and "[0].x" into "[0]" and "x".
func cutPath(path string) (part, rest string) {
	if path[0] == '[' {
		if i := strings.IndexByte(path, ']'); i > 0 {
			return path[:i+1], strings.TrimPrefix(path[i+1:], ".")
		}
		return path, ""
	}
	i := strings.IndexAny(path, ".[")
	if i < 0 {
		return path, ""
	}
	return path[:i], strings.TrimPrefix(path[i:], ".")
}

func step(n *yaml.Node, part string) pair {
	name := strings.Trim(part, "[]")
	switch n = follow(n); n.Kind {
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(n.Content) {
			return pair{n.Content[i], n.Content[i]}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == name {
				return pair{n.Content[i], n.Content[i+1]}
			}
		}
	default: // nothing is inside a scalar
	}
	return pair{}
}
