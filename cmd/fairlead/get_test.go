package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// command runs fairlead with these arguments.
func command(t *testing.T, args ...string) (out, errOut string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&o)
	root.SetErr(&e)
	err = root.ExecuteContext(t.Context())
	return o.String(), e.String(), err
}

// manifests writes the demo's Istio scenario, with or without a fault beside it.
func manifests(t *testing.T, faulty bool) string {
	t.Helper()
	dir := t.TempDir()
	b, err := demoFiles.ReadFile("demo/giropops.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if faulty {
		b = append(b, "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: bad}\nspec: {rulez: []}\n"...)
	}
	if err := os.WriteFile(filepath.Join(dir, "m.yaml"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestGet(t *testing.T) {
	dir := manifests(t, false)
	tests := []struct {
		name string
		args []string
		want []string
		not  string
	}{
		{"all", []string{"get", "all"}, []string{"VirtualService", "DestinationRule", "nginx-giropops", "does not exist"}, ""},
		{"one kind", []string{"get", "vs"}, []string{"VirtualService  giropops"}, "DestinationRule"},
		{"kinds with groups", []string{"get", "gateways.networking.istio.io,dr"}, []string{"Gateway", "DestinationRule"}, "VirtualService"},
		{"yaml", []string{"get", "dr", "-o", "yaml"}, []string{"kind: DestinationRule", "findings:", "spec.trafficPolicy.outlierDetection"}, ""},
		{"json", []string{"get", "dr", "-o", "json"}, []string{`"kind": "DestinationRule"`}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, errOut, err := command(t, append(tt.args, "-f", dir)...)
			if err != nil || errOut != "" {
				t.Fatal(err, errOut)
			}
			for _, w := range tt.want {
				if !strings.Contains(out, w) {
					t.Errorf("no %q in\n%s", w, out)
				}
			}
			if tt.not != "" && strings.Contains(out, tt.not) {
				t.Errorf("%q in\n%s", tt.not, out)
			}
		})
	}
}

func TestGetSaysWhatIsRefused(t *testing.T) {
	out, errOut, err := command(t, "get", "all", "-f", manifests(t, true))
	if !errors.Is(err, errReported) {
		t.Errorf("ended with %v, want a status that scripts see", err)
	}
	if !strings.Contains(errOut, "HTTPRoute default/bad: spec.rulez: unknown field") {
		t.Errorf("standard error: %s", errOut)
	}
	if !strings.Contains(out, "VirtualService") {
		t.Errorf("what is well is not shown:\n%s", out)
	}
}

func TestWrongCommands(t *testing.T) {
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"get", "pods", "-f", "."}, `kind "pods": use gatewayclasses`},
		{[]string{"get", "vs", "-f", ".", "-o", "xml"}, `output "xml": use table, yaml or json`},
		{[]string{"get", "vs"}, `required flag(s) "filename" not set`},
		{[]string{"run"}, `required flag(s) "filename" not set`},
		{[]string{"run", "-f", ".", "--log-level", "loud"}, "--log-level"},
		{[]string{"run", "-f", ".", "--path-normalization", "SOME"}, "--path-normalization"},
		{[]string{"run", "-f", ".", "--trusted-cidr", "10.0.0.0/99"}, "--trusted-"},
		{[]string{"run", "-f", filepath.Join("no", "such", "directory")}, "no such file"},
	}
	for _, tt := range tests {
		_, _, err := command(t, tt.args...)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: got %v, want an error with %q", tt.args, err, tt.want)
		}
	}
}
