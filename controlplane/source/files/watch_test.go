package files

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/controlplane/source"
)

// started runs a source over dir until the test ends, and gives its batches. The poll is an hour away unless the
// options say otherwise, so that only events can bring changes.
func started(t *testing.T, o Options) <-chan source.Batch {
	t.Helper()
	if o.Poll == 0 {
		o.Poll = time.Hour
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	batches, done := make(chan source.Batch, 100), make(chan error)
	go func() { done <- s.Run(ctx, func(b source.Batch) { batches <- b }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return batches
}

// expect takes batches until the changes so far are the wanted ones, however many batches they come in.
func expect(t *testing.T, batches <-chan source.Batch, want ...string) source.Batch {
	t.Helper()
	var got []string
	for {
		select {
		case b := <-batches:
			if got = append(got, changes(b)...); cmp.Equal(got, want) {
				return b
			}
			if len(got) >= max(len(want), 1) {
				t.Fatalf("changes (-want +got):\n%s", cmp.Diff(want, got))
			}
		case <-t.Context().Done():
			t.Fatalf("the test ended; changes so far %q, want %q", got, want)
		}
	}
}

func TestWatch(t *testing.T) {
	for _, test := range []struct {
		name string
		opt  Options
	}{
		{"by events", Options{}},
		{"by polling", Options{NoEvents: true, Poll: time.Millisecond}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			file := func(name string) string { return filepath.Join(dir, name) }
			write(t, file("a.yaml"), route("a", "/a"))
			test.opt.Paths = []string{dir}
			batches := started(t, test.opt)
			expect(t, batches, "+a /a g1")

			replace(t, file("a.yaml"), route("a", "/a2"))
			expect(t, batches, "~a /a2 g2")
			replace(t, file("b.yaml"), route("b", "/b"))
			expect(t, batches, "+b /b g1")
			replace(t, file("a.yaml"), docs(route("a", "nonsense"), route("c", "/c")))
			b := expect(t, batches, "+c /c g1")
			if len(b.Problems) != 1 || !b.Problems[0].Live {
				t.Errorf("problems: %v", b.Problems)
			}
			if err := os.Remove(file("b.yaml")); err != nil {
				t.Fatal(err)
			}
			expect(t, batches, "-b")
			if err := os.Rename(file("a.yaml"), file("a.off")); err != nil {
				t.Fatal(err)
			}
			expect(t, batches, "-a", "-c")
		})
	}
}

// TestWatchSubDirectory makes, moves and removes a directory with files in it.
func TestWatchSubDirectory(t *testing.T) {
	dir := t.TempDir()
	batches := started(t, Options{Paths: []string{dir}})
	if b := <-batches; len(b.Changes) != 0 {
		t.Fatalf("first batch: %v", b)
	}
	write(t, filepath.Join(dir, "sub", "deep", "x.yaml"), route("x", "/x"))
	expect(t, batches, "+x /x g1")
	replace(t, filepath.Join(dir, "sub", "deep", "x.yaml"), route("x", "/y"))
	expect(t, batches, "~x /y g2")
	if err := os.RemoveAll(filepath.Join(dir, "sub")); err != nil {
		t.Fatal(err)
	}
	expect(t, batches, "-x")
	write(t, filepath.Join(dir, "sub", "deep", "x.yaml"), route("x", "/z"))
	expect(t, batches, "+x /z g1")
}

// TestWatchRoot removes the given directory itself, and makes it anew.
func TestWatchRoot(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "config")
	write(t, filepath.Join(dir, "a.yaml"), route("a", "/a"))
	batches := started(t, Options{Paths: []string{dir}})
	expect(t, batches, "+a /a g1")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	expect(t, batches, "-a")
	write(t, filepath.Join(dir, "a.yaml"), route("a", "/b"))
	expect(t, batches, "+a /b g1")
	replace(t, filepath.Join(dir, "a.yaml"), route("a", "/c"))
	expect(t, batches, "~a /c g2")
}

// TestWatchFile watches a single file that an editor replaces.
func TestWatchFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	write(t, path, route("a", "/a"))
	write(t, filepath.Join(dir, "other.yaml"), route("other", "/"))
	batches := started(t, Options{Paths: []string{path}})
	expect(t, batches, "+a /a g1")
	replace(t, path, route("a", "/b"))
	expect(t, batches, "~a /b g2")
}

