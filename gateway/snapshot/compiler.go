package snapshot

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fairlead-mesh/fairlead/egress"
	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/telemetry"
	"github.com/fairlead-mesh/fairlead/listener"
	"github.com/fairlead-mesh/fairlead/routing"
	"github.com/fairlead-mesh/fairlead/tls/certs"
)

// Compiler turns deltas into snapshots. It holds the live configuration and the indexes
// that tell what a change reaches. It is for one goroutine at a time.
type Compiler struct {
	registry *egress.Registry
	metrics  *telemetry.Registry
	defaults *config.HttpSettings

	version  string
	live     map[config.Name]*config.Resource
	rejected map[config.Name]config.Rejection
	counts   [config.KindCount]int // of live

	backends  map[string]*egress.Backend
	listeners map[string]*listenerState
	routes    map[string]*routeState
	policies  map[string]*policy

	certificates map[string]*certs.Certificate
	// conflicts are the listeners that are live but for an older one on their port.
	conflicts map[config.Name]config.Rejection

	byGateway  index // listeners by gateway
	byListener index // routes by listener
	byBackend  index // routes by backend
	// byCertificate has listeners by certificate, whether that is there or not.
	byCertificate index
	onPort        map[PortKey]map[string]struct{}
	policiesOn    map[targetKey]map[string]struct{}

	tables map[siteKey]*routing.Table[*Action]
	ports  map[PortKey]*Port
}

// NewCompiler returns a compiler with nothing live. Defaults, which may be nil, are the
// widest layer of every listener's settings.
func NewCompiler(registry *egress.Registry, metrics *telemetry.Registry, defaults *config.HttpSettings) *Compiler {
	return &Compiler{
		registry: registry, metrics: metrics, defaults: defaults,
		live: make(map[config.Name]*config.Resource), rejected: make(map[config.Name]config.Rejection),
		backends: make(map[string]*egress.Backend), listeners: make(map[string]*listenerState),
		routes: make(map[string]*routeState), policies: make(map[string]*policy),
		byGateway: make(index), byListener: make(index), byBackend: make(index),
		byCertificate: make(index), certificates: make(map[string]*certs.Certificate),
		conflicts: make(map[config.Name]config.Rejection),
		onPort:    make(map[PortKey]map[string]struct{}), policiesOn: make(map[targetKey]map[string]struct{}),
		tables: make(map[siteKey]*routing.Table[*Action]), ports: make(map[PortKey]*Port),
	}
}

// Result is what a delta came to.
type Result struct {
	// Snapshot is the next one.
	Snapshot *Snapshot
	// Ack lists what is not live as it was sent.
	Ack config.Ack
	// Retire gives back what the snapshot before used and this one does not. It is to
	// be called, on the compiler's goroutine, once no request runs on that one.
	Retire func()
}

// change is what one delta reaches.
type change struct {
	routes    map[string]struct{}  // to be placed again
	ports     map[PortKey]struct{} // to be grouped again
	editors   map[siteKey]*routing.Editor[*Action]
	endpoints []*config.Endpoint
	gone      []*config.Endpoint
	retire    []*egress.Backend
	unused    []*Action
	more      bool // than endpoints
}

func (ch *change) touchRoutes(x index, key string) {
	for r := range x.of(key) {
		ch.routes[r] = struct{}{}
	}
}

// Compile applies a delta. Its resources must not be changed afterwards.
func (c *Compiler) Compile(delta *config.Delta) Result {
	ch := &change{
		routes: make(map[string]struct{}), ports: make(map[PortKey]struct{}),
		editors: make(map[siteKey]*routing.Editor[*Action]),
	}
	// What is removed goes first, so that a name that is both removed and there is there.
	for _, name := range delta.Removed {
		c.remove(ch, name)
	}
	changed := slices.Clone(delta.Changed)
	slices.SortStableFunc(changed, func(a, b *config.Resource) int {
		return int(config.NameOf(a).Kind) - int(config.NameOf(b).Kind)
	})
	for _, r := range changed {
		c.put(ch, r)
	}
	c.version = delta.Version
	c.applyEndpoints(ch)
	c.place(ch)
	return Result{
		Snapshot: &Snapshot{Version: delta.Version, ports: maps.Clone(c.ports)},
		Ack:      c.ack(),
		Retire:   func() { c.retire(ch) },
	}
}

// put makes a resource live, or refuses it and leaves what was.
func (c *Compiler) put(ch *change, r *config.Resource) {
	name := config.NameOf(r)
	err := config.Validate(r)
	if err == nil {
		err = c.apply(ch, name, r)
	}
	if err != nil {
		c.reject(r, err.Error())
		if p := r.GetPolicy(); p != nil {
			c.setPolicy(ch, name.Name, closed(p))
		}
		return
	}
	delete(c.rejected, name)
	if _, replaced := c.live[name]; !replaced {
		c.counts[name.Kind]++
	}
	c.live[name] = r
	ch.more = ch.more || name.Kind != config.KindEndpoint
}

