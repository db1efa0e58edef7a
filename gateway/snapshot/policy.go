package snapshot

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/filter"
)

// targetKey is what a policy applies to.
type targetKey struct {
	kind config.Kind
	name string
}

func targetsOf(cfg *config.Policy) []targetKey {
	var out []targetKey
	for _, t := range cfg.GetTargets() {
		switch k := t.GetTarget().(type) {
		case *config.PolicyTarget_Gateway:
			out = append(out, targetKey{config.KindGateway, k.Gateway})
		case *config.PolicyTarget_Listener:
			out = append(out, targetKey{config.KindListener, k.Listener})
		case *config.PolicyTarget_Route:
			out = append(out, targetKey{config.KindRoute, k.Route})
		case *config.PolicyTarget_Backend:
			out = append(out, targetKey{config.KindBackend, k.Backend})
		}
	}
	return out
}

// outerFilters returns the filters of the policies on a listener and its gateway.
func (c *Compiler) outerFilters(l *listenerState) []filter.Placed {
	var out []filter.Placed
	out = c.policyFilters(out, targetKey{config.KindGateway, l.cfg.GetGateway()}, filter.LevelGateway)
	return c.policyFilters(out, targetKey{config.KindListener, l.cfg.GetName()}, filter.LevelListener)
}

// policyFilters appends the filters of the policies on one target, in their order.
func (c *Compiler) policyFilters(out []filter.Placed, target targetKey, level filter.Level) []filter.Placed {
	names := c.policiesOn[target]
	if len(names) == 0 {
		return out
	}
	policies := make([]*policy, 0, len(names))
	for name := range names {
		policies = append(policies, c.policies[name])
	}
	slices.SortFunc(policies, func(a, b *policy) int {
		return cmp.Or(compareOrder(a.cfg.GetOrder(), b.cfg.GetOrder()), strings.Compare(a.cfg.GetName(), b.cfg.GetName()))
	})
	for _, p := range policies {
		for _, f := range p.filters {
			out = append(out, filter.Placed{Filter: f, Level: level})
		}
	}
	return out
}

// setPolicy makes p, which may be nil, the policy of that name, and marks what the old
// and the new one apply to.
func (c *Compiler) setPolicy(ch *change, name string, p *policy) {
	if old := c.policies[name]; old != nil {
		for _, t := range targetsOf(old.cfg) {
			delete(c.policiesOn[t], name)
			c.touchTarget(ch, t)
		}
	}
	if p == nil {
		delete(c.policies, name)
		return
	}
	c.policies[name] = p
	for _, t := range targetsOf(p.cfg) {
		if c.policiesOn[t] == nil {
			c.policiesOn[t] = make(map[string]struct{})
		}
		c.policiesOn[t][name] = struct{}{}
		c.touchTarget(ch, t)
	}
}

func (c *Compiler) touchTarget(ch *change, t targetKey) {
	switch t.kind {
	case config.KindGateway:
		for l := range c.byGateway.of(t.name) {
			ch.touchRoutes(c.byListener, l)
		}
	case config.KindListener:
		ch.touchRoutes(c.byListener, t.name)
	case config.KindRoute:
		ch.routes[t.name] = struct{}{}
	case config.KindBackend:
		ch.touchRoutes(c.byBackend, t.name)
	default: // targetsOf knows no other
	}
}
