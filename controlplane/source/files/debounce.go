package files

import "time"

// debounce gathers events until the disk is quiet. It has no clock of its own: callers say what time it is.
type debounce struct {
	settle, hold time.Duration

	first, last time.Time // of the events gathered; zero if there are none
	dirty       map[string]span
	full        bool // the whole tree must be looked at
}

// span is when one file's events began and when the last one came.
type span struct{ first, last time.Time }

// maxWrite is how long a file that never falls quiet is waited for.
const maxWrite = time.Second

// add notes an event; path "" means the whole tree.
func (d *debounce) add(now time.Time, path string) {
	if d.first.IsZero() {
		d.first = now
	}
	d.last = now
	if path == "" {
		d.full = true
		return
	}
	if d.dirty == nil {
		d.dirty = make(map[string]span)
	}
	s, ok := d.dirty[path]
	if !ok {
		s.first = now
	}
	s.last = now
	d.dirty[path] = s
}

// due is when to take: as soon as everything is quiet, or when the oldest has waited for hold. ok is false if there
// is nothing to wait for.
func (d *debounce) due() (at time.Time, ok bool) {
	if d.first.IsZero() {
		return time.Time{}, false
	}
	quiet, held := d.last.Add(d.settle), d.first.Add(d.hold)
	if held.Before(quiet) {
		return held, true
	}
	return quiet, true
}

// take gives the files to read now, and whether to look at the whole tree. Files that were written less than settle
// ago stay for the next round, so that half of a long write is not read.
func (d *debounce) take(now time.Time) (paths []string, full bool) {
	full, d.full = d.full, false
	d.first = time.Time{}
	for path, s := range d.dirty {
		if now.Sub(s.last) < d.settle && now.Sub(s.first) < maxWrite {
			if d.first.IsZero() || s.last.Before(d.first) {
				d.first = s.last
			}
			continue
		}
		paths = append(paths, path)
		delete(d.dirty, path)
	}
	return paths, full
}
