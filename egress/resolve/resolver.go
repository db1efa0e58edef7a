// Package resolve turns DNS names into addresses and keeps them fresh.
//
// No request waits for it: a name is watched from when a configuration mentions it, and
// who watches is told when its addresses change. An answer is looked for again when its
// TTL, within bounds and jittered, is over. While lookups fail the last good answer
// stands.
//
//	Resolver   watches names over any Source
//	Client     a Source: the hosts file, then DNS as resolv.conf says
//
// It decides nothing about which addresses may be used: that is for who connects. Use it
// for names in configuration; it is no cache for names from strangers. All types are safe
// for concurrent use.
package resolve

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Answer is what a name resolves to.
type Answer struct {
	// Addrs is empty if the name does not exist or has no address.
	Addrs []netip.Addr
	// TTL is how long the answer holds.
	TTL time.Duration
}

// Source looks names up. An error means that there is no answer, not even a negative one.
type Source interface {
	Lookup(ctx context.Context, name string) (Answer, error)
}

// Options are a Resolver's bounds. Zero values mean the defaults.
type Options struct {
	// MinTTL and MaxTTL bound how long an answer is used. Defaults: 5s and 5min.
	MinTTL, MaxTTL time.Duration
	// MaxBackoff bounds the wait after failures, which doubles from 1s. Default: 30s.
	MaxBackoff time.Duration
	// MaxAddrs is how many addresses of a name are used. Default: 1,000.
	MaxAddrs int
	// MaxNames is how many names are watched. Default: 10,000.
	MaxNames int
	// Parallel is how many lookups run at once. Default: 32.
	Parallel int
	// Logger gets failures, when they begin and when they end. Default: none.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	setDefault(&o.MinTTL, 5*time.Second)
	setDefault(&o.MaxTTL, 5*time.Minute)
	setDefault(&o.MaxBackoff, 30*time.Second)
	setDefault(&o.MaxAddrs, 1000)
	setDefault(&o.MaxNames, 10_000)
	setDefault(&o.Parallel, 32)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func setDefault[T ~int | ~int64](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// firstBackoff is the wait after the first failure.
const firstBackoff = time.Second

// Resolver watches names. Create it with New and end it with Close.
type Resolver struct {
	source  Source
	options Options
	ctx     context.Context
	cancel  context.CancelFunc
	turns   chan struct{} // one for each lookup that may run
	running sync.WaitGroup

	mu    sync.Mutex
	names int
}

// New returns a Resolver over a source.
func New(source Source, o Options) *Resolver {
	r := &Resolver{source: source, options: o.withDefaults()}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.turns = make(chan struct{}, r.options.Parallel)
	return r
}

// Watch calls changed with the name's addresses as soon as they are known, and again
// whenever they change (order counts), until stop is called. It never calls it from
// within Watch, never twice at once, and after stop only if the call was under way. An IP
// address is its own answer. A name over MaxNames is logged and gets no answer.
func (r *Resolver) Watch(name string, changed func([]netip.Addr)) (stop func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.names >= r.options.MaxNames || r.ctx.Err() != nil {
		r.options.Logger.Warn("name not watched", "name", name, "watched", r.names)
		return func() {}
	}
	r.names++
	ctx, cancel := context.WithCancel(r.ctx)
	w := &watch{resolver: r, name: name, changed: changed}
	r.running.Go(func() {
		w.run(ctx)
		r.mu.Lock()
		r.names--
		r.mu.Unlock()
	})
	return cancel
}

// Close ends all watches and waits for lookups under way.
func (r *Resolver) Close() {
	r.mu.Lock()
	r.cancel()
	r.mu.Unlock()
	r.running.Wait()
}

// watch is one name being watched; it belongs to its goroutine.
type watch struct {
	resolver *Resolver
	name     string
	changed  func([]netip.Addr)
	addrs    []netip.Addr
	told     bool
	failures int // in a row
	negative int // answers without an address, in a row
}

func (w *watch) run(ctx context.Context) {
	if addr, err := netip.ParseAddr(w.name); err == nil {
		w.tell(ctx, []netip.Addr{addr.Unmap()})
		return
	}
	for {
		wait := w.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// look looks the name up once and returns when to look again.
func (w *watch) look(ctx context.Context) time.Duration {
	r := w.resolver
	select {
	case r.turns <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	answer, err := r.source.Lookup(ctx, w.name)
	<-r.turns
	if err != nil {
		return w.failed(ctx, err)
	}
	if w.failures > 0 {
		r.options.Logger.Info("name resolves again", "name", w.name, "failures", w.failures)
		w.failures = 0
	}
	ttl := jitter(min(max(answer.TTL, r.options.MinTTL), r.options.MaxTTL))
	if len(answer.Addrs) > 0 {
		w.negative = 0
	} else if w.negative++; len(w.addrs) > 0 && w.negative < 2 {
		// A name that had addresses loses them when a second answer says so: a
		// resolver being restarted may deny what exists.
		return jitter(r.options.MinTTL)
	}
	w.tell(ctx, answer.Addrs[:min(len(answer.Addrs), r.options.MaxAddrs)])
	return ttl
}

func (w *watch) failed(ctx context.Context, err error) time.Duration {
	if ctx.Err() != nil {
		return 0
	}
	o := &w.resolver.options
	if w.failures++; w.failures == 1 {
		o.Logger.Warn("name does not resolve", "name", w.name, "error", err, "addresses_kept", len(w.addrs))
	}
	return jitter(min(firstBackoff<<min(w.failures-1, 20), o.MaxBackoff))
}

func (w *watch) tell(ctx context.Context, addrs []netip.Addr) {
	if ctx.Err() != nil || w.told && slices.Equal(addrs, w.addrs) {
		return
	}
	w.addrs, w.told = slices.Clone(addrs), true
	w.changed(slices.Clone(addrs))
}

// jitter shortens d by up to a tenth, so that names learnt together part ways.
func jitter(d time.Duration) time.Duration {
	return d - time.Duration(rand.Int64N(int64(d)/10+1))
}
