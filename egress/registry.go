package egress

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/fairlead-mesh/fairlead/egress/transport"
	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/deadline"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// Resolver turns DNS names into addresses; resolve.Resolver is one.
type Resolver interface {
	// Watch calls changed with name's addresses as soon as they are known, and again
	// whenever they change, until stop is called. It never calls it from within
	// Watch, nor after stop except for a call already under way.
	Watch(name string, changed func([]netip.Addr)) (stop func())
}

// Options are what a Registry needs. Zero values are good for all but Resolver, without
// which DNS names have no addresses.
type Options struct {
	Resolver Resolver
	// Rules is how strictly responses are read. Default: wire.DefaultResponseRules.
	Rules *wire.Rules
	// StreamIdle is how long nothing may move on a connection in use. Default: 300s.
	StreamIdle time.Duration
	// Sweeper watches connections; nil: one of the registry's own.
	Sweeper *deadline.Sweeper
	// Permit refuses addresses that must not be connected to. Name is the DNS name that led
	// to the address, empty if configuration has it itself. Nil permits all.
	Permit func(addr netip.Addr, name string) error
	// Dial makes connections. Default: transport.Dial.
	Dial func(to netip.AddrPort, timeout time.Duration) (net.Conn, *exchange.Error)
	// Logger gets what is wrong with endpoints. Default: none.
	Logger *slog.Logger
}

// sweepInterval is how often connections are looked at that have waited too long.
const sweepInterval = time.Second

// Registry holds the Backends and endpoints that are in use. Create it with NewRegistry
// and end it with Close.
type Registry struct {
	options  Options
	call     transport.Options
	ownSweep bool

	mu       sync.Mutex
	logicals map[string]*logical
	sets     map[string]*endpointSet
	entries  map[string]*entry // by endpoint name
	names    map[string]*dnsName

	stop chan struct{}
	done chan struct{}
}

// NewRegistry returns an empty registry.
func NewRegistry(o Options) *Registry {
	if o.Rules == nil {
		o.Rules = wire.DefaultResponseRules()
	}
	if o.Dial == nil {
		o.Dial = transport.Dial
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Registry{
		call:     transport.Options{Rules: o.Rules, Idle: o.StreamIdle},
		logicals: make(map[string]*logical),
		sets:     make(map[string]*endpointSet),
		entries:  make(map[string]*entry),
		names:    make(map[string]*dnsName),
		stop:     make(chan struct{}),
		done:     make(chan struct{}),
	}
	if o.Sweeper == nil {
		o.Sweeper, r.ownSweep = deadline.New(), true
	}
	r.options = o
	go r.run()
	return r
}

// Acquire returns the Backend for cfg, which must not change afterwards. The same
// configuration gives the same Backend; another one under the same name gives a new
// Backend that shares endpoints and connections with the one before, as far as it bounds
// them alike. Every Acquire needs one Release.
func (r *Registry) Acquire(cfg *config.Backend) (*Backend, error) {
	if err := validate(cfg); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.logicals[cfg.GetName()]
	if l == nil {
		l = newLogical(r, cfg.GetName())
		r.logicals[l.name] = l
	}
	for _, b := range l.generations {
		if b.cfg == cfg || proto.Equal(b.cfg, cfg) {
			b.refs++
			return b, nil
		}
	}
	b := newBackend(l, cfg)
	l.generations = append(l.generations, b)
	set := r.set(b.setName())
	set.users[b] = struct{}{}
	b.rebuild(set)
	return b, nil
}

func validate(cfg *config.Backend) error {
	switch {
	case cfg.GetName() == "":
		return fmt.Errorf("backend: name is empty")
	case cfg.GetProtocol() > config.BackendProtocol_BACKEND_PROTOCOL_HTTP1:
		return fmt.Errorf("backend %s: protocol %v is not supported", cfg.GetName(), cfg.GetProtocol())
	case cfg.GetDiscovery() > config.Backend_DISCOVERY_LOGICAL_DNS:
		return fmt.Errorf("backend %s: discovery %v is not supported", cfg.GetName(), cfg.GetDiscovery())
	case cfg.GetLoadBalancer().GetPolicy() > config.LoadBalancer_POLICY_RANDOM:
		return fmt.Errorf("backend %s: load_balancer.policy %v is not supported",
			cfg.GetName(), cfg.GetLoadBalancer().GetPolicy())
	}
	return nil
}

// release drops a Backend that nobody refers to.
func (r *Registry) release(b *Backend) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b.refs--; b.refs > 0 {
		return
	}
	set := r.set(b.setName())
	delete(set.users, b)
	b.abandon()
	r.tidy(set)
	l := b.logical
	for i, g := range l.generations {
		if g == b {
			l.generations = append(l.generations[:i:i], l.generations[i+1:]...)
			break
		}
	}
	if len(l.generations) == 0 && r.logicals[l.name] == l {
		delete(r.logicals, l.name)
	}
}

// run looks after idle connections until the registry is closed.
func (r *Registry) run() {
	defer close(r.done)
	ticker := time.NewTicker(sweepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-r.stop:
			return
		case now := <-ticker.C:
			for _, e := range r.endpoints() {
				e.pool.Sweep(now)
			}
		}
	}
}

func (r *Registry) endpoints() []*endpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []*endpoint
	for _, l := range r.logicals {
		l.settle()
		for _, e := range l.endpoints {
			list = append(list, e)
		}
	}
	return list
}

// Close closes idle connections now and those in use as their requests end. Backends
// find no endpoint afterwards.
func (r *Registry) Close() {
	close(r.stop)
	<-r.done
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.logicals {
		for _, b := range l.generations {
			b.abandon()
		}
	}
	for _, n := range r.names {
		n.stop()
	}
	clear(r.names)
	if r.ownSweep {
		r.options.Sweeper.Stop()
	}
}
