package collect

import "slices"

// claims keeps which inputs of a FlatMap make which output key, and who of them owns it.
type claims struct {
	owners   map[string][]string // output key → input keys that make it, ascending; the first owns it
	touched  []string            // output keys whose owner, or whose owner's output, may have changed in this commit
	disputed []string            // output keys to look at for conflicts in this commit
	reported map[string][]string // owners as last looked at, of output keys with more than one
	losers   int                 // all claims in reported but the owners'
}

func (c *claims) add(key, by string) {
	owners := c.owners[key]
	i, _ := slices.BinarySearch(owners, by)
	owners = slices.Insert(owners, i, by)
	c.owners[key] = owners
	if owners[0] == by {
		c.touched = append(c.touched, key)
	}
	if len(owners) > 1 {
		c.disputed = append(c.disputed, key)
	}
}

func (c *claims) remove(key, by string) {
	owners := c.owners[key]
	i, _ := slices.BinarySearch(owners, by)
	if i == 0 {
		c.touched = append(c.touched, key)
	}
	if len(owners) > 1 {
		c.disputed = append(c.disputed, key)
		c.owners[key] = slices.Delete(owners, i, i+1)
	} else {
		delete(c.owners, key)
	}
}

// renew notes that an input made a key again.
func (c *claims) renew(key, by string) {
	if c.owners[key][0] == by {
		c.touched = append(c.touched, key)
	}
}

func (c *claims) takeTouched() []string {
	keys := c.touched
	c.touched = nil
	slices.Sort(keys)
	return slices.Compact(keys)
}

// report tells the graph of conflicts that were not there, or had another winner, when it last looked.
func (c *claims) report(out *core) {
	keys := c.disputed
	c.disputed = nil
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		owners, before := c.owners[key], c.reported[key]
		for i, loser := range owners {
			if i == 0 || len(before) > 0 && before[0] == owners[0] && slices.Contains(before[1:], loser) {
				continue
			}
			out.graph.conflicts = append(out.graph.conflicts,
				Conflict{Collection: out.name, Key: key, Winner: owners[0], Loser: loser})
		}
		c.losers -= max(len(before)-1, 0)
		delete(c.reported, key)
		if len(owners) > 1 {
			c.losers += len(owners) - 1
			c.reported[key] = slices.Clone(owners)
		}
	}
	out.counters.conflicts.Store(int64(c.losers))
}