// TestWatchConfigMap swaps a link to a directory as the kubelet does for a ConfigMap: data in a dated directory,
// ..data links to it, and each file links through ..data.
func TestWatchConfigMap(t *testing.T) {
	dir := t.TempDir()
	publish := func(version, data string) {
		t.Helper()
		write(t, filepath.Join(dir, ".."+version, "routes.yaml"), data)
		tmp := filepath.Join(dir, "..data_tmp")
		if err := os.Symlink(".."+version, tmp); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(tmp, filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	publish("2026_01", docs(route("a", "/a"), route("b", "/b")))
	if err := os.Symlink(filepath.Join("..data", "routes.yaml"), filepath.Join(dir, "routes.yaml")); err != nil {
		t.Fatal(err)
	}
	batches := started(t, Options{Paths: []string{dir}})
	expect(t, batches, "+a /a g1", "+b /b g1")
	publish("2026_02", docs(route("a", "/a2"), route("c", "/c")))
	if b := expect(t, batches, "~a /a2 g2", "-b", "+c /c g1"); len(b.Changes) != 3 {
		t.Errorf("the swap came in pieces: the last had %d changes", len(b.Changes))
	}
	if err := os.RemoveAll(filepath.Join(dir, "..2026_01")); err != nil {
		t.Fatal(err)
	}
	publish("2026_03", route("a", "/a3"))
	expect(t, batches, "~a /a3 g3", "-c")
}

// TestWatchLinkTarget edits a file that lies elsewhere and is only linked to.
func TestWatchLinkTarget(t *testing.T) {
	dir, far := t.TempDir(), filepath.Join(t.TempDir(), "far.yaml")
	write(t, far, route("a", "/a"))
	if err := os.Symlink(far, filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	batches := started(t, Options{Paths: []string{dir}})
	expect(t, batches, "+a /a g1")
	replace(t, far, route("a", "/b"))
	expect(t, batches, "~a /b g2")
}

// deaf is a notifier that reports nothing by itself.
type deaf struct{ err error }

func (d deaf) Add(string) error    { return d.err }
func (d deaf) Remove(string) error { return nil }

// TestWatchOverflow shows that lost events cost a look at the whole tree, and nothing else.
func TestWatchOverflow(t *testing.T) {
	dir := t.TempDir()
	s, err := New(Options{Paths: []string{dir}, Poll: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	batches, errs := make(chan source.Batch, 10), make(chan error)
	w := &watch{
		Options: s.opt, loader: newLoader(s.opt), sink: func(b source.Batch) { batches <- b },
		notify: deaf{}, errors: errs, watched: make(map[string]bool),
		debounce: debounce{settle: s.opt.Settle, hold: s.opt.Hold},
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.run(ctx) }()
	<-batches
	write(t, filepath.Join(dir, "a.yaml"), route("a", "/a"))
	errs <- fsnotify.ErrEventOverflow
	expect(t, batches, "+a /a g1")
	cancel()
	<-done
}

// TestWatchWithoutWatches shows that polling covers when the kernel has no watches left.
func TestWatchWithoutWatches(t *testing.T) {
	dir := t.TempDir()
	s, err := New(Options{Paths: []string{dir}, Poll: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	batches := make(chan source.Batch, 10)
	w := &watch{
		Options: s.opt, loader: newLoader(s.opt), sink: func(b source.Batch) { batches <- b },
		notify: deaf{err: os.ErrPermission}, watched: make(map[string]bool),
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.run(ctx) }()
	<-batches
	write(t, filepath.Join(dir, "a.yaml"), route("a", "/a"))
	expect(t, batches, "+a /a g1")
	cancel()
	<-done
}
