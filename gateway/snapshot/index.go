package snapshot

import "iter"

// index is a many-to-many relation of names, looked up from its right side: which routes
// use a backend, which listeners a gateway has.
type index map[string]map[string]struct{}

func (x index) add(key, member string) {
	m := x[key]
	if m == nil {
		m = make(map[string]struct{})
		x[key] = m
	}
	m[member] = struct{}{}
}

func (x index) remove(key, member string) {
	m := x[key]
	delete(m, member)
	if len(m) == 0 {
		delete(x, key)
	}
}

// of returns the members under a key, in no order.
func (x index) of(key string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for m := range x[key] {
			if !yield(m) {
				return
			}
		}
	}
}
