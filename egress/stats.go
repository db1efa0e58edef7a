package egress

import (
	"maps"
	"slices"
	"sync/atomic"

	"github.com/fairlead-mesh/fairlead/egress/pool"
)

// counters are a Backend's counts, shared by its generations.
type counters struct {
	started         atomic.Uint64
	finished        atomic.Uint64
	failed          atomic.Uint64
	classes         [6]atomic.Uint64 // by status / 100
	sent, received  atomic.Uint64    // bytes on the wire
	connectFailures atomic.Uint64
	retriedStale    atomic.Uint64
}

func (c *counters) answered(status int) { c.classes[min(status/100, 5)].Add(1) }

// Stats are a Backend's counts. All but Active, Endpoints and the pool's Active and Idle
// only grow while the Backend is in use under any configuration.
type Stats struct {
	Requests uint64
	// Active is the number of requests under way.
	Active uint64
	// Failed counts requests without a response.
	Failed uint64
	// Responses counts final responses by class: [2] is 200 to 299; [1] is 101.
	Responses [6]uint64
	// BytesSent and BytesReceived count on the wire, heads included.
	BytesSent     uint64
	BytesReceived uint64
	// ConnectFailures counts connections that could not be made.
	ConnectFailures uint64
	// RetriedStale counts requests sent again as their connection had been closing.
	RetriedStale uint64
	// Endpoints is the number that may be picked.
	Endpoints int
	// Pool counts connections to all endpoints, those that are gone included.
	Pool pool.Stats
}

// Stats returns the counts of this moment.
func (b *Backend) Stats() Stats {
	c := &b.stats
	s := Stats{
		Failed:          c.failed.Load(),
		BytesSent:       c.sent.Load(),
		BytesReceived:   c.received.Load(),
		ConnectFailures: c.connectFailures.Load(),
		RetriedStale:    c.retriedStale.Load(),
		Endpoints:       b.current.Load().set.Len(),
	}
	for i := range c.classes {
		s.Responses[i] = c.classes[i].Load()
	}
	finished := c.finished.Load() // before started: Active is never less than it is
	s.Requests = c.started.Load()
	s.Active = s.Requests - finished

	b.registry.mu.Lock()
	defer b.registry.mu.Unlock()
	b.settle()
	s.Pool.Add(b.retired)
	for _, e := range b.retiring {
		s.Pool.Add(e.pool.Stats())
	}
	for _, e := range b.endpoints {
		s.Pool.Add(e.pool.Stats())
	}
	return s
}

// Backends returns the newest generation of each Backend in use, by name.
func (r *Registry) Backends() []*Backend {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]*Backend, 0, len(r.logicals))
	for _, name := range slices.Sorted(maps.Keys(r.logicals)) {
		g := r.logicals[name].generations
		list = append(list, g[len(g)-1])
	}
	return list
}

// EndpointStats are one endpoint's counts.
type EndpointStats struct {
	// Name is the address: "10.0.0.7:8080".
	Name string
	// Active is the number of requests under way.
	Active int64
	Pool   pool.Stats
}

// Endpoints returns the endpoints that may be picked.
func (b *Backend) Endpoints() []EndpointStats {
	var list []EndpointStats
	for _, e := range b.current.Load().set.All() {
		list = append(list, EndpointStats{e.target.Load().name, e.load.Active(), e.pool.Stats()})
	}
	return list
}
