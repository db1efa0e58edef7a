package files

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/fairlead-mesh/fairlead/controlplane/source"
)

// blankGrace is how long a file that was cut to nothing keeps its objects.
const blankGrace = time.Second

// Run delivers what is on disk, then every change, until ctx ends.
func (s *Source) Run(ctx context.Context, sink func(source.Batch)) error {
	w := &watch{
		Options:  s.opt,
		loader:   newLoader(s.opt),
		sink:     sink,
		debounce: debounce{settle: s.opt.Settle, hold: s.opt.Hold},
		watched:  make(map[string]bool),
	}
	if !s.opt.NoEvents {
		n, err := fsnotify.NewBufferedWatcher(4096)
		if err != nil {
			s.opt.Log.Warn("no file events, polling instead", "error", err)
		} else {
			defer n.Close()
			w.notify, w.events, w.errors = n, n.Events, n.Errors
		}
	}
	w.run(ctx)
	return nil
}

// watch is one Run.
type watch struct {
	Options
	*loader
	debounce debounce
	sink     func(source.Batch)

	notify  notifier
	events  <-chan fsnotify.Event
	errors  <-chan error
	watched map[string]bool // directories with a watch
	walked  map[string]bool // those whose manifests are read
	warned  bool

	settled *time.Timer // runs while events are gathered
	blank   *time.Timer // runs while a file is blank
	poll    *time.Timer

	blankRuns bool
}

// notifier is the part of fsnotify that is needed.
type notifier interface {
	Add(dir string) error
	Remove(dir string) error
}

func (w *watch) run(ctx context.Context) {
	w.settled, w.blank, w.poll = stopped(), stopped(), stopped()
	defer w.settled.Stop()
	defer w.blank.Stop()
	defer w.poll.Stop()
	w.deliver(w.whole(), true)
	for {
		select {
		case <-ctx.Done():
			return
		case ev := <-w.events:
			w.event(ev)
		case err := <-w.errors:
			w.fault(err)
		case <-w.settled.C:
			w.flush()
		case <-w.blank.C:
			w.blankRuns = false
			w.deliver(w.some(w.blanks()), false)
		case <-w.poll.C:
			w.deliver(w.whole(), false)
		}
	}
}

func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

func (w *watch) deliver(touched []source.Key, always bool) {
	if b, changed := w.batch(touched); changed || always {
		w.sink(b)
	}
	if len(w.blanks()) > 0 && !w.blankRuns {
		w.blankRuns = true
		w.blank.Reset(blankGrace)
	}
}

// whole looks at the whole tree. Directories that were new are looked at again once they are watched: files may
// have come in between.
func (w *watch) whole() []source.Key {
	start := time.Now()
	var touched []source.Key
	for range 4 {
		t, keys := w.all()
		touched = append(touched, keys...)
		if !w.follow(t) {
			break
		}
	}
	w.poll.Reset(max(w.Poll, 100*time.Since(start)))
	return touched
}

// follow watches what a scan found and lets go of the rest. It reports whether a watch was added.
func (w *watch) follow(t tree) bool {
	w.walked = make(map[string]bool, len(t.dirs))
	for _, dir := range t.dirs {
		w.walked[dir] = true
	}
	if w.notify == nil {
		return false
	}
	want := t.watchable(w.roots)
	added := false
	for _, dir := range want {
		// Again for those that are watched: the directory may be another one by the same name.
		if err := w.notify.Add(dir); err != nil {
			delete(w.watched, dir)
			w.unwatchable(dir, err)
			continue
		}
		added = added || !w.watched[dir]
		w.watched[dir] = true
	}
	for dir := range w.watched {
		if _, ok := slices.BinarySearch(want, dir); !ok {
			delete(w.watched, dir)
			_ = w.notify.Remove(dir) // gone already if the directory is
		}
	}
	return added
}

// unwatchable says once that events will be missed; polling covers for them.
func (w *watch) unwatchable(dir string, err error) {
	if w.warned || errors.Is(err, os.ErrNotExist) {
		return
	}
	w.warned = true
	w.Log.Warn("cannot watch a directory, polling it instead", "dir", dir, "error", err)
}

// fault is an error of the notifier, above all an overflow: events were lost, so the whole tree is looked at.
func (w *watch) fault(err error) {
	w.Log.Warn("file events were lost, looking at every file", "error", err)
	w.note("")
}

func (w *watch) event(ev fsnotify.Event) {
	name := filepath.Clean(ev.Name)
	if ev.Has(fsnotify.Remove|fsnotify.Rename) && w.watched[name] {
		delete(w.watched, name)
		w.note("")
		return
	}
	dir, base := filepath.Split(name)
	switch dir = filepath.Clean(dir); {
	case w.files[name] != nil:
		w.note(name)
	case slices.Contains(w.roots, name):
		w.note("") // a given path came or was exchanged
	case !w.walked[dir]:
		if w.links(dir) {
			w.note("") // a file that a link leads to
		}
	case strings.HasPrefix(base, ".."):
		w.note("") // a ConfigMap mount's swap of ..data
	case strings.HasPrefix(base, "."):
	case isManifest(name):
		w.note(name)
	case ev.Has(fsnotify.Create):
		if info, err := os.Lstat(name); err == nil && info.IsDir() {
			w.note("")
		}
	case ev.Has(fsnotify.Remove | fsnotify.Rename):
		if w.walked[name] {
			w.note("")
		}
	}
}

// links reports whether a directory is watched only because file links lead into it.
func (w *watch) links(dir string) bool {
	return w.watched[dir] && !slices.ContainsFunc(w.roots, func(r string) bool { return filepath.Dir(r) == dir })
}

func (w *watch) note(path string) {
	w.debounce.add(time.Now(), path)
	w.arm()
}

func (w *watch) arm() {
	if at, ok := w.debounce.due(); ok {
		w.settled.Reset(time.Until(at))
	}
}

func (w *watch) flush() {
	paths, full := w.debounce.take(time.Now())
	touched := w.some(paths)
	if full {
		touched = append(touched, w.whole()...)
	}
	w.deliver(touched, false)
	w.arm()
}
