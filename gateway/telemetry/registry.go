package telemetry

import (
	"cmp"
	"container/list"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// defaultMaxDestinations bounds a Registry unless it is told otherwise.
const defaultMaxDestinations = 10_000

// Options are the settings of a Registry.
type Options struct {
	// Self is the gateway's own identity: Istio's source_* labels.
	Self Identity
	// Reporter is Istio's label of that name. Empty: "source", which an edge is.
	Reporter string
	// Build is the version that istio_build{tag} shows. Empty: "unknown".
	Build string
	// MaxDestinations bounds the destinations with series of their own. 0: 10,000. When
	// all of them are in use, further ones are counted together, as "unknown".
	MaxDestinations int
}

// Registry holds every metric of a proxy. Its methods may be called from any goroutine.
type Registry struct {
	options Options
	metrics *prometheus.Registry
	config  *configMetrics

	dropped atomic.Uint64 // series sets that were discarded, or not made
	other   *Requests     // destinations past the limit

	mu           sync.Mutex
	destinations map[Destination]*Requests
	idle         list.List // of *Requests without holders, longest idle first
	sources      []Sources
}

// NewRegistry returns a Registry with nothing in it but the metrics of process and build.
func NewRegistry(o Options) *Registry {
	o.Reporter = labelValue(cmp.Or(o.Reporter, "source"))
	o.Build = labelValue(o.Build)
	o.Self = o.Self.clean()
	o.MaxDestinations = cmp.Or(o.MaxDestinations, defaultMaxDestinations)
	r := &Registry{
		options:      o,
		metrics:      prometheus.NewRegistry(),
		config:       newConfigMetrics(),
		destinations: map[Destination]*Requests{},
	}
	r.other = r.newRequests(Destination{}.clean())
	r.metrics.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		(*collector)(r),
	)
	return r
}

// Gatherer is where Prometheus's handler reads.
func (r *Registry) Gatherer() prometheus.Gatherer { return r.metrics }

// Attach adds what other rooms count. Values of one name and label are added up.
func (r *Registry) Attach(s Sources) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sources = append(r.sources, s)
}

// Requests returns the handle for a destination; the same one for the same labels. The
// zero Destination is where what went nowhere is counted; it is always there. It is for
// compile time, and must be released.
func (r *Registry) Requests(d Destination) *Requests {
	d = d.clean()
	if d == r.other.key {
		return r.other
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.destinations[d]
	switch {
	case h != nil:
	case r.makeRoom():
		h = r.newRequests(d)
		r.destinations[d] = h
	default:
		r.dropped.Add(1)
		return r.other
	}
	if h.idle != nil {
		r.idle.Remove(h.idle)
		h.idle = nil
	}
	h.refs++
	return h
}

func (r *Registry) newRequests(d Destination) *Requests {
	h := &Requests{registry: r, key: d, labels: requestLabelValues(r.options.Reporter, &r.options.Self, &d)}
	h.cells.Store(new([]cell))
	return h
}

// makeRoom reports whether there is room for one more destination, after discarding the
// one that has been without holders for the longest if that takes it.
func (r *Registry) makeRoom() bool {
	if len(r.destinations) < r.options.MaxDestinations {
		return true
	}
	oldest := r.idle.Front()
	if oldest == nil {
		return false
	}
	h := r.idle.Remove(oldest).(*Requests)
	h.idle = nil
	delete(r.destinations, h.key)
	r.dropped.Add(1)
	return true
}

func (r *Registry) release(h *Requests) {
	if h == r.other {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if h.refs--; h.refs == 0 {
		h.idle = r.idle.PushBack(h)
	}
}

// handles returns every handle there is, for a scrape.
func (r *Registry) handles() []*Requests {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]*Requests, 0, len(r.destinations)+1)
	for _, h := range r.destinations {
		out = append(out, h)
	}
	return append(out, r.other)
}
