// Package golden runs translators against golden files: one file for each situation,
// with the objects that go in and the configuration and status that come out.
//
// A file is text with sections, each begun by a line "-- NAME --":
//
//	What the situation shows, in a line or two.
//	-- input --
//	apiVersion: gateway.networking.k8s.io/v1
//	kind: HTTPRoute
//	…
//	-- config --
//	route:
//	  name: httproute/default/shop/0
//	…
//	-- status --
//	kind: HTTPRoute
//	…
//
// Its name is SITUATION-RESULT.txtar, such as route-missing-backend.txtar. People write
// the text and the input; "go test -update" writes the rest. Config is the contract's
// YAML form as config.MarshalYAML writes it: a proxy can be fed with it by hand. Status is one
// document for each element if it is a slice, and one document otherwise; fields that
// are null are left out, so that times that a translator does not know take no room.
//
// It is for tests only and must not be used for files that nobody reviews.
package golden

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

var update = flag.Bool("update", false, "write the config and status of golden files anew")

// Translate makes configuration and status of the input section. Bad input is for it to
// report with t.
type Translate func(t *testing.T, input []byte) (resources []*config.Resource, status any)

// Run runs one subtest for each .txtar file of dir, in parallel.
func Run(t *testing.T, dir string, translate Translate) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("golden: no files in %s: %v", dir, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			runFile(t, path, translate)
		})
	}
}

func runFile(t *testing.T, path string, translate Translate) {
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parse(old)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	resources, status := translate(t, file.input)
	if file.config, err = config.MarshalYAML(resources); err != nil {
		t.Fatal(err)
	}
	again, err := config.UnmarshalYAML(file.config)
	want := config.Sorted(resources)
	if err != nil || !slices.EqualFunc(want, again, func(a, b *config.Resource) bool { return proto.Equal(a, b) }) {
		t.Errorf("%s: a proxy reads the config section as something else (-translated +read): %v\n%s",
			path, err, cmp.Diff(want, again, protocmp.Transform()))
	}
	if file.status, err = marshalStatus(status); err != nil {
		t.Fatal(err)
	}
	got := file.format()
	if *update && !t.Failed() && !bytes.Equal(old, got) {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(old), string(got)); diff != "" {
		t.Errorf("%s (-file +translated; -update writes it):\n%s", path, diff)
	}
}

// Inputs returns the input section of every .txtar file of dir by file name, for tests
// that assert something of all situations.
func Inputs(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("golden: no files in %s: %v", dir, err)
	}
	out := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parse(data)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out[filepath.Base(path)] = file.input
	}
	return out
}
