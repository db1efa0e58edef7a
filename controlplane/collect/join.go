package collect

// Join merges collections of one type: under each key, the object of the first collection that has one. When that
// goes, the next one's takes its place. Objects are compared as the first collection compares them.
func Join[T any](name string, first Collection[T], more ...Collection[T]) Collection[T] {
	ins := []*table[T]{first.self()}
	for _, c := range more {
		if c.self().graph != ins[0].graph {
			misuse("%s joins %s, which is of another graph", name, c.Name())
		}
		ins = append(ins, c.self())
	}
	var out *table[T]
	g := ins[0].graph
	g.wire(func() {
		out = newTable(g, name, "join", []Option[T]{WithEqual(ins[0].equal)})
		out.settle = func(keys []string) {
			for _, key := range keys {
				out.counters.recomputed.Add(1)
				value, ok := firstWith(ins, key)
				out.putOrDrop(key, value, ok)
			}
		}
		for _, in := range ins {
			in.feed(&out.core)
		}
	})
	return out
}

func firstWith[T any](ins []*table[T], key string) (value T, ok bool) {
	for _, in := range ins {
		if value, ok = in.pending.get(key); ok {
			return value, true
		}
	}
	return value, false
}
