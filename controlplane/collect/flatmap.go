package collect

import (
	"cmp"
	"slices"
)

// FlatMap makes any number of objects of each object of in; key gives their keys. Outputs belong to the input that
// made them, and go with it. When several inputs make the same key, the one with the lowest input key wins, the
// others wait, and the [Hooks] hear of the [Conflict]. fn must be pure, as in [Map].
func FlatMap[I, O any](
	name string, in Collection[I], key func(O) string, fn func(*Context, I) []O, opts ...Option[O],
) Collection[O] {
	plain := func(ctx *Context, object I) ([]O, struct{}) { return fn(ctx, object), struct{}{} }
	f := flatMapping[I, O, struct{}]{name: name, in: in.self(), keyOf: key, fn: plain}
	f.wire(opts, false)
	return f.out
}

// FlatMapStatus is [FlatMap] with a status for each input object, as [MapStatus] is to Map.
func FlatMapStatus[I, O, S any](
	name string, in Collection[I], key func(O) string, fn func(*Context, I) ([]O, S), opts ...Option[O],
) (Collection[O], Collection[S]) {
	f := flatMapping[I, O, S]{name: name, in: in.self(), keyOf: key, fn: fn}
	f.wire(opts, true)
	return f.out, f.status
}

type flatMapping[I, O, S any] struct {
	name   string
	in     *table[I]
	keyOf  func(O) string
	fn     func(*Context, I) ([]O, S)
	out    *table[O]
	status *table[S] // nil without status

	made   map[string][]output[O] // input key → what it made, by ascending output key
	claims claims
}

type output[O any] struct {
	key   string
	value O
}

func (f *flatMapping[I, O, S]) wire(opts []Option[O], status bool) {
	g := f.in.graph
	f.made = map[string][]output[O]{}
	f.claims = claims{owners: map[string][]string{}, reported: map[string][]string{}}
	g.wire(func() {
		f.out = newTable(g, f.name, "flatmap", opts)
		f.out.settle = f.settle
		if status {
			f.status = newTable[S](g, f.name+statusSuffix, "status", nil)
		}
		f.in.feed(&f.out.core)
	})
}

func (f *flatMapping[I, O, S]) settle(keys []string) {
	for _, key := range keys {
		object, ok := f.in.pending.get(key)
		if !ok {
			f.out.forget(key)
			f.replace(key, nil)
			f.status.dropStatus(key)
			continue
		}
		outputs, status, ok := f.compute(key, object)
		if !ok {
			continue
		}
		f.replace(key, outputs)
		f.status.putStatus(key, status)
	}
	for _, key := range f.claims.takeTouched() {
		if owners := f.claims.owners[key]; len(owners) > 0 {
			f.out.put(key, f.madeBy(owners[0], key))
		} else {
			f.out.drop(key)
		}
	}
	f.claims.report(&f.out.core)
}

// compute runs the transform; the outputs are sorted by key, and by the order of the transform within a key.
func (f *flatMapping[I, O, S]) compute(key string, object I) (outputs []output[O], status S, ok bool) {
	ok = f.out.run(key, func(ctx *Context) {
		var values []O
		values, status = f.fn(ctx, object)
		outputs = make([]output[O], len(values))
		for i, value := range values {
			outputs[i] = output[O]{key: f.keyOf(value), value: value}
		}
	})
	slices.SortStableFunc(outputs, func(a, b output[O]) int { return cmp.Compare(a.key, b.key) })
	return outputs, status, ok
}

// replace makes outputs what the input key has made, and adjusts its claims: a walk along both sorted lists.
func (f *flatMapping[I, O, S]) replace(by string, outputs []output[O]) {
	old, now := f.made[by], outputs
	for len(old) > 0 || len(now) > 0 {
		switch {
		case len(now) == 0 || len(old) > 0 && old[0].key < now[0].key:
			f.claims.remove(old[0].key, by)
			old = old[1:]
		case len(old) == 0 || now[0].key < old[0].key:
			f.claims.add(now[0].key, by)
			now = now[1:]
		default:
			f.claims.renew(now[0].key, by)
			old, now = old[1:], now[1:]
		}
	}
	if len(outputs) > 0 {
		f.made[by] = outputs
	} else {
		delete(f.made, by)
	}
}

// madeBy returns the first output that the input made under the key.
func (f *flatMapping[I, O, S]) madeBy(by, key string) O {
	outputs := f.made[by]
	i, _ := slices.BinarySearchFunc(outputs, key, func(o output[O], key string) int { return cmp.Compare(o.key, key) })
	return outputs[i].value
}
