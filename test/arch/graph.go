package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
)

// Module is the import path under which every room stands.
const Module = "github.com/fairlead-mesh/fairlead"

// Graph maps the import path of a package to the import paths it imports outside its tests. It holds the
// module's own packages and, because rules about what a program links are transitive, all they depend on.
type Graph map[string][]string

// Load reads the import graph of the module rooted at dir.
func Load(dir string) (Graph, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports", "./...")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("arch: go list in %s: %w: %s", dir, err, strings.TrimSpace(stderr.String()))
	}
	return decode(bytes.NewReader(out))
}

// decode reads the concatenated JSON objects that `go list -json` prints.
func decode(r io.Reader) (Graph, error) {
	graph := Graph{}
	dec := json.NewDecoder(r)
	for {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		err := dec.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			return graph, nil
		}
		if err != nil {
			return nil, fmt.Errorf("arch: go list output: %w", err)
		}
		graph[pkg.ImportPath] = pkg.Imports
	}
}

// own returns the packages of this module, sorted, as paths relative to the module root ("" is the root).
func (g Graph) own() []string {
	var rel []string
	for path := range g {
		if r, ok := relative(path); ok {
			rel = append(rel, r)
		}
	}
	slices.Sort(rel)
	return rel
}

// chain returns the shortest import chain that starts at package from and ends at a package matching
// target, both included, or nil. Only from's imports count: from itself may match.
func (g Graph) chain(from string, target func(string) bool) []string {
	came := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for _, next := range g[at] {
			if _, seen := came[next]; seen {
				continue
			}
			came[next] = at
			if target(next) {
				return trail(came, next)
			}
			queue = append(queue, next)
		}
	}
	return nil
}

// trail walks the breadth-first tree back from end to its root and returns the way there.
func trail(came map[string]string, end string) []string {
	var way []string
	for at := end; at != ""; at = came[at] {
		way = append(way, at)
	}
	slices.Reverse(way)
	return way
}

// relative strips the module path from an import path; ok is false for a package of somebody else.
func relative(path string) (rel string, ok bool) {
	if path == Module {
		return "", true
	}
	return strings.CutPrefix(path, Module+"/")
}

// under reports whether path is dir or lies below it.
func under(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || rest[0] == '/')
}
