package peer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// Build makes programs out of packages of this module, with the flags of `make build`.
type Build struct {
	Module string            // directory of go.mod
	Bin    string            // directory for the programs
	Ready  map[string]string // programs that need no building, by name; may be nil
}

// Program builds the package and returns the program's path.
func (b Build) Program(ctx context.Context, name, dir string) (string, error) {
	if path := b.Ready[name]; path != "" {
		return filepath.Abs(path)
	}
	if _, err := os.Stat(filepath.Join(b.Module, dir)); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no %s in this tree", dir)
	}
	path := filepath.Join(b.Bin, name)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", path, "./"+dir)
	cmd.Dir = b.Module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./%s: %w: %s", dir, err, text)
	}
	return path, nil
}

// ours builds a package of this module.
func ours(name, dir string) func(context.Context, Build) (string, error) {
	return func(ctx context.Context, build Build) (string, error) { return build.Program(ctx, name, dir) }
}
