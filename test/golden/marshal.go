package golden

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"google.golang.org/protobuf/encoding/protojson"
	"sigs.k8s.io/yaml"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// MarshalConfig writes the contract's YAML form: one document for each resource, sorted
// by kind and name.
func MarshalConfig(resources []*config.Resource) ([]byte, error) {
	sorted := slices.SortedStableFunc(slices.Values(resources), func(a, b *config.Resource) int {
		x, y := config.NameOf(a), config.NameOf(b)
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Name, y.Name))
	})
	docs := make([]any, len(sorted))
	for i, r := range sorted {
		data, err := protojson.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", config.NameOf(r), err)
		}
		docs[i] = json.RawMessage(data)
	}
	return stream(docs)
}

func marshalStatus(status any) ([]byte, error) {
	v := reflect.ValueOf(status)
	if v.Kind() != reflect.Slice {
		return stream([]any{status})
	}
	docs := make([]any, v.Len())
	for i := range docs {
		docs[i] = v.Index(i).Interface()
	}
	return stream(docs)
}

// stream writes docs with "---" between them.
func stream(docs []any) ([]byte, error) {
	var b bytes.Buffer
	for i, doc := range docs {
		if i > 0 {
			b.WriteString("---\n")
		}
		data, err := document(doc)
		if err != nil {
			return nil, err
		}
		b.Write(data)
	}
	return b.Bytes(), nil
}

// document goes through JSON, so that field names are the API's and maps are sorted.
func document(doc any) ([]byte, error) {
	data, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	if data, err = json.Marshal(withoutNulls(tree)); err != nil {
		return nil, err
	}
	return yaml.JSONToYAML(data)
}

func withoutNulls(tree any) any {
	switch t := tree.(type) {
	case map[string]any:
		for k, v := range t {
			if v == nil {
				delete(t, k)
				continue
			}
			t[k] = withoutNulls(v)
		}
	case []any:
		for i := range t {
			t[i] = withoutNulls(t[i])
		}
	}
	return tree
}
