package discovery

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

func names(d config.Delta) (changed, removed []string) {
	for _, r := range d.Changed {
		changed = append(changed, config.NameOf(r).String())
	}
	for _, n := range d.Removed {
		removed = append(removed, n.String())
	}
	return changed, removed
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	f := NewFiles([]string{path})
	steps := []struct {
		name             string
		text             string
		fault            string
		changed, removed []string
	}{
		{name: "first", text: "gateway: {name: a}\n---\ngateway: {name: b}\n", changed: []string{"gateway a", "gateway b"}},
		{name: "same", text: "gateway: {name: a}\n---\ngateway: {name: b}\n"},
		{name: "broken", text: "gateway: {nam: a}\n", fault: "config.yaml"},
		{name: "twice", text: "gateway: {name: a}\n---\ngateway: {name: a}\n", fault: "two of that name"},
		{name: "changed and gone", text: "gateway: {name: a, http: {limits: {fields: 5}}}\n", changed: []string{"gateway a"}, removed: []string{"gateway b"}},
		{name: "empty", text: "", removed: []string{"gateway a"}},
	}
	for _, tt := range steps {
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := f.Read()
		if tt.fault != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("%s: got %v, want an error with %q", tt.name, err, tt.fault)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		changed, removed := names(d)
		if diff := cmp.Diff(tt.changed, changed); diff != "" {
			t.Errorf("%s: changed %s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.removed, removed); diff != "" {
			t.Errorf("%s: removed %s", tt.name, diff)
		}
	}
}

func TestReadMissingFile(t *testing.T) {
	if _, err := NewFiles([]string{filepath.Join(t.TempDir(), "none.yaml")}).Read(); err == nil {
		t.Error("a missing file is no error")
	}
}
