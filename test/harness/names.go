package harness

import (
	"net/netip"
	"sync"
)

// Names is a resolver whose answers the test gives.
type Names struct {
	mu       sync.Mutex
	answers  map[string][]netip.Addr
	watchers map[*watcher]struct{}
}

type watcher struct {
	name    string
	changed func([]netip.Addr)
}

// Set answers for a name from now on, to those that watch it and to those to come.
func (n *Names) Set(name string, addrs ...netip.Addr) {
	n.mu.Lock()
	if n.answers == nil {
		n.answers = make(map[string][]netip.Addr)
	}
	n.answers[name] = addrs
	var tell []func([]netip.Addr)
	for w := range n.watchers {
		if w.name == name {
			tell = append(tell, w.changed)
		}
	}
	n.mu.Unlock()
	for _, changed := range tell {
		changed(addrs)
	}
}

// Watch implements egress.Resolver.
func (n *Names) Watch(name string, changed func([]netip.Addr)) (stop func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	w := &watcher{name, changed}
	if n.watchers == nil {
		n.watchers = make(map[*watcher]struct{})
	}
	n.watchers[w] = struct{}{}
	if addrs, ok := n.answers[name]; ok {
		go changed(addrs)
	}
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.watchers, w)
	}
}

// Watched reports whether somebody watches a name.
func (n *Names) Watched(name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for w := range n.watchers {
		if w.name == name {
			return true
		}
	}
	return false
}
