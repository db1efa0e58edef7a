// Command protogen generates Go code from protobuf files without protoc: it compiles the files with
// protocompile and hands the descriptors to protoc-gen-go, the plugin that protoc itself would run.
//
// It writes each X.pb.go beside its X.proto, and it refuses a file whose messages, fields or enums carry
// no comment: the contract between the planes is documented field by field, or it is not generated.
//
//	protogen -root . -plugin bin/tools/protoc-gen-go gateway/config
//	protogen -check …   # writes nothing; fails and names each file that is not up to date
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	root := flag.String("root", ".", "folder that import paths in .proto files are relative to")
	plugin := flag.String("plugin", "protoc-gen-go", "the protoc-gen-go program")
	check := flag.Bool("check", false, "compare with the files on disk instead of writing them")
	flag.Parse()
	if err := run(context.Background(), *root, *plugin, flag.Args(), *check); err != nil {
		fmt.Fprintln(os.Stderr, "protogen:", err)
		os.Exit(1)
	}
}

// run generates code for every .proto file at or below the given folders, which are relative to root.
func run(ctx context.Context, root, plugin string, folders []string, check bool) error {
	protos, stale, err := find(root, folders)
	if err != nil {
		return err
	}
	outputs := map[string][]byte{}
	if len(protos) > 0 {
		if outputs, err = generate(ctx, root, plugin, protos); err != nil {
			return err
		}
	}
	var wrong []error
	for name, content := range outputs {
		delete(stale, name)
		path := filepath.Join(root, name)
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
			continue
		}
		if check {
			wrong = append(wrong, fmt.Errorf("%s is not up to date: run make generate", name))
		} else if err := os.WriteFile(path, content, 0o644); err != nil { //nolint:gosec // source code, to be read by all
			return err
		}
	}
	for name := range stale {
		if check {
			wrong = append(wrong, fmt.Errorf("%s has no .proto file any more: run make generate", name))
		} else if err := os.Remove(filepath.Join(root, name)); err != nil {
			return err
		}
	}
	slices.SortFunc(wrong, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(wrong...)
}

// find lists the .proto files below the folders, sorted, and the set of .pb.go files there now. Names are
// relative to root with forward slashes.
func find(root string, folders []string) (protos []string, generated map[string]bool, err error) {
	generated = map[string]bool{}
	for _, folder := range folders {
		err := fs.WalkDir(os.DirFS(root), filepath.ToSlash(folder), func(name string, _ fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case strings.HasSuffix(name, ".proto"):
				protos = append(protos, name)
			case strings.HasSuffix(name, ".pb.go"):
				generated[name] = true
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, err
		}
	}
	slices.Sort(protos)
	return protos, generated, nil
}
