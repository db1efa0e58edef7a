package collect

import (
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"
)

// Hooks are told of what goes wrong in a graph. Each may be nil. They run inside the commit, after its state is
// published and before its sinks, under the rules for sinks (see [Collection].Subscribe).
type Hooks struct {
	Fault    func(Fault)
	Conflict func(Conflict)
}

// Fault is a panic of a function the graph was given: a transform, a key function, an index function or an
// equality. The commit goes on without it; the last good output of the input stays.
type Fault struct {
	Collection string
	Key        string // of the input object, or of the value compared
	Panic      any    // what was thrown
	Stack      []byte
}

func (f Fault) Error() string {
	return fmt.Sprintf("collect: %s[%s]: panic: %v", f.Collection, f.Key, f.Panic)
}

// Conflict says that two inputs of a FlatMap make the same output key. The winner has the lower input key; the
// loser's output is kept aside, and takes over when the winner's goes.
// Winner and Loser are equal when one input makes the key twice: then the output returned first wins.
type Conflict struct {
	Collection    string
	Key           string // of the output
	Winner, Loser string // keys of the inputs
}

// Graph owns collections and commits changes to them. Make one with [NewGraph].
type Graph struct {
	hooks Hooks
	state atomic.Pointer[View]

	mu     sync.Mutex // held for a commit; guards all below and everything in the collections but their counters
	editor editor
	cores  []*core // in creation order, which is the order of propagation
	after  []func(version uint64)

	faults    []Fault // of the commit under way
	conflicts []Conflict
}

// NewGraph returns an empty graph.
func NewGraph(hooks Hooks) *Graph {
	g := &Graph{hooks: hooks, editor: editor{seed: maphash.MakeSeed()}}
	g.state.Store(&View{})
	return g
}

// Tx is a set of changes to sources that is committed as one. It is good until the function it was given to returns.
type Tx struct {
	graph *Graph
	open  bool
}

// Update runs change and commits what it did to sources: everything that depends on it is recomputed, the new state
// becomes visible in one step, and then sinks are told, all before Update returns. The result is the version of the
// state, which grows by one with each commit that changed anything.
// If change panics, none of it is committed.
func (g *Graph) Update(change func(*Tx)) uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.editor.edit++
	g.transact(change)
	return g.commit()
}

func (g *Graph) transact(change func(*Tx)) {
	tx, done := &Tx{graph: g, open: true}, false
	defer func() {
		tx.open = false
		if !done {
			g.discard()
		}
	}()
	change(tx)
	done = true
}

func (g *Graph) discard() {
	for _, c := range g.cores {
		if len(c.dirty) > 0 {
			c.dirty = nil
			c.data.discard()
		}
	}
}

// AfterCommit calls f after each commit that changed anything, when all its sinks have been told: the moment to
// publish what they gathered. The rules for sinks apply to it.
func (g *Graph) AfterCommit(f func(version uint64)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.after = append(g.after, f)
}

// wire adds collections to the graph and computes their first state.
func (g *Graph) wire(build func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.editor.edit++
	build()
	g.commit()
}

// misuse ends the program. It is for calls that are wrong whatever the objects are: those of its wiring.
func misuse(format string, args ...any) {
	panic(fmt.Sprintf("collect: "+format, args...)) //nolint:forbidigo // no object, hence no input, reaches this
}

// add registers a collection. Names are unique: a second one is misuse.
func (g *Graph) add(c *core, name, kind string, data sheet) {
	if slices.ContainsFunc(g.cores, func(other *core) bool { return other.name == name }) {
		misuse("two collections are named %q", name)
	}
	c.graph, c.id, c.name, c.kind, c.data = g, len(g.cores), name, kind, data
	c.whole.on, c.whole.whole = c, true
	g.cores = append(g.cores, c)
}

// batch is what one commit did to one collection.
type batch struct {
	core *core
	keys []string
	old  any // the root before
}

// commit settles every collection once, in creation order: by the time a collection is reached, all it may read has
// its final value, so no key is computed twice and none from a mixed state.
func (g *Graph) commit() uint64 {
	var batches []batch
	before := g.state.Load()
	for _, c := range g.cores {
		if len(c.dirty) > 0 {
			keys := c.takeDirty()
			c.settle(keys)
		}
		if len(c.changed) > 0 {
			c.announce()
			batches = append(batches, batch{core: c, keys: c.changed, old: before.root(c.id)})
			c.changed = nil
		}
	}
	view := before
	if len(batches) > 0 {
		view = g.publish(before, batches)
	}
	g.report()
	for _, b := range batches {
		b.core.data.deliver(b, view.version)
	}
	if len(batches) > 0 {
		for _, f := range g.after {
			f(view.version)
		}
	}
	return view.version
}

func (g *Graph) publish(before *View, batches []batch) *View {
	view := &View{version: before.version + 1, roots: make([]any, len(g.cores))}
	copy(view.roots, before.roots)
	for _, b := range batches {
		view.roots[b.core.id] = b.core.data.publish()
	}
	g.state.Store(view)
	return view
}

func (g *Graph) report() {
	faults, conflicts := g.faults, g.conflicts
	g.faults, g.conflicts = nil, nil
	if g.hooks.Fault != nil {
		for _, fault := range faults {
			g.hooks.Fault(fault)
		}
	}
	if g.hooks.Conflict != nil {
		for _, conflict := range conflicts {
			g.hooks.Conflict(conflict)
		}
	}
}