func (c *Compiler) reject(r *config.Resource, reason string) {
	name := config.NameOf(r)
	c.rejected[name] = config.Rejection{Name: name, Origin: config.OriginOf(r), Reason: reason}
}

func (c *Compiler) apply(ch *change, name config.Name, r *config.Resource) error {
	switch k := r.GetKind().(type) {
	case *config.Resource_Certificate:
		return c.applyCertificate(ch, k.Certificate)
	case *config.Resource_Endpoint:
		ch.endpoints = append(ch.endpoints, k.Endpoint)
		return nil
	case *config.Resource_Backend:
		return c.applyBackend(ch, k.Backend)
	case *config.Resource_Gateway:
		if _, err := listener.NewSettings(k.Gateway.GetHttp()); err != nil {
			return err
		}
		c.touchPorts(ch, name.Name)
		return nil
	case *config.Resource_Listener:
		return c.applyListener(ch, k.Listener)
	case *config.Resource_Route:
		return c.applyRoute(ch, k.Route)
	case *config.Resource_Policy:
		p, err := compilePolicy(k.Policy)
		if err == nil {
			c.setPolicy(ch, name.Name, p)
		}
		return err
	}
	return fmt.Errorf("kind: this proxy knows no such resource")
}

func (c *Compiler) applyBackend(ch *change, cfg *config.Backend) error {
	b, err := c.registry.Acquire(cfg)
	if err != nil {
		return err
	}
	if old := c.backends[cfg.GetName()]; old != nil {
		ch.retire = append(ch.retire, old)
	}
	c.backends[cfg.GetName()] = b
	ch.touchRoutes(c.byBackend, cfg.GetName())
	return nil
}

func (c *Compiler) applyListener(ch *change, cfg *config.Listener) error {
	l, err := compileListener(cfg)
	if err != nil {
		return err
	}
	before := c.listeners[cfg.GetName()]
	c.removeListener(ch, cfg.GetName())
	if l.tls != nil {
		if before != nil {
			l.tls.keepSessions(before.tls)
		}
		for _, name := range l.tls.terminator.Settings().Certificates() {
			c.byCertificate.add(name, cfg.GetName())
		}
		l.tls.index = c.certificateIndex(l.tls)
	}
	c.listeners[cfg.GetName()] = l
	c.byGateway.add(cfg.GetGateway(), cfg.GetName())
	if c.onPort[l.port] == nil {
		c.onPort[l.port] = make(map[string]struct{})
	}
	c.onPort[l.port][cfg.GetName()] = struct{}{}
	ch.ports[l.port] = struct{}{}
	ch.touchRoutes(c.byListener, cfg.GetName())
	return nil
}

func (c *Compiler) applyRoute(ch *change, cfg *config.Route) error {
	r, err := compileRoute(cfg)
	if err != nil {
		return err
	}
	c.removeRoute(ch, cfg.GetName())
	c.routes[cfg.GetName()] = r
	for _, a := range cfg.GetAttachments() {
		c.byListener.add(a.GetListener(), cfg.GetName())
	}
	for i := range r.targets {
		c.byBackend.add(r.targets[i].backend, cfg.GetName())
	}
	ch.routes[cfg.GetName()] = struct{}{}
	return nil
}

// touchPorts marks the ports of a gateway's listeners.
func (c *Compiler) touchPorts(ch *change, gateway string) {
	for l := range c.byGateway.of(gateway) {
		ch.ports[c.listeners[l].port] = struct{}{}
	}
}

// ack lists what is refused, in order of name.
func (c *Compiler) ack() config.Ack {
	out := config.Ack{Version: c.version, Rejected: make([]config.Rejection, 0, len(c.rejected))}
	for _, r := range c.rejected {
		out.Rejected = append(out.Rejected, r)
	}
	for name, r := range c.conflicts {
		if _, listed := c.rejected[name]; !listed {
			out.Rejected = append(out.Rejected, r)
		}
	}
	slices.SortFunc(out.Rejected, func(a, b config.Rejection) int {
		if a.Name.Kind != b.Name.Kind {
			return int(a.Name.Kind) - int(b.Name.Kind)
		}
		return strings.Compare(a.Name.Name, b.Name.Name)
	})
	return out
}

// Counts returns the number of live and of refused resources, by kind.
func (c *Compiler) Counts() (live, rejected [config.KindCount]int) {
	for name := range c.rejected {
		rejected[name.Kind]++
	}
	rejected[config.KindListener] += len(c.conflicts)
	return c.counts, rejected
}

// Origin returns the object a live resource was translated from, or nil.
func (c *Compiler) Origin(name config.Name) *config.Origin { return config.OriginOf(c.live[name]) }

// Live returns the live resources, in no order.
func (c *Compiler) Live() []*config.Resource { return slices.Collect(maps.Values(c.live)) }
