package egress

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// entry is an Endpoint of the configuration, as far as it was read.
type entry struct {
	cfg  *config.Endpoint
	addr netip.Addr // not valid for a DNS name
	host string
	port uint16
}

func (e *entry) state() config.Endpoint_State { return e.cfg.GetState() }

// has reports whether the endpoint has all of these labels.
func (e *entry) has(labels map[string]string) bool {
	for k, want := range labels {
		if got, ok := e.cfg.GetLabels()[k]; !ok || got != want {
			return false
		}
	}
	return true
}

// endpointSet is the endpoints with the same set name, in the order of their names, and
// the Backends that use them.
type endpointSet struct {
	name  string
	list  []*entry
	named bool // it has had an endpoint with a DNS name
	users map[*Backend]struct{}
}

func (s *endpointSet) find(name string) (int, bool) {
	return slices.BinarySearchFunc(s.list, name, func(e *entry, name string) int {
		return cmp.Compare(e.cfg.GetName(), name)
	})
}

func (s *endpointSet) put(e *entry) {
	s.named = s.named || e.host != ""
	i, found := s.find(e.cfg.GetName())
	if found {
		s.list[i] = e
		return
	}
	s.list = slices.Insert(s.list, i, e)
}

func (s *endpointSet) remove(name string) {
	if i, found := s.find(name); found {
		s.list = slices.Delete(s.list, i, i+1)
	}
}

func (r *Registry) set(name string) *endpointSet {
	s := r.sets[name]
	if s == nil {
		s = &endpointSet{name: name, users: make(map[*Backend]struct{})}
		r.sets[name] = s
	}
	return s
}

// tidy forgets a set that is empty and unused.
func (r *Registry) tidy(s *endpointSet) {
	if len(s.list) == 0 && len(s.users) == 0 {
		delete(r.sets, s.name)
	}
	if s.named {
		r.tidyNames()
	}
}

// SetEndpoints applies one change: endpoints that are new or different, and names of
// those that are gone. The messages must not change afterwards. Only Backends that use a
// set touched are made anew, each once. An endpoint that cannot be used (no address, no
// port, an address that is not permitted) is logged and left out.
func (r *Registry) SetEndpoints(changed []*config.Endpoint, removed []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	touched := make(map[*endpointSet]struct{})
	for _, name := range removed {
		r.forget(name, touched)
	}
	for _, cfg := range changed {
		e, reason := r.read(cfg)
		if old := r.entries[cfg.GetName()]; old != nil && (e == nil || old.cfg.GetSet() != cfg.GetSet()) {
			r.forget(cfg.GetName(), touched)
		}
		if e == nil {
			r.options.Logger.Warn("endpoint left out", "endpoint", cfg.GetName(), "reason", reason)
			continue
		}
		s := r.set(cfg.GetSet())
		s.put(e)
		r.entries[cfg.GetName()] = e
		touched[s] = struct{}{}
	}
	for s := range touched {
		r.rebuild(s)
	}
}

func (r *Registry) forget(name string, touched map[*endpointSet]struct{}) {
	e := r.entries[name]
	if e == nil {
		return
	}
	delete(r.entries, name)
	s := r.set(e.cfg.GetSet())
	s.remove(name)
	touched[s] = struct{}{}
}

func (r *Registry) rebuild(s *endpointSet) {
	for b := range s.users {
		b.rebuild(s)
	}
	r.tidy(s)
}

// read checks an endpoint; the entry is nil with the reason if it cannot be used.
func (r *Registry) read(cfg *config.Endpoint) (*entry, string) {
	if p := cfg.GetPort(); p == 0 || p > 65535 {
		return nil, "port is not 1 to 65535"
	}
	e := &entry{cfg: cfg, port: uint16(cfg.GetPort())}
	addr, err := netip.ParseAddr(cfg.GetAddress())
	if err != nil {
		if e.host = cfg.GetAddress(); e.host == "" {
			return nil, "address is empty"
		}
		return e, ""
	}
	e.addr = addr.Unmap()
	if err := r.permit(e.addr, ""); err != nil {
		return nil, "address " + e.addr.String() + ": " + err.Error()
	}
	return e, ""
}

func (r *Registry) permit(addr netip.Addr, name string) error {
	if r.options.Permit == nil {
		return nil
	}
	return r.options.Permit(addr, name)
}
