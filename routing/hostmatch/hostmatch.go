// Package hostmatch finds what is configured for a host name.
//
// A Map holds values under exact names ("a.example.com"), wildcards ("*.example.com",
// which stands for one or more labels and never for the apex) and "*". A lookup gives
// them from the most specific to the least: the exact name, then wildcards from the
// longest, then "*". It costs one map access for the name and one for each of its dots,
// however many names there are.
//
// A Map is built once and read by many goroutines; it is never changed. Clone and then
// change the clone.
package hostmatch

import (
	"bytes"
	"fmt"
	"strings"
)

// Any is the hostname that stands for every host.
const Any = "*"

// Map maps hostnames to values. The zero value is empty.
type Map[V any] struct {
	exact    shards[V]
	wildcard shards[V] // keys without the star: ".example.com"
	all      V
	hasAll   bool
}

// Check reports what is wrong with a hostname as a key of a Map.
func Check(name string) error {
	rest := name
	if name == Any {
		return nil
	}
	if after, ok := strings.CutPrefix(name, "*."); ok {
		rest = after
	}
	switch {
	case rest == "":
		return fmt.Errorf("hostname %q: empty", name)
	case len(name) > 255:
		return fmt.Errorf("hostname %q: longer than 255 bytes", name[:255])
	case strings.Contains(rest, "*"):
		return fmt.Errorf("hostname %q: a wildcard stands for whole labels, at the front", name)
	case strings.ToLower(name) != name:
		return fmt.Errorf("hostname %q: not in lower case", name)
	}
	return nil
}

// Set puts a value under a hostname that Check accepts.
func (m *Map[V]) Set(name string, v V) {
	switch {
	case name == Any:
		m.all, m.hasAll = v, true
	case strings.HasPrefix(name, "*."):
		m.wildcard.set(name[1:], v)
	default:
		m.exact.set(name, v)
	}
}

// Get returns the value under exactly this hostname.
func (m *Map[V]) Get(name string) (v V, ok bool) {
	switch {
	case name == Any:
		return m.all, m.hasAll
	case strings.HasPrefix(name, "*."):
		v, ok = m.wildcard.get(name[1:])
	default:
		v, ok = m.exact.get(name)
	}
	return v, ok
}

// Delete removes a hostname.
func (m *Map[V]) Delete(name string) {
	switch {
	case name == Any:
		var zero V
		m.all, m.hasAll = zero, false
	case strings.HasPrefix(name, "*."):
		m.wildcard.delete(name[1:])
	default:
		m.exact.delete(name)
	}
}

// Clone returns a copy to be changed in m's place, which stays as it is. It costs the
// same however many names there are; a change of the copy then costs a small part of
// them.
func (m *Map[V]) Clone() Map[V] {
	c := *m
	c.exact, c.wildcard = m.exact.clone(), m.wildcard.clone()
	return c
}

// Len returns the number of hostnames.
func (m *Map[V]) Len() int {
	n := m.exact.n + m.wildcard.n
	if m.hasAll {
		n++
	}
	return n
}

// Values calls yield for every value, in no order.
func (m *Map[V]) Values(yield func(string, V) bool) {
	for name, v := range m.exact.all() {
		if !yield(name, v) {
			return
		}
	}
	for suffix, v := range m.wildcard.all() {
		if !yield("*"+suffix, v) {
			return
		}
	}
	if m.hasAll {
		yield(Any, m.all)
	}
}

// Best returns the most specific value for a host: lower case, without port.
func (m *Map[V]) Best(host []byte) (V, bool) {
	c := m.Find(host)
	return c.Next()
}

// Cursor walks the values for one host, most specific first.
type Cursor[V any] struct {
	m    *Map[V]
	rest []byte // what of the host is left to try as a wildcard's suffix
	step uint8
}

// Find starts a walk.
func (m *Map[V]) Find(host []byte) Cursor[V] { return Cursor[V]{m: m, rest: host} }

// Next returns the next value; false after the last. It does not allocate.
func (c *Cursor[V]) Next() (V, bool) {
	if c.step == 0 {
		c.step = 1
		if v, ok := c.m.exact.lookup(c.rest); ok {
			return v, true
		}
	}
	if c.step == 1 {
		for c.m.wildcard.n > 0 {
			// A wildcard needs at least one byte in place of the star.
			dot := -1
			if len(c.rest) > 1 {
				dot = bytes.IndexByte(c.rest[1:], '.')
			}
			if dot < 0 {
				break
			}
			c.rest = c.rest[dot+1:]
			if v, ok := c.m.wildcard.lookup(c.rest); ok {
				return v, true
			}
		}
		c.step = 2
	}
	if c.step == 2 {
		c.step = 3
		if c.m.hasAll {
			return c.m.all, true
		}
	}
	var zero V
	return zero, false
}
