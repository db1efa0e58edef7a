package collect

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Stats counts what a collection has done since it was made. Reading it waits for nothing; a reading during a commit
// may hold part of that.
type Stats struct {
	Name       string
	Kind       string // source, map, flatmap, singleton, join, index, status
	Size       int    // objects in the last committed state
	Recomputed uint64 // calls of the transform or index function, or keys joined; 0 for sources and statuses
	Emitted    uint64 // changes to objects
	Suppressed uint64 // new objects that were equal to the old ones, and went no further
	Faults     int    // inputs whose function panicked when last called
	Conflicts  int    // outputs of a FlatMap that now yield to another input's
}

func (t *table[T]) Stats() Stats {
	return Stats{
		Name: t.name, Kind: t.kind, Size: t.Len(),
		Recomputed: t.counters.recomputed.Load(),
		Emitted:    t.counters.emitted.Load(),
		Suppressed: t.counters.suppressed.Load(),
		Faults:     int(t.counters.faults.Load()),
		Conflicts:  int(t.counters.conflicts.Load()),
	}
}

// Stats returns the counters of all collections in creation order. Like [Graph.Dump] it waits for a commit under way.
func (g *Graph) Stats() []Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	stats := make([]Stats, len(g.cores))
	for i, c := range g.cores {
		stats[i] = c.data.Stats()
	}
	return stats
}

// Dump writes the graph as a table for people: a line for each collection with its counters, what feeds it and how
// many keys it fetches from which others; then the inputs at fault. It waits for a commit under way, but no commit
// waits for w.
func (g *Graph) Dump(w io.Writer) error {
	_, err := w.Write(g.dump())
	return err
}

func (g *Graph) dump() []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	var text bytes.Buffer
	fmt.Fprintf(&text, "version %d\n", g.View().version)
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "collection\tkind\tsize\trecomputed\temitted\tsuppressed\tfaults\tconflicts\tfrom\tfetches")
	for _, c := range g.cores {
		s := c.data.Stats()
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\n", s.Name, s.Kind, s.Size, s.Recomputed,
			s.Emitted, s.Suppressed, s.Faults, s.Conflicts, c.from(), c.fetched())
	}
	_ = table.Flush() // a buffer takes everything
	for _, c := range g.cores {
		for _, key := range slices.Sorted(maps.Keys(c.faults)) {
			fmt.Fprintln(&text, c.faults[key])
		}
	}
	return text.Bytes()
}

func (c *core) from() string {
	names := make([]string, len(c.inputs))
	for i, in := range c.inputs {
		names[i] = in.name
	}
	return cmp.Or(strings.Join(names, ","), "-")
}

// fetched reads like "services:12,grants:3": the number of edges to each collection, in creation order.
func (c *core) fetched() string {
	byID := func(a, b *core) int { return cmp.Compare(a.id, b.id) }
	var parts []string
	for _, on := range slices.SortedFunc(maps.Keys(c.fetches), byID) {
		parts = append(parts, fmt.Sprintf("%s:%d", on.name, c.fetches[on]))
	}
	return cmp.Or(strings.Join(parts, ","), "-")
}
