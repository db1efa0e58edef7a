package golden

import (
	"bytes"
	"encoding/json"
	"reflect"

	"sigs.k8s.io/yaml"
)

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
