// Package validate says what an API server would refuse: the constraints of Gateway API's CRD schemas and CEL rules,
// of istiod's validating webhook, and of Kubernetes' own validation for core kinds.
//
// It is not a translator's judgement: a route to a backend that does not exist is valid here. What it lets through
// may still be reported by status.
//
// Every function is pure and safe for concurrent use. Objects are validated after defaulting.
package validate

import (
	"fmt"
	"regexp"
	"slices"
)

// Fault is one violated constraint: the field's path in the object and the reason, in lower case.
type Fault struct {
	Field, Reason string
}

// list collects faults.
type list []Fault

func (l *list) add(at *Path, format string, args ...any) {
	*l = append(*l, Fault{Field: at.String(), Reason: fmt.Sprintf(format, args...)})
}

// check adds a fault unless ok.
func (l *list) check(ok bool, at *Path, format string, args ...any) {
	if !ok {
		l.add(at, format, args...)
	}
}

// pattern demands 1 to size bytes that match; what names the grammar in the fault.
func (l *list) pattern(at *Path, value string, size int, re *regexp.Regexp, what string) {
	switch {
	case value == "":
		l.add(at, "required")
	case len(value) > size:
		l.add(at, "is %d bytes long, at most %d are allowed", len(value), size)
	case !re.MatchString(value):
		l.add(at, "%q is not %s", value, what)
	}
}

// size demands 1 to size bytes.
func (l *list) size(at *Path, value string, size int) {
	switch {
	case value == "":
		l.add(at, "required")
	case len(value) > size:
		l.add(at, "is %d bytes long, at most %d are allowed", len(value), size)
	}
}

// count demands a list of least to most items.
func (l *list) count(at *Path, n, least, most int, of string) {
	switch {
	case n < least:
		l.add(at, "at least %d %s required", least, of)
	case n > most:
		l.add(at, "has %d %s, at most %d are allowed", n, of, most)
	}
}

// between demands least ≤ v ≤ most.
func between[T int | int32 | int64 | uint32](l *list, at *Path, v, least, most T) {
	if v < least || v > most {
		l.add(at, "must be between %d and %d, is %d", least, most, v)
	}
}

// oneOf demands one of the allowed values.
func oneOf[T ~string](l *list, at *Path, v T, allowed ...T) {
	if !slices.Contains(allowed, v) {
		l.add(at, "%q is not one of %v", string(v), allowed)
	}
}

// unique demands that no value comes twice; item gives the path of the i-th.
func unique[T comparable](l *list, values []T, item func(i int) *Path) {
	seen := make(map[T]int, len(values))
	for i, v := range values {
		if first, dup := seen[v]; dup {
			l.add(item(i), "%v is already used by item %d", v, first)
			continue
		}
		seen[v] = i
	}
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
