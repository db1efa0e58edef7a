package manifest

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzDecode shows that no bytes make the decoder panic, that an item is an object, ignored or refused, and that an
// object that was accepted has an identity.
func FuzzDecode(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds: %v", err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data, false)
			for _, c := range Split(data) {
				f.Add(c.Bytes, false)
			}
		}
	}
	d := NewDecoder("")
	f.Fuzz(func(t *testing.T, data []byte, json bool) {
		chunks := Split(data)
		if json {
			chunks = SplitJSON(data)
		}
		for _, c := range chunks {
			for _, it := range d.Decode(c) {
				states := 0
				for _, s := range []bool{it.Object != nil, it.Ignored != "", len(it.Faults) > 0} {
					if s {
						states++
					}
				}
				if states != 1 {
					t.Fatalf("an item is in %d states: %+v", states, it)
				}
				if it.Object != nil && (it.Key.Name == "" || it.Object.GetName() != it.Key.Name || it.Object.GetNamespace() != it.Key.Namespace) {
					t.Fatalf("%v holds %s/%s", it.Key, it.Object.GetNamespace(), it.Object.GetName())
				}
			}
		}
	})
}
