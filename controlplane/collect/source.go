package collect

// Source is a collection whose objects are set from outside, within [Graph.Update].
type Source[T any] struct {
	*table[T]
	keyOf func(T) string
}

// NewSource returns an empty source. key gives an object's key, which should read like "namespace/name" and must
// not depend on anything but the object; a method expression such as (*Route).Key serves well.
func NewSource[T any](g *Graph, name string, key func(T) string, opts ...Option[T]) *Source[T] {
	s := &Source[T]{keyOf: key}
	g.wire(func() {
		s.table = newTable(g, name, "source", opts)
		s.table.settle = s.settleKeys
	})
	return s
}

// Set adds the object, or puts it in the place of the one with its key.
func (s *Source[T]) Set(tx *Tx, object T) {
	s.check(tx)
	s.set(s.keyOf(object), object)
}

// Delete removes the object under the key, if there is one.
func (s *Source[T]) Delete(tx *Tx, key string) {
	s.check(tx)
	if _, had := s.pending.get(key); had {
		s.pending = s.pending.unset(&s.graph.editor, key)
		s.dirty = append(s.dirty, key)
	}
}

// Replace makes objects the whole content of the source. Of two objects with one key the later one stays.
func (s *Source[T]) Replace(tx *Tx, objects []T) {
	s.check(tx)
	kept := make(map[string]bool, len(objects))
	for _, object := range objects {
		key := s.keyOf(object)
		kept[key] = true
		s.set(key, object)
	}
	for key := range s.pending.all() {
		if !kept[key] {
			s.dirty = append(s.dirty, key)
		}
	}
	for _, key := range s.dirty {
		if _, had := s.pending.get(key); had && !kept[key] {
			s.pending = s.pending.unset(&s.graph.editor, key)
		}
	}
}

func (s *Source[T]) set(key string, object T) {
	s.pending = s.pending.set(&s.graph.editor, key, object)
	s.dirty = append(s.dirty, key)
}

// check panics on misuse, which is a mistake of the program: a source can only be changed by its own graph's
// transaction, while that lasts.
func (s *Source[T]) check(tx *Tx) {
	if tx.graph != s.graph || !tx.open {
		misuse("%s is changed outside a transaction of its graph", s.name)
	}
}

// settleKeys finds the net effect of the transaction on the keys it touched. An object equal to the committed one
// gives way to that, so that pointers stay what they were.
func (s *Source[T]) settleKeys(keys []string) {
	for _, key := range keys {
		old, had := s.base.get(key)
		now, has := s.pending.get(key)
		switch {
		case !had && !has:
		case had && has && s.same(key, old, now):
			s.pending = s.pending.set(&s.graph.editor, key, old)
			s.counters.suppressed.Add(1)
		default:
			s.note(key)
		}
	}
}
