package manifest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites it):\n%s", path, diff)
	}
}

func inputs(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", dir, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no inputs in %s: %v", dir, err)
	}
	return files
}

// TestFaults decodes bad documents; the golden file holds the line, object, field and reason of every fault.
func TestFaults(t *testing.T) {
	for _, file := range inputs(t, "faults") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			d := NewDecoder("")
			for _, c := range Split(data) {
				for _, it := range d.Decode(c) {
					if it.Object != nil {
						fmt.Fprintf(&out, "%d: %s: fine\n", c.Line+it.Line, it.Key)
					}
					for i, f := range it.Faults {
						fmt.Fprintf(&out, "%d: %s: %s: %s\n", c.Line+it.FaultLine(i), it.Key, f.Field, f.Reason)
					}
				}
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", out.String())
		})
	}
}

// TestDefaults decodes minimal objects; the golden file holds them as they are delivered.
func TestDefaults(t *testing.T) {
	for _, file := range inputs(t, "defaults") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			for _, it := range decodeAll(string(data), false) {
				if it.Object == nil {
					t.Fatalf("%v: %v", it.Key, it.Faults)
				}
				text, err := yaml.Marshal(it.Object)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&out, "---\n%s", text)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", out.String())
		})
	}
}
