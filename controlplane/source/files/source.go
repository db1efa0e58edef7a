package files

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fairlead-mesh/fairlead/controlplane/source"
	"github.com/fairlead-mesh/fairlead/controlplane/source/manifest"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// Options say what to read. The zero value of each field but Paths means its default.
type Options struct {
	// Paths are directories and files.
	Paths []string
	// Namespace is that of objects that name none; default "default".
	Namespace string
	// Settle is how long the disk must be quiet before changes are read; default 2 ms.
	Settle time.Duration
	// Hold is the longest that changes wait for quiet elsewhere; default 20 ms. A file that is still being written
	// waits longer, up to a second.
	Hold time.Duration
	// Poll is how often the tree is compared with the disk although no event came: for file systems that send none,
	// and for lost events. Default 2 s; longer if a look takes long, so that it costs at most 1 % of a processor.
	Poll time.Duration
	// NoEvents switches fsnotify off; changes are then found by Poll alone.
	NoEvents bool
	// Log takes a line for each fault of the watching itself; default none.
	Log *slog.Logger
	// Stdin is read by Load for the path "-"; default os.Stdin.
	Stdin io.Reader
}

// Source watches manifests. It implements source.Source.
type Source struct{ opt Options }

var _ source.Source = (*Source)(nil)

// New makes a source of manifests. Every path must exist; later it may go and come back.
func New(o Options) (*Source, error) {
	if slices.Contains(o.Paths, Stdin) {
		return nil, errors.New("files: standard input cannot be watched")
	}
	if err := check(o.Paths); err != nil {
		return nil, err
	}
	o.Settle = cmp.Or(o.Settle, 2*time.Millisecond)
	o.Hold = cmp.Or(o.Hold, 20*time.Millisecond)
	o.Poll = cmp.Or(o.Poll, 2*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Source{opt: o}, nil
}

func check(paths []string) error {
	if len(paths) == 0 {
		return errors.New("files: no path given")
	}
	for _, p := range paths {
		if p == Stdin {
			continue
		}
		if _, err := os.Stat(p); err != nil {
			return fmt.Errorf("files: %w", err)
		}
	}
	return nil
}

// Load reads everything once, for commands that work offline. Its problems are values in the batch, as ever.
func Load(o Options) (source.Batch, error) {
	if err := check(o.Paths); err != nil {
		return source.Batch{}, err
	}
	in, stdin := o.Stdin, slices.Index(o.Paths, Stdin)
	o.Paths = slices.DeleteFunc(slices.Clone(o.Paths), func(p string) bool { return p == Stdin })
	l := newLoader(o)
	_, touched := l.all()
	if stdin >= 0 {
		if in == nil {
			in = os.Stdin
		}
		keys, err := l.stream(in, stdin)
		if err != nil {
			return source.Batch{}, err
		}
		touched = append(touched, keys...)
	}
	b, _ := l.batch(touched)
	return b, nil
}

// stream reads standard input as a file named "-".
func (l *loader) stream(in io.Reader, root int) ([]source.Key, error) {
	data, err := io.ReadAll(io.LimitReader(in, manifest.MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("files: standard input: %w", err)
	}
	if len(data) > manifest.MaxFile {
		return nil, fmt.Errorf("files: standard input is larger than %d MiB", manifest.MaxFile>>20)
	}
	docs, jobs := documents(Stdin, data, nil)
	if l.docs+len(docs) > manifest.MaxDocuments {
		return nil, fmt.Errorf("files: standard input %w", errTooMany)
	}
	run(l.dec, jobs)
	f := &file{id: fileID{root, Stdin}}
	l.files[Stdin] = f
	return l.update(f, docs), nil
}

// rootOf finds the given path that a file belongs to, or -1.
func (l *loader) rootOf(path string) int {
	return slices.IndexFunc(l.roots, func(root string) bool {
		if path == root || root == "." && !filepath.IsAbs(path) && !strings.HasPrefix(path, "..") {
			return true
		}
		rest, ok := strings.CutPrefix(path, strings.TrimSuffix(root, "/")+"/")
		return ok && !hidden(rest)
	})
}

// hidden reports whether any part of a relative path starts with a dot.
func hidden(rest string) bool {
	return strings.HasPrefix(rest, ".") || strings.Contains(rest, "/.")
}
