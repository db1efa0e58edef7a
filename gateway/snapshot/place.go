package snapshot

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/routing"
	"github.com/fairlead-mesh/fairlead/routing/hostmatch"
)

// applyEndpoints hands endpoints to their registry: new ones before anything can use
// them. Removed ones go at once if the delta is about endpoints alone. Otherwise requests
// on the last snapshot, whose routes may lead where this one's do not, must still find
// one: what is removed drains, which is to be chosen only if there is no other, and goes
// when those requests have ended.
func (c *Compiler) applyEndpoints(ch *change) {
	if !ch.more {
		c.registry.SetEndpoints(ch.endpoints, c.notBack(ch.gone))
		ch.gone = nil
		return
	}
	for _, e := range ch.gone {
		if e.GetState() != config.Endpoint_STATE_NOT_READY && !c.isLive(e.GetName()) {
			e = proto.CloneOf(e)
			e.State = config.Endpoint_STATE_DRAINING
			ch.endpoints = append(ch.endpoints, e)
		}
	}
	if len(ch.endpoints) > 0 {
		c.registry.SetEndpoints(ch.endpoints, nil)
	}
}

func (c *Compiler) isLive(endpoint string) bool {
	_, ok := c.live[config.Name{Kind: config.KindEndpoint, Name: endpoint}]
	return ok
}

// notBack returns the names of those of these endpoints that have not come back since.
func (c *Compiler) notBack(gone []*config.Endpoint) []string {
	var names []string
	for _, e := range gone {
		if !c.isLive(e.GetName()) {
			names = append(names, e.GetName())
		}
	}
	return names
}

// place puts the touched routes into the tables they belong in now, and then groups the
// touched ports anew.
func (c *Compiler) place(ch *change) {
	for name := range ch.routes {
		if r := c.routes[name]; r != nil {
			c.unplace(ch, r)
			c.placeRoute(ch, r)
		}
	}
	for site, e := range ch.editors {
		if t := e.Table(); !t.Empty() {
			c.tables[site] = t
		} else {
			delete(c.tables, site)
		}
		ch.ports[site.port] = struct{}{}
	}
	for key := range ch.ports {
		c.regroup(key)
	}
}

func (c *Compiler) editor(ch *change, site siteKey) *routing.Editor[*Action] {
	e := ch.editors[site]
	if e == nil {
		e = c.table(site).Edit()
		ch.editors[site] = e
	}
	return e
}

func (c *Compiler) unplace(ch *change, r *routeState) {
	for _, p := range r.placed {
		c.editor(ch, p.site).Remove(p.host, r.rule)
	}
	ch.unused = append(ch.unused, r.actions...)
	r.placed, r.actions = nil, nil
}

func (c *Compiler) placeRoute(ch *change, r *routeState) {
	var shared *Action // for listeners that no policy tells apart
	for _, a := range r.cfg.GetAttachments() {
		l := c.listeners[a.GetListener()]
		if l == nil {
			continue
		}
		action := shared
		if action == nil {
			action = c.action(r, l)
			r.actions = append(r.actions, action)
			if len(c.policiesOn) == 0 {
				shared = action
			}
		}
		hosts := a.GetHostnames()
		if len(hosts) == 0 {
			hosts = []string{hostmatch.Any}
		}
		for _, name := range l.hostnames {
			for _, h := range hosts {
				p := placement{l.site(name), h}
				if slices.Contains(r.placed, p) {
					continue
				}
				r.placed = append(r.placed, p)
				c.editor(ch, p.site).Add(h, r.rule, action)
			}
		}
	}
}
