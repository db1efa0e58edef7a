package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fairlead-mesh/fairlead/controlplane/source"
	"github.com/fairlead-mesh/fairlead/controlplane/source/manifest"
)

// loader brings a table up to date with the disk.
type loader struct {
	*table
	roots []string
	now   func() time.Time
}

func newLoader(o Options) *loader {
	l := &loader{table: newTable(manifest.NewDecoder(o.Namespace)), now: time.Now}
	for _, p := range o.Paths {
		l.roots = append(l.roots, filepath.Clean(p))
	}
	return l
}

// all compares the whole tree with the table, and re-reads what differs. Files that are gone lose their objects.
func (l *loader) all() (tree, []source.Key) {
	t := scan(l.roots)
	var changed []found
	seen := make(map[string]bool, len(t.files))
	for _, f := range t.files {
		seen[f.id.path] = true
		if l.stale(f) {
			changed = append(changed, f)
		}
	}
	var touched []source.Key
	for _, path := range l.paths() {
		if !seen[path] {
			touched = append(touched, l.remove(path)...)
		}
	}
	return t, append(touched, l.read(changed)...)
}

func (l *loader) stale(f found) bool {
	have, ok := l.files[f.id.path]
	if !ok || have.info == nil || !have.blankAt.IsZero() || !same(have.info, f.info) {
		return true
	}
	return have.readAt.Sub(have.info.ModTime()) < racy
}

// some re-reads the named files, whatever their times say.
func (l *loader) some(paths []string) []source.Key {
	var changed []found
	var touched []source.Key
	for _, path := range paths {
		info, err := os.Stat(path)
		have, known := l.files[path]
		switch {
		case errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir():
			if known {
				touched = append(touched, l.remove(path)...)
			}
		case known:
			changed = append(changed, found{have.id, info, err})
		default:
			if i := l.rootOf(path); i >= 0 {
				changed = append(changed, found{fileID{i, path}, info, err})
			}
		}
	}
	return append(touched, l.read(changed)...)
}

// read reads and decodes files, several at once, and takes over what came of it.
func (l *loader) read(changed []found) []source.Key {
	readings := make([]reading, len(changed))
	var jobs []job
	total := l.docs
	for i, f := range changed {
		r := &readings[i]
		if r.found = f; f.err != nil {
			r.err = reason(f.err)
			continue
		}
		data, info, err := read(f.id.path)
		if err != nil {
			r.err = err
			continue
		}
		r.info = info
		more := l.documents(r, data)
		old := l.oldDocs(f.id.path)
		if total += len(r.docs) - len(old); total > manifest.MaxDocuments {
			total -= len(r.docs) - len(old)
			r.docs, r.err = nil, errTooMany
			continue
		}
		jobs = append(jobs, more...)
	}
	run(l.dec, jobs)
	slices.SortFunc(readings, func(a, b reading) int { return a.id.compare(b.id) })
	var touched []source.Key
	for i := range readings {
		touched = append(touched, l.take(&readings[i])...)
	}
	return touched
}

func (l *loader) oldDocs(path string) []document {
	if f, ok := l.files[path]; ok {
		return f.docs
	}
	return nil
}

func (l *loader) documents(r *reading, data []byte) []job {
	var jobs []job
	r.docs, jobs = documents(r.id.path, data, l.oldDocs(r.id.path))
	return jobs
}

// take enters one reading into the table.
func (l *loader) take(r *reading) []source.Key {
	f, ok := l.files[r.id.path]
	if !ok {
		f = &file{id: r.id}
		l.files[r.id.path] = f
	}
	f.readAt = l.now()
	if r.err != nil {
		f.info = nil
		f.faults = []source.Problem{{
			Origin: source.Origin{File: r.id.path}, Reason: r.err.Error(), Live: len(f.good) > 0,
		}}
		return nil
	}
	f.info = r.info
	if r.info.Size() == 0 && len(f.good) > 0 {
		if f.blankAt.IsZero() {
			f.blankAt = f.readAt
		}
		if f.readAt.Sub(f.blankAt) < blankGrace {
			return nil // perhaps half-written
		}
	}
	f.blankAt = time.Time{}
	return l.update(f, r.docs)
}

// blanks lists the files that were cut to nothing and whose objects are still held.
func (l *loader) blanks() []string {
	var out []string
	for path, f := range l.files {
		if !f.blankAt.IsZero() {
			out = append(out, path)
		}
	}
	return out
}
