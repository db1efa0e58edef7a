package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/test/harness"
)

// scenario returns a manifest of our first users, unchanged.
func scenario(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// giropops are the services that the scenarios speak of.
func giropops(t *testing.T) string {
	t.Helper()
	return harness.Join(
		harness.Service("giropops/nginx-giropops", harness.Echo(t, "giropops")),
		harness.Service("giropops/nginx-giropops-v2", harness.Echo(t, "giropops-v2")),
		harness.Service("giropops/nginx-strigus", harness.Echo(t, "strigus")),
	)
}

// arrivals are the requests of the scenarios and what must arrive.
var arrivals = []struct{ path, service, target string }{
	{"/giropops", "giropops", "/"},
	{"/giropops/", "giropops", "/"},
	{"/giropops/x?y=z", "giropops", "/x?y=z"},
	{"/giropops?y=z", "giropops", "/?y=z"},
	{"/strigus", "strigus", "/"},
	{"/strigus/a/b", "strigus", "/a/b"},
	{"/strigus/", "strigus", "/"},
}

func TestScenarios(t *testing.T) {
	tests := []struct {
		name  string
		files []string
	}{
		{"istio", []string{"giropops.yaml"}},
		{"gateway-api", []string{"giropops-gateway-api.yaml"}},
		{"both", []string{"giropops.yaml", "giropops-gateway-api.yaml"}},
		{"all", []string{"giropops.yaml", "giropops-gateway-api.yaml", "canary.yaml"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := harness.Files{"services.yaml": giropops(t)}
			for _, name := range tt.files {
				files[name] = scenario(t, name)
			}
			a := harness.Start(t, harness.Options{}, files)
			sound(t, a)
			for _, want := range arrivals {
				for range 5 {
					got := a.Do(t, get("any.example", want.path))
					if got.Status != 200 || got.Echo.Target != want.target || !strings.HasPrefix(got.Echo.Origin, want.service) {
						t.Errorf("%s: %d, %q at %q; want %q at %q", want.path, got.Status,
							got.Echo.Target, got.Echo.Origin, want.target, want.service)
					}
				}
			}
			if got := a.Do(t, get("any.example", "/other")); got.Status != 404 {
				t.Errorf("/other: %d, want 404", got.Status)
			}
		})
	}
}

func TestCanaryIsForTheMesh(t *testing.T) {
	a := start(t, scenario(t, "giropops.yaml"), giropops(t), scenario(t, "canary.yaml"))
	if got := a.Condition(t, "VirtualService", "nginx-vs", "fairlead.dev/Bound"); !strings.HasPrefix(got, "False NotBound") {
		t.Errorf("Bound is %q, want False NotBound", got)
	}
	if got := a.Condition(t, "VirtualService", "giropops/nginx-giropops", "fairlead.dev/Bound"); !strings.HasPrefix(got, "True") {
		t.Errorf("of the other one Bound is %q, want True", got)
	}
}

// TestTwoAPIsOnOnePort: both files claim every host of port 80. They serve together, and a
// look at the status says that they do.
func TestTwoAPIsOnOnePort(t *testing.T) {
	a := start(t, scenario(t, "giropops.yaml"), giropops(t), scenario(t, "giropops-gateway-api.yaml"))
	for _, o := range []struct{ kind, name, condition string }{
		{"VirtualService", "giropops/nginx-giropops", "fairlead.dev/ConflictFree"},
	} {
		if got := a.Condition(t, o.kind, o.name, o.condition); !strings.HasPrefix(got, "False") {
			t.Errorf("%s %s: %s is %q, want False: an HTTPRoute wants the same requests", o.kind, o.name, o.condition, got)
		}
	}
}
