package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
)

// Sleepers lists, as file:line, each time.Sleep in a test file below dir that does not import
// testing/synctest. Inside a synctest bubble a sleep is exact and takes no time; outside it makes the
// test's verdict depend on the machine's speed.
func Sleepers(dir string) ([]string, error) {
	root := os.DirFS(dir)
	var found []string
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || name == "bin") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		source, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		lines, err := sleeps(name, source)
		found = append(found, lines...)
		return err
	})
	return found, err
}

// sleeps finds the calls in one file.
func sleeps(name string, source []byte) ([]string, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("arch: %w", err)
	}
	clock := ""
	for _, spec := range file.Imports {
		switch imported, _ := strconv.Unquote(spec.Path.Value); imported {
		case "testing/synctest":
			return nil, nil
		case "time":
			clock = path.Base(imported)
			if spec.Name != nil {
				clock = spec.Name.Name
			}
		}
	}
	var found []string
	for node := range ast.Preorder(file) {
		call, ok := node.(*ast.SelectorExpr)
		if !ok || call.Sel.Name != "Sleep" {
			continue
		}
		if ident, ok := call.X.(*ast.Ident); ok && ident.Name == clock {
			found = append(found, fmt.Sprintf("%s:%d", name, set.Position(call.Pos()).Line))
		}
	}
	return found, nil
}
