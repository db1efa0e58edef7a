package egress

import (
	"net/netip"
	"slices"
)

// dnsName is a name that some Backend's endpoints have, watched while one has.
type dnsName struct {
	addrs []netip.Addr
	stop  func()
}

// addresses returns what name resolves to now, and watches it from the first time on.
// The registry's lock is held.
func (r *Registry) addresses(name string) []netip.Addr {
	if n := r.names[name]; n != nil {
		return n.addrs
	}
	if r.options.Resolver == nil {
		return nil
	}
	n := &dnsName{}
	r.names[name] = n
	n.stop = r.options.Resolver.Watch(name, func(addrs []netip.Addr) { r.resolved(name, n, addrs) })
	return nil
}

// resolved takes a new answer. Requests do not notice but that they go elsewhere.
func (r *Registry) resolved(name string, n *dnsName, addrs []netip.Addr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.names[name] != n {
		return // no longer watched
	}
	n.addrs = nil
	for _, addr := range addrs {
		addr = addr.Unmap().WithZone("")
		if err := r.permit(addr, name); err != nil {
			r.options.Logger.Warn("address left out", "backends", r.namedBy(name), "name", name, "address", addr, "reason", err)
			continue
		}
		n.addrs = append(n.addrs, addr)
	}
	for _, s := range r.sets {
		if s.mentions(name) {
			for b := range s.users {
				if b.usesDNS() {
					b.rebuild(s)
				}
			}
		}
	}
}

// namedBy returns the names of the Backends that a DNS name has endpoints for.
func (r *Registry) namedBy(name string) []string {
	var out []string
	for _, s := range r.sets {
		if !s.mentions(name) {
			continue
		}
		for b := range s.users {
			out = append(out, b.name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (s *endpointSet) mentions(name string) bool {
	for _, e := range s.list {
		if e.host == name {
			return true
		}
	}
	return false
}

// tidyNames stops watching names that no Backend needs any more.
func (r *Registry) tidyNames() {
	if len(r.names) == 0 {
		return
	}
	needed := make(map[string]bool, len(r.names))
	for _, s := range r.sets {
		if !s.named || !s.resolves() {
			continue
		}
		for _, e := range s.list {
			if e.host != "" {
				needed[e.host] = true
			}
		}
	}
	for name, n := range r.names {
		if !needed[name] {
			delete(r.names, name)
			n.stop()
		}
	}
}

// resolves reports whether a Backend that uses the set wants names resolved.
func (s *endpointSet) resolves() bool {
	for b := range s.users {
		if b.usesDNS() {
			return true
		}
	}
	return false
}
