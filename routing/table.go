package routing

import (
	"slices"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/routing/hostmatch"
	"github.com/fairlead-mesh/fairlead/routing/pathtree"
)

// Table is the routes of one listener; V is what a route leads to. It is immutable and
// may be read by any number of goroutines. The zero value matches nothing.
type Table[V any] struct {
	hosts hostmatch.Map[*bucket[V]]
}

// bucket is the routes of one hostname.
type bucket[V any] struct {
	tree    pathtree.Tree[*entry[V]]
	folded  pathtree.Tree[*entry[V]] // keys without case, in lower case
	ordered int                      // entries ranked in order: more than 0 closes the host
	size    int
}

// entry is one match of one route.
type entry[V any] struct {
	*match
	value V
}

func compareEntries[V any](a, b *entry[V]) int { return a.rank.compare(&b.rank) }

// lists is how many lists of candidates a lookup has room for without allocating. Only
// a configuration with more nested prefixes than this needs more.
const lists = 24

// Match returns what the request's route leads to and sets ex.MatchedLen. The facts of ex
// are set.
func (t *Table[V]) Match(ex *exchange.Exchange) (V, bool) {
	c := t.hosts.Find(ex.Host)
	for b, ok := c.Next(); ok; b, ok = c.Next() {
		if e := b.match(ex); e != nil {
			ex.MatchedLen = e.path.taken(ex.Path)
			return e.value, true
		}
		if b.ordered > 0 {
			break
		}
	}
	var zero V
	return zero, false
}

func (b *bucket[V]) match(ex *exchange.Exchange) *entry[V] {
	var room [lists][]*entry[V]
	best := choose(nil, b.tree.Find(ex.Path, room[:0]), ex)
	if !b.folded.Empty() {
		best = choose(best, b.folded.Find(lowerPath(ex), room[:0]), ex)
	}
	return best
}

// choose returns the best entry that holds, or best if none is better. The lists are in
// order, so each is read only until its first entry that holds or cannot win. The longest
// keys come last and usually win: they are looked at first.
func choose[V any](best *entry[V], found [][]*entry[V], ex *exchange.Exchange) *entry[V] {
	for _, f := range slices.Backward(found) {
		for _, e := range f {
			if best != nil && compareEntries(best, e) < 0 {
				break
			}
			if e.holds(ex) {
				best = e
				break
			}
		}
	}
	return best
}

// Empty reports whether the table holds no route.
func (t *Table[V]) Empty() bool { return t.hosts.Len() == 0 }

// Len returns the number of matches in the table, each counted once for a hostname.
func (t *Table[V]) Len() int {
	n := 0
	for _, b := range t.hosts.Values {
		n += b.size
	}
	return n
}

// Editor makes a new table out of an old one. It is for one goroutine.
type Editor[V any] struct {
	hosts   hostmatch.Map[*bucket[V]]
	touched map[string]*bucketEditor[V]
}

type bucketEditor[V any] struct {
	tree, folded  *pathtree.Editor[*entry[V]]
	ordered, size int
}

// Edit starts a change.
func (t *Table[V]) Edit() *Editor[V] {
	return &Editor[V]{hosts: t.hosts, touched: make(map[string]*bucketEditor[V])}
}

func (e *Editor[V]) bucket(host string) *bucketEditor[V] {
	if b := e.touched[host]; b != nil {
		return b
	}
	old, _ := e.hosts.Get(host)
	if old == nil {
		old = &bucket[V]{}
	}
	b := &bucketEditor[V]{
		tree: old.tree.Edit(compareEntries[V]), folded: old.folded.Edit(compareEntries[V]),
		ordered: old.ordered, size: old.size,
	}
	e.touched[host] = b
	return b
}

func (b *bucketEditor[V]) of(p *pathKey) *pathtree.Editor[*entry[V]] {
	if p.fold {
		return b.folded
	}
	return b.tree
}

func (b *bucketEditor[V]) count(m *match, n int) {
	b.size += n
	if m.rank.tier != tierSpecific {
		b.ordered += n
	}
}

// Add puts a route into the table under a hostname that hostmatch.Check accepts.
func (e *Editor[V]) Add(host string, r *Rule, v V) {
	b := e.bucket(host)
	for i := range r.matches {
		m := &r.matches[i]
		b.of(&m.path).Insert(m.path.kind, m.path.key, &entry[V]{match: m, value: v})
		b.count(m, 1)
	}
}

// Remove takes out a route that was added under that hostname with this very rule.
func (e *Editor[V]) Remove(host string, r *Rule) {
	b := e.bucket(host)
	for i := range r.matches {
		m := &r.matches[i]
		b.of(&m.path).Delete(m.path.kind, m.path.key, func(x *entry[V]) bool {
			if x.match != m {
				return false
			}
			b.count(m, -1)
			return true
		})
	}
}

// Table returns the changed table. The editor must not be used again.
func (e *Editor[V]) Table() *Table[V] {
	t := &Table[V]{hosts: e.hosts.Clone()}
	for host, b := range e.touched {
		if b.size == 0 {
			t.hosts.Delete(host)
			continue
		}
		t.hosts.Set(host, &bucket[V]{
			tree: b.tree.Tree(), folded: b.folded.Tree(), ordered: b.ordered, size: b.size,
		})
	}
	return t
}
