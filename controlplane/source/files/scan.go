package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fairlead-mesh/fairlead/controlplane/source/manifest"
)

// found is a manifest file as a scan met it.
type found struct {
	id   fileID
	info os.FileInfo
	err  error
}

// fileID orders files: by given path, then by name.
type fileID struct {
	root int // index of the given path
	path string
}

func (a fileID) compare(b fileID) int {
	if a.root != b.root {
		return a.root - b.root
	}
	return strings.Compare(a.path, b.path)
}

// tree is the outcome of a full scan.
type tree struct {
	files []found
	dirs  []string // walked
	links []string // directories outside the tree that file links lead to
}

// isManifest reports whether a file inside a given directory is read.
func isManifest(name string) bool {
	base := filepath.Base(name)
	if strings.HasPrefix(base, ".") {
		return false
	}
	switch filepath.Ext(base) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// scan walks the given paths. A path that is not there yields nothing.
func scan(roots []string) tree {
	var t tree
	seen := make(map[string]bool)
	for i, root := range roots {
		info, err := os.Stat(root)
		switch {
		case err != nil && errors.Is(err, fs.ErrNotExist):
		case err != nil || !info.IsDir():
			t.add(seen, found{fileID{i, root}, info, err})
		default:
			t.walk(seen, i, root, 0)
		}
	}
	return t
}

// maxDirs is how deep sub-directories are followed.
const maxDirs = 32

func (t *tree) walk(seen map[string]bool, root int, dir string, depth int) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			t.add(seen, found{id: fileID{root, dir}, err: err})
		}
		return
	}
	t.dirs = append(t.dirs, dir)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			if depth < maxDirs {
				t.walk(seen, root, path, depth+1)
			}
		case isManifest(path):
			info, err := os.Stat(path)
			if errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() {
				continue
			}
			t.add(seen, found{fileID{root, path}, info, err})
		}
	}
}

func (t *tree) add(seen map[string]bool, f found) {
	if seen[f.id.path] {
		return
	}
	seen[f.id.path] = true
	t.files = append(t.files, f)
	if link, err := os.Lstat(f.id.path); err == nil && link.Mode()&fs.ModeSymlink != 0 {
		if target, err := filepath.EvalSymlinks(f.id.path); err == nil {
			t.links = append(t.links, filepath.Dir(target))
		}
	}
}

// watchable lists the directories whose events matter: those walked, those that links lead to, and the parents of
// the given paths, which tell when a given path comes or goes.
func (t *tree) watchable(roots []string) []string {
	dirs := slices.Concat(t.dirs, t.links)
	for _, r := range roots {
		dirs = append(dirs, filepath.Dir(r))
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// same reports whether two looks at a path saw the same bytes, as far as inode, time and size can tell.
func same(a, b os.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// racy is how long after a file's last write another write may leave its time unchanged: file times tick with the
// kernel's clock (4 ms) or the file system's (up to 2 s).
const racy = 2 * time.Second

// read reads a regular file of at most MaxFile bytes. It never blocks on a pipe.
func read(path string) ([]byte, os.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, reason(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, reason(err)
	}
	if !info.Mode().IsRegular() {
		return nil, info, errors.New("is not a regular file")
	}
	if info.Size() > manifest.MaxFile {
		return nil, info, fmt.Errorf("is larger than %d MiB", manifest.MaxFile>>20)
	}
	data, err := io.ReadAll(io.LimitReader(f, manifest.MaxFile+1))
	if err == nil && len(data) > manifest.MaxFile {
		err = fmt.Errorf("is larger than %d MiB", manifest.MaxFile>>20)
	}
	return data, info, reason(err)
}

// reason strips the path from an error: problems name the file themselves.
func reason(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("cannot be read: %w", pe.Err)
	}
	return err
}
