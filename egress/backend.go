package egress

import (
	"sync/atomic"
	"time"

	"github.com/fairlead-mesh/fairlead/egress/balance"
	"github.com/fairlead-mesh/fairlead/egress/pool"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// logical is what lives under a Backend's name, from one configuration to the next. The
// registry's lock guards what is not atomic.
type logical struct {
	name     string
	registry *Registry
	stats    counters
	cursor   balance.Cursor

	generations []*Backend
	endpoints   map[endpointKey]*endpoint
	retiring    []*endpoint // gone, with requests under way
	retired     pool.Stats  // of endpoints that are gone
}

func newLogical(r *Registry, name string) *logical {
	return &logical{name: name, registry: r, endpoints: make(map[endpointKey]*endpoint)}
}

// Backend is a place to send requests to, in one configuration. Get it from
// Registry.Acquire. RoundTrip may be called by any number of goroutines until Release.
type Backend struct {
	*logical
	cfg            *config.Backend
	policy         balance.Policy
	connectTimeout time.Duration
	pool           poolKey
	refs           int // guarded by the registry's lock

	current atomic.Pointer[concrete]
}

var policies = map[config.LoadBalancer_Policy]balance.Policy{
	config.LoadBalancer_POLICY_UNSPECIFIED:   balance.LeastRequest,
	config.LoadBalancer_POLICY_LEAST_REQUEST: balance.LeastRequest,
	config.LoadBalancer_POLICY_ROUND_ROBIN:   balance.RoundRobin,
	config.LoadBalancer_POLICY_RANDOM:        balance.Random,
}

func newBackend(l *logical, cfg *config.Backend) *Backend {
	limits := cfg.GetConnectionPool()
	b := &Backend{
		logical:        l,
		cfg:            cfg,
		refs:           1,
		policy:         policies[cfg.GetLoadBalancer().GetPolicy()],
		connectTimeout: limits.GetConnectTimeout().AsDuration(),
		pool: poolKey{
			idleTimeout: limits.GetIdleTimeout().AsDuration(),
			maxIdle:     limits.GetIdleConnections(),
			maxRequests: limits.GetRequestsPerConnection(),
		},
	}
	b.current.Store(emptyConcrete)
	return b
}

// Name returns the Backend's name: "outbound|80||nginx.shop.svc.cluster.local".
func (b *Backend) Name() string { return b.name }

// Config returns the configuration it was acquired with. It is read-only.
func (b *Backend) Config() *config.Backend { return b.cfg }

// Release ends the use of the Backend by who acquired it. Its requests under way go on.
func (b *Backend) Release() { b.registry.release(b) }

func (b *Backend) setName() string { return b.cfg.GetEndpointSet() }

// abandon lets go of all endpoints.
func (b *Backend) abandon() {
	b.drop(b.current.Swap(emptyConcrete).slots)
}

// endpoint returns the endpoint with that key, new or the one there is.
func (l *logical) endpoint(key endpointKey) *endpoint {
	e := l.endpoints[key]
	if e == nil {
		e = newEndpoint(key)
		l.endpoints[key] = e
	}
	return e
}

// drop takes a use off each slot's endpoint. One without any is closed: its idle connections
// now, those in use as their requests end.
func (l *logical) drop(slots []slot) {
	for i := range slots {
		e := slots[i].endpoint
		if e.uses--; e.uses == 0 {
			delete(l.endpoints, e.key)
			e.pool.Close()
			l.retiring = append(l.retiring, e)
		}
	}
}

// settle adds up the counts of endpoints that are gone for good.
func (l *logical) settle() {
	kept := l.retiring[:0]
	for _, e := range l.retiring {
		if s := e.pool.Stats(); s.Active == 0 && s.Idle == 0 {
			l.retired.Add(s)
		} else {
			kept = append(kept, e)
		}
	}
	clear(l.retiring[len(kept):])
	l.retiring = kept
}
