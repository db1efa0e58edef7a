package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/controlplane/source"
)

// A change is recognised by a marker that is written along with it: a Namespace that no
// route names, with the number of the change for a label. A file is read as one, so the
// batch that holds the marker holds the file.
const generationLabel = "harness/generation"

func markerName(file string) string {
	return "harness-" + strings.NewReplacer(".", "-", "_", "-", "/", "-").Replace(file)
}

func marker(file, generation string) string {
	return fmt.Sprintf("\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {%s: %q}}\n",
		markerName(file), generationLabel, generation)
}

// feed is the source of the pipeline; it notes which batches have been worked through.
type feed struct {
	source.Source
	generation int // the test's goroutine counts

	mu      sync.Mutex
	now     batches
	changed chan struct{} // closed at the next batch
}

// batches is what the pipeline has taken so far.
type batches struct {
	taken    int
	markers  map[string]string // generation by marker
	problems []source.Problem
}

func newFeed(src source.Source) *feed {
	return &feed{Source: src, now: batches{markers: make(map[string]string)}, changed: make(chan struct{})}
}

// Run implements source.Source.
func (f *feed) Run(ctx context.Context, sink func(source.Batch)) error {
	return f.Source.Run(ctx, func(b source.Batch) {
		sink(b)
		f.note(b)
	})
}

func (f *feed) note(b source.Batch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now.taken++
	f.now.problems = b.Problems
	for _, c := range b.Changes {
		if c.Key.Kind != "Namespace" || !strings.HasPrefix(c.Key.Name, "harness-") {
			continue
		}
		if c.New == nil {
			delete(f.now.markers, c.Key.Name)
		} else {
			f.now.markers[c.Key.Name] = c.New.GetLabels()[generationLabel]
		}
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

// wait returns when a condition on what was taken holds.
func (f *feed) wait(t testing.TB, what string, holds func(*batches) bool) {
	t.Helper()
	late := time.NewTimer(Patience)
	defer late.Stop()
	for {
		f.mu.Lock()
		ok, changed := holds(&f.now), f.changed
		f.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-late.C:
			t.Fatalf("%s is not live after %v; problems: %v", what, Patience, f.problems())
		}
	}
}

func (f *feed) problems() []source.Problem {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.now.problems)
}

// Problems are the faults of the manifests now.
func (a *Appliance) Problems() []source.Problem { return a.feed.problems() }

// Refusals are the problems that keep a document from being live, one a line.
func (a *Appliance) Refusals() string {
	var lines []string
	for _, p := range a.Problems() {
		if p.Severity == source.Refused {
			lines = append(lines, p.String())
		}
	}
	return strings.Join(lines, "\n")
}
