package egress

import (
	"net/netip"

	"github.com/fairlead-mesh/fairlead/egress/balance"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// concrete is a Backend at one moment: the endpoints that may be picked.
type concrete struct {
	set     *balance.Set[*endpoint]
	members []*endpoint // once for each use
}

var emptyConcrete = &concrete{set: balance.NewSet[*endpoint](balance.Random, nil, nil)}

// rebuild makes the concrete anew from the set's endpoints and swaps it in. Endpoints
// with the same address stay the same. The registry's lock is held.
func (b *Backend) rebuild(set *endpointSet) {
	next := &concrete{}
	var candidates []balance.Candidate[*endpoint]
	for _, entry := range set.list {
		if entry.state() == config.Endpoint_STATE_NOT_READY || !entry.has(b.cfg.GetSubsetLabels()) {
			continue
		}
		for _, key := range b.keys(entry) {
			e := b.endpoint(key)
			e.uses++
			next.members = append(next.members, e)
			candidates = append(candidates, balance.Candidate[*endpoint]{
				Value: e, Load: &e.load, Weight: entry.cfg.GetWeight(),
				Draining: entry.state() == config.Endpoint_STATE_DRAINING,
			})
		}
	}
	next.set = balance.NewSet(b.policy, &b.cursor, candidates)
	if old := b.current.Swap(next); old != nil {
		b.drop(old.members)
	}
}

// keys returns the endpoints that an entry stands for: one for an address, and for a
// DNS name those of its addresses, or none as long as there is no answer.
func (b *Backend) keys(e *entry) []endpointKey {
	key := endpointKey{pool: b.pool, port: e.port}
	if e.addr.IsValid() {
		key.addr = e.addr
		return []endpointKey{key}
	}
	if !b.usesDNS() {
		return nil
	}
	addrs := b.registry.addresses(e.host)
	if len(addrs) == 0 {
		return nil
	}
	if b.cfg.GetDiscovery() == config.Backend_DISCOVERY_LOGICAL_DNS {
		// One endpoint for the name: its connections outlive a change of address.
		key.host = e.host
		b.endpoint(key).pointTo(netip.AddrPortFrom(addrs[0], e.port))
		return []endpointKey{key}
	}
	keys := make([]endpointKey, len(addrs))
	for i, addr := range addrs {
		keys[i] = key
		keys[i].addr = addr
	}
	return keys
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
