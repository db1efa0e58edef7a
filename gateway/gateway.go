package gateway

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fairlead-mesh/fairlead/egress"
	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/deadline"
	"github.com/fairlead-mesh/fairlead/gateway/snapshot"
	"github.com/fairlead-mesh/fairlead/gateway/telemetry"
	"github.com/fairlead-mesh/fairlead/listener"
)

// DefaultDrainTimeout is how long connections may take to end.
const DefaultDrainTimeout = 30 * time.Second

// retireAfter is how long after a swap what only the old snapshot used is given back: far
// longer than any request takes from loading a snapshot to choosing an endpoint.
const retireAfter = time.Second

// bindRetry is how often a socket that could not be opened is tried again.
const bindRetry = 5 * time.Second

// Options are what the process says about itself, beside its configuration.
type Options struct {
	// PortOffset is added to every configured port for the socket alone: with 8000 a
	// listener on port 80 is served at 8080 and still is port 80 to routes and redirects.
	PortOffset int
	// DrainTimeout bounds how long a removed listener's connections may take, and all of
	// them at shutdown. Default: DefaultDrainTimeout.
	DrainTimeout time.Duration
	// HTTP are the process's own settings of every listener; those in the configuration
	// win. Nil: the contract's defaults. Check them with listener.NewSettings first.
	HTTP *config.HttpSettings
	// HalfClose: clients that end their direction after a request still wait for the
	// response; see http1.Server.
	HalfClose bool
	// AccessLog, if set, gets a record for each request.
	AccessLog *telemetry.AccessLog
	// AllowName permits a DNS name to lead to loopback and link-local addresses. Nil permits
	// none.
	AllowName func(name string) bool
	// Resolver finds the addresses of endpoints that are names. Nil: they have none.
	Resolver egress.Resolver
	Log      *slog.Logger
}

// Gateway is a data plane. Create it with New, configure it with Apply, end it with Drain.
type Gateway struct {
	options  Options
	log      *slog.Logger
	sweeper  *deadline.Sweeper
	stats    *listener.Stats
	registry *egress.Registry
	metrics  *telemetry.Registry
	unrouted *telemetry.Requests // requests that no route took

	snapshot atomic.Pointer[snapshot.Snapshot]
	draining atomic.Bool

	mu       sync.Mutex // configuration: one change at a time
	compiler *snapshot.Compiler
	sockets  map[snapshot.PortKey]*socket
	failed   map[snapshot.PortKey]error
	compiled config.Ack // the compiler's
	ack      config.Ack // with the sockets that could not be opened
	retry    *time.Timer
	onAck    func()
	closed   bool

	drains sync.WaitGroup
}

// New returns a data plane with no configuration: it listens nowhere and is not ready.
func New(metrics *telemetry.Registry, options Options) *Gateway {
	if options.DrainTimeout == 0 {
		options.DrainTimeout = DefaultDrainTimeout
	}
	g := &Gateway{
		options: options, log: options.Log, metrics: metrics,
		sweeper: deadline.New(), stats: listener.NewStats(),
		sockets: make(map[snapshot.PortKey]*socket), failed: make(map[snapshot.PortKey]error),
	}
	g.registry = egress.NewRegistry(egress.Options{
		Sweeper: g.sweeper, Logger: options.Log, Resolver: options.Resolver,
		Permit: func(addr netip.Addr, name string) error { return permit(addr, name, options.AllowName) },
	})
	g.compiler = snapshot.NewCompiler(g.registry, metrics, options.HTTP)
	g.unrouted = metrics.Requests(telemetry.Destination{})
	metrics.Attach(g.sources())
	return g
}

// Apply makes a delta live and says what of it is not. When it returns, every request
// that begins sees the new configuration, whole.
func (g *Gateway) Apply(_ context.Context, delta config.Delta) config.Ack {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return g.ack
	}
	start := time.Now()
	result := g.compiler.Compile(&delta)
	opened := g.openSockets(result.Snapshot)
	g.snapshot.Store(result.Snapshot)
	g.settle(result.Snapshot, opened)
	before := g.ack
	g.compiled = result.Ack
	g.ack = g.withBindFailures(g.compiled)
	live, rejected := g.counts()
	g.metrics.Applied(telemetry.Applied{
		Version: delta.Version, Took: time.Since(start), Resources: live, Rejected: rejected,
	})
	g.logChange(before, &delta, time.Since(start))
	time.AfterFunc(retireAfter, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if !g.closed {
			result.Retire()
		}
	})
	return g.ack
}

// counts returns the number of live and of refused resources, by kind.
func (g *Gateway) counts() (live, rejected [config.KindCount]int) {
	live, rejected = g.compiler.Counts()
	rejected[config.KindListener] += len(g.failed)
	return live, rejected
}

// logChange logs a change, and what is refused since.
func (g *Gateway) logChange(before config.Ack, delta *config.Delta, took time.Duration) {
	g.log.Info("configuration applied", "old_version", before.Version, "new_version", delta.Version,
		"changed", len(delta.Changed), "removed", len(delta.Removed),
		"rejected", len(g.ack.Rejected), "took", took)
	known := make(map[config.Name]string, len(before.Rejected))
	for _, r := range before.Rejected {
		known[r.Name] = r.Reason
	}
	for _, r := range g.ack.Rejected {
		if known[r.Name] != r.Reason {
			g.log.Warn("resource rejected", "resource", r.Name.String(), "reason", r.Reason)
		}
	}
}

// Ready reports whether the first configuration is live and no drain has begun; if not,
// why.
func (g *Gateway) Ready() (bool, string) {
	switch {
	case g.draining.Load():
		return false, "draining"
	case g.snapshot.Load() == nil:
		return false, "no configuration yet"
	}
	return true, "ready"
}

// Ack returns what of the configuration is not live.
func (g *Gateway) Ack() config.Ack {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ack
}

// OnAck sets what is called when Ack changes although nothing was applied: a port that was
// taken has become free. It is called from a goroutine of its own.
func (g *Gateway) OnAck(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.onAck = f
}

// Live returns the live configuration.
func (g *Gateway) Live() []*config.Resource {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.compiler.Live()
}

// Drain ends the data plane: it stops accepting, lets requests under way end within the
// drain timeout or ctx, whichever is shorter, and closes what is left.
func (g *Gateway) Drain(ctx context.Context) {
	g.draining.Store(true)
	ctx, cancel := context.WithTimeout(ctx, g.options.DrainTimeout)
	defer cancel()
	g.mu.Lock()
	g.closed = true
	if g.retry != nil {
		g.retry.Stop()
	}
	for key, s := range g.sockets {
		g.drain(ctx, s)
		delete(g.sockets, key)
	}
	g.mu.Unlock()
	g.drains.Wait()
	g.registry.Close()
	g.sweeper.Stop()
}
