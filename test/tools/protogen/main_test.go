package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const small = `syntax = "proto3";
package fairlead.sample.v1;
import "google/protobuf/duration.proto";
option go_package = "example.com/sample;sample";
// Timeouts bound one exchange.
message Timeouts {
  google.protobuf.Duration request = 1; // From the head to the last byte; 0 is no bound.
  map<string, int32> by_name = 2; // Milliseconds by phase.
}
`

// plugin builds the pinned protoc-gen-go.
func plugin(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "protoc-gen-go")
	if out, err := exec.Command("go", "build", "-o", path, "google.golang.org/protobuf/cmd/protoc-gen-go").CombinedOutput(); err != nil {
		t.Fatalf("building the plugin: %v\n%s", err, out)
	}
	return path
}

func write(t *testing.T, root, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestGenerateThenCheck(t *testing.T) {
	gen, root := plugin(t), t.TempDir()
	write(t, root, "small.proto", small)
	write(t, root, "orphan.pb.go", "package sample\n")

	err := run(t.Context(), root, gen, []string{"."}, true)
	if err == nil || !strings.Contains(err.Error(), "small.pb.go is not up to date") ||
		!strings.Contains(err.Error(), "orphan.pb.go has no .proto file") {
		t.Errorf("check before generating: %v", err)
	}
	if err := run(t.Context(), root, gen, []string{"."}, false); err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(filepath.Join(root, "small.pb.go"))
	if err != nil || !strings.Contains(string(code), "func (x *Timeouts) GetRequest() *durationpb.Duration") {
		t.Errorf("generated file: %v\n%s", err, code)
	}
	if err := run(t.Context(), root, gen, []string{"."}, true); err != nil {
		t.Errorf("check after generating: %v", err)
	}
	write(t, root, "small.pb.go", string(code)+"// edited by hand\n")
	if err := run(t.Context(), root, gen, []string{"."}, true); err == nil {
		t.Error("check passes a file edited by hand")
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name, from, to string
		want           string
	}{
		{"field without a comment", " // From the head to the last byte; 0 is no bound.", "", "small.proto:7: fairlead.sample.v1.Timeouts.request has no comment"},
		{"message without a comment", "// Timeouts bound one exchange.\n", "", "fairlead.sample.v1.Timeouts has no comment"},
		{"syntax", "message Timeouts {", "message {", "small.proto:6:"},
		{"unknown type", "google.protobuf.Duration request", "Nothing request", "small.proto:7:"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			write(t, root, "small.proto", strings.Replace(small, tt.from, tt.to, 1))
			err := run(t.Context(), root, "no-plugin-is-reached", []string{"."}, false)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestNoProtoFiles(t *testing.T) {
	if err := run(t.Context(), t.TempDir(), "no-plugin-is-reached", []string{"not/there"}, true); err != nil {
		t.Error(err)
	}
}
