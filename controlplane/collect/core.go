package collect

import (
	"runtime/debug"
	"slices"
	"sync/atomic"
)

// core is the part of a collection that does not know the type of its objects: its place in the graph, what is to
// be settled, and who depends on which key. All of it but the counters is guarded by Graph.mu.
type core struct {
	graph *Graph
	id    int
	name  string
	kind  string
	data  sheet // the typed part

	inputs    []*core // wired: every change of theirs reaches this one
	consumers []*core // the other end of inputs

	settle  func(keys []string) // brings the outputs of these input keys up to date; keys ascending, each once
	dirty   []string            // input keys to settle in this commit, in any order
	changed []string            // output keys changed by this commit, ascending

	watches map[string]*watch // who fetched a key of this collection
	whole   watch             // who listed it
	tracked map[string]*input // input keys whose transform fetched something
	fetches map[*core]int     // how many edges lead to each collection fetched from
	faults  map[string]Fault  // input keys whose last transform panicked

	counters counters
}

// sheet is the typed part of a collection as its graph sees it.
type sheet interface {
	publish() any
	discard()
	deliver(b batch, version uint64)
	Stats() Stats
}

type counters struct {
	recomputed, emitted, suppressed atomic.Uint64
	faults, conflicts               atomic.Int64
}

// feedsInto makes every change of c reach the consumer.
func (c *core) feedsInto(consumer *core) {
	c.consumers = append(c.consumers, consumer)
	consumer.inputs = append(consumer.inputs, c)
}

// takeDirty empties the list of dirty keys and returns them ascending, each once.
func (c *core) takeDirty() []string {
	keys := c.dirty
	c.dirty = nil
	slices.Sort(keys)
	return slices.Compact(keys)
}

// announce marks dirty whatever depends on the keys that this commit changed.
func (c *core) announce() {
	for _, consumer := range c.consumers {
		consumer.dirty = append(consumer.dirty, c.changed...)
	}
	c.whole.mark()
	if len(c.watches) == 0 {
		return
	}
	for _, key := range c.changed {
		if w := c.watches[key]; w != nil {
			w.mark()
		}
	}
}

// run calls a transform for an input key, records what it fetched in place of what it fetched before, and reports
// whether it came back. If it panicked, what it fetched up to there decides when it is tried again: as long as none
// of that changes, it would only panic again.
func (c *core) run(key string, transform func(*Context)) (ok bool) {
	c.counters.recomputed.Add(1)
	ctx := &Context{core: c, key: key}
	ok = c.guard(key, func() { transform(ctx) })
	c.depend(key, ctx.close())
	return ok
}

// guard calls f and turns a panic into a fault of the key. A call that comes back ends the fault.
func (c *core) guard(key string, f func()) (ok bool) {
	defer func() {
		if thrown := recover(); thrown != nil {
			c.fail(Fault{Collection: c.name, Key: key, Panic: thrown, Stack: debug.Stack()})
		}
	}()
	f()
	if len(c.faults) > 0 {
		c.absolve(key)
	}
	return true
}

func (c *core) fail(fault Fault) {
	if c.faults == nil {
		c.faults = map[string]Fault{}
	}
	c.faults[fault.Key] = fault
	c.counters.faults.Store(int64(len(c.faults)))
	c.graph.faults = append(c.graph.faults, fault)
}

func (c *core) absolve(key string) {
	delete(c.faults, key)
	c.counters.faults.Store(int64(len(c.faults)))
}

// forget drops what is known of an input key that is gone.
func (c *core) forget(key string) {
	c.depend(key, nil)
	c.absolve(key)
}
