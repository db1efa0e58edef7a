package egress

import (
	"net/netip"

	"github.com/fairlead-mesh/fairlead/egress/balance"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// concrete is a Backend at one moment: the endpoints that may be picked.
type concrete struct {
	set   *balance.Set[*endpoint]
	slots []slot // in the order of the set's entries; each is a use of its endpoint
}

// slot is an endpoint and the entry it stands for.
type slot struct {
	*entry
	*endpoint
}

var emptyConcrete = &concrete{set: balance.NewSet[*endpoint](balance.Random, nil, nil)}

// rebuild makes the concrete anew from the set's endpoints and swaps it in. Endpoints
// with the same address stay the same. The registry's lock is held.
func (b *Backend) rebuild(set *endpointSet) {
	next := &concrete{slots: make([]slot, 0, len(set.list))}
	old := b.current.Load()
	before := old.slots
	for _, entry := range set.list {
		for len(before) > 0 && before[0].entry != entry && before[0].cfg.GetName() <= entry.cfg.GetName() {
			before = before[1:]
		}
		if len(before) > 0 && before[0].entry == entry && entry.host == "" {
			next.slots = append(next.slots, before[0]) // most, in a small change
			continue
		}
		if entry.state() != config.Endpoint_STATE_NOT_READY && entry.has(b.cfg.GetSubsetLabels()) {
			next.slots = b.appendSlots(next.slots, entry)
		}
	}
	candidates := make([]balance.Candidate[*endpoint], len(next.slots))
	for i, s := range next.slots {
		s.uses++
		candidates[i] = balance.Candidate[*endpoint]{
			Value: s.endpoint, Load: &s.load, Weight: s.cfg.GetWeight(),
			Draining: s.state() == config.Endpoint_STATE_DRAINING,
		}
	}
	next.set = balance.NewSet(b.policy, &b.cursor, candidates)
	b.current.Store(next)
	b.drop(old.slots)
}

// appendSlots appends the endpoints that an entry stands for: one for an address, and
// for a DNS name those of its addresses, or none as long as there is no answer.
func (b *Backend) appendSlots(slots []slot, e *entry) []slot {
	key := endpointKey{pool: b.pool, port: e.port, addr: e.addr}
	if e.host == "" {
		return append(slots, slot{e, b.endpoint(key)})
	}
	if !b.usesDNS() {
		return slots
	}
	addrs := b.registry.addresses(e.host)
	if len(addrs) > 0 && b.cfg.GetDiscovery() == config.Backend_DISCOVERY_LOGICAL_DNS {
		// One endpoint for the name: its connections outlive a change of address.
		key.host = e.host
		named := b.endpoint(key)
		named.pointTo(netip.AddrPortFrom(addrs[0], e.port))
		return append(slots, slot{e, named})
	}
	for _, key.addr = range addrs {
		slots = append(slots, slot{e, b.endpoint(key)})
	}
	return slots
}

func (b *Backend) usesDNS() bool {
	d := b.cfg.GetDiscovery()
	return d == config.Backend_DISCOVERY_DNS || d == config.Backend_DISCOVERY_LOGICAL_DNS
}

// other returns an endpoint that is not e, or nil. It takes no turn of a round robin.
func (c *concrete) other(key uint64, e *endpoint) *endpoint {
	all := c.set.All()
	start := key % uint64(len(all))
	for i := range all {
		if o := all[(int(start)+i)%len(all)]; o != e {
			return o
		}
	}
	return nil
}
