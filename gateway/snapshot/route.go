package snapshot

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/filter"
	"github.com/fairlead-mesh/fairlead/gateway/telemetry"
	"github.com/fairlead-mesh/fairlead/routing"
	"github.com/fairlead-mesh/fairlead/routing/hostmatch"
	"github.com/fairlead-mesh/fairlead/routing/split"
)

// routeState is a live route: what of it does not depend on other resources, and where
// it stands.
type routeState struct {
	cfg      *config.Route
	rule     *routing.Rule
	filters  []filter.Placed
	redirect *Redirect
	direct   *Direct
	shares   split.Shares
	targets  []targetSpec
	placed   []placement
	actions  []*Action // those in the tables
}

type targetSpec struct {
	backend string
	failure *exchange.Error
	filters []filter.Placed
}

// placement is one place of a route: a table and a hostname in it.
type placement struct {
	site siteKey
	host string
}

func compileRoute(cfg *config.Route) (*routeState, error) {
	http := cfg.GetHttp()
	if http == nil {
		return nil, errors.New("rule: this proxy knows no such rule")
	}
	for i, a := range cfg.GetAttachments() {
		for j, h := range a.GetHostnames() {
			if err := hostmatch.Check(h); err != nil {
				return nil, fmt.Errorf("attachments[%d].hostnames[%d]: %w", i, j, err)
			}
		}
	}
	r := &routeState{cfg: cfg}
	var err error
	if r.rule, err = routing.Compile(cfg); err != nil {
		return nil, err
	}
	if r.filters, err = compileFilters("http", http.GetFilters(), filter.LevelRoute); err != nil {
		return nil, err
	}
	switch action := http.GetAction().(type) {
	case *config.HttpRule_Redirect:
		r.redirect, err = compileRedirect(action.Redirect)
	case *config.HttpRule_DirectResponse:
		r.direct = compileDirect(action.DirectResponse)
	case *config.HttpRule_Forward:
		err = r.compileForward(action.Forward)
	default:
		err = errors.New("http.action: none is set")
	}
	return r, err
}

func (r *routeState) compileForward(f *config.Forward) error {
	weights := make([]uint32, len(f.GetBackends()))
	for i, b := range f.GetBackends() {
		where := fmt.Sprintf("http.forward.backends[%d]", i)
		filters, err := compileFilters(where, b.GetFilters(), filter.LevelBackend)
		if err != nil {
			return err
		}
		spec := targetSpec{backend: b.GetBackend(), filters: filters}
		if fail := b.GetFailure(); fail != nil {
			spec.failure = refusal(exchange.KindInvalidRoute, int(fail.GetStatus()), "backend_refused")
		}
		weights[i] = b.GetWeight()
		r.targets = append(r.targets, spec)
	}
	var err error
	if r.shares, err = split.New(weights); err != nil {
		return fmt.Errorf("http.forward.backends: %w", err)
	}
	return nil
}

func refusal(kind exchange.Kind, status int, reason string) *exchange.Error {
	return &exchange.Error{Kind: kind, Status: status, Source: exchange.SourceUs, Reason: reason}
}

func compileDirect(d *config.DirectResponse) *Direct {
	out := &Direct{
		Status: int(d.GetStatus()), Body: d.GetBody(), ContentType: []byte(d.GetContentType()),
	}
	if len(out.ContentType) == 0 {
		out.ContentType = []byte("text/plain")
	}
	return out
}

// noBackend is the failure of a share whose Backend does not exist.
var noBackend = refusal(exchange.KindNoBackend, 0, "backend_unknown")

// action builds what the route does on one listener, with the policies and backends as
// they are now.
func (c *Compiler) action(r *routeState, l *listenerState) *Action {
	outer := c.outerFilters(l)
	outer = append(outer, r.filters...)
	outer = c.policyFilters(outer, targetKey{config.KindRoute, r.cfg.GetName()}, filter.LevelRoute)

	a := &Action{
		Route: r.cfg.GetName(), Display: display(r.cfg),
		Redirect: r.redirect, Direct: r.direct, shares: r.shares,
		Chain: filter.Merge(outer),
	}
	a.Metrics = c.metrics.Requests(telemetry.Destination{})
	for i := range r.targets {
		a.Targets = append(a.Targets, c.target(&r.targets[i], outer))
	}
	return a
}

func display(cfg *config.Route) string {
	if n := cfg.GetDisplayName(); n != "" {
		return n
	}
	return cfg.GetName()
}

func (c *Compiler) target(spec *targetSpec, outer []filter.Placed) *Target {
	t := &Target{Name: spec.backend, Failure: spec.failure}
	placed := append(slices.Clip(outer), spec.filters...)
	if t.Failure == nil {
		placed = c.policyFilters(placed, targetKey{config.KindBackend, spec.backend}, filter.LevelBackend)
		if t.Backend = c.backends[spec.backend]; t.Backend == nil {
			t.Failure = noBackend
		}
	}
	t.Chain = filter.Merge(placed)
	t.Metrics = c.metrics.Requests(c.destination(spec.backend))
	return t
}

// destination is what metrics call a backend.
func (c *Compiler) destination(backend string) telemetry.Destination {
	service := c.live[config.Name{Kind: config.KindBackend, Name: backend}].GetBackend().GetService()
	return telemetry.Destination{
		Service: service.GetHost(), ServiceName: service.GetName(), ServiceNamespace: service.GetNamespace(),
		Namespace: service.GetNamespace(), CanonicalService: service.GetName(),
	}
}
