package files

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDebounce(t *testing.T) {
	ms := func(n int) time.Time { return time.Unix(0, 0).Add(time.Duration(n) * time.Millisecond) }
	type event struct {
		at   int // ms
		path string
	}
	for _, test := range []struct {
		name   string
		events []event
		due    int // ms, after the events
		paths  []string
		full   bool
		again  int // ms when the rest is due; 0 if nothing is left
	}{
		{"one event", []event{{1, "a"}}, 3, []string{"a"}, false, 0},
		{"quiet is waited for", []event{{1, "a"}, {2, "a"}, {3, "b"}}, 5, []string{"a", "b"}, false, 0},
		{"the whole tree", []event{{1, ""}, {2, "a"}}, 4, []string{"a"}, true, 0},
		{
			"a busy file does not hold up a quiet one, and is not read half-written",
			[]event{{1, "a"}, {2, "b"}, {4, "b"}, {8, "b"}, {12, "b"}, {16, "b"}, {20, "b"}},
			21,
			[]string{"a"},
			false, 22,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := debounce{settle: 2 * time.Millisecond, hold: 20 * time.Millisecond}
			if _, ok := d.due(); ok {
				t.Error("due without events")
			}
			for _, e := range test.events {
				d.add(ms(e.at), e.path)
			}
			at, ok := d.due()
			if !ok || !at.Equal(ms(test.due)) {
				t.Fatalf("due at %v, %v; want %v", at, ok, ms(test.due))
			}
			paths, full := d.take(at)
			slices.Sort(paths)
			if diff := cmp.Diff(test.paths, paths); diff != "" || full != test.full {
				t.Errorf("took full=%v, (-want +got):\n%s", full, diff)
			}
			at, ok = d.due()
			if ok != (test.again > 0) || ok && !at.Equal(ms(test.again)) {
				t.Errorf("the rest is due at %v, %v; want %d ms", at, ok, test.again)
			}
		})
	}
}

func TestDebounceReadsAFileThatNeverFallsQuiet(t *testing.T) {
	d := debounce{settle: 2 * time.Millisecond, hold: 20 * time.Millisecond}
	now := time.Unix(0, 0)
	for range 1001 {
		d.add(now, "a")
		now = now.Add(time.Millisecond)
	}
	if paths, _ := d.take(now); len(paths) != 1 {
		t.Errorf("took %v after a second of writes", paths)
	}
}
