package snapshot

import "github.com/fairlead-mesh/fairlead/gateway/config"

// remove takes a resource out of the live configuration.
func (c *Compiler) remove(ch *change, name config.Name) {
	delete(c.rejected, name)
	if name.Kind == config.KindPolicy {
		c.setPolicy(ch, name.Name, nil) // a refused one is not live and still closes its targets
	}
	old, ok := c.live[name]
	if !ok {
		return
	}
	delete(c.live, name)
	c.counts[name.Kind]--
	ch.more = ch.more || name.Kind != config.KindEndpoint
	switch name.Kind {
	case config.KindCertificate:
		delete(c.certificates, name.Name)
		c.touchCertificate(ch, name.Name)
	case config.KindEndpoint:
		ch.gone = append(ch.gone, old.GetEndpoint())
	case config.KindBackend:
		ch.retire = append(ch.retire, c.backends[name.Name])
		delete(c.backends, name.Name)
		ch.touchRoutes(c.byBackend, name.Name)
	case config.KindGateway:
		c.touchPorts(ch, name.Name)
	case config.KindListener:
		c.removeListener(ch, name.Name)
	case config.KindRoute:
		c.removeRoute(ch, name.Name)
	default: // no runtime structure is theirs alone
	}
}

func (c *Compiler) removeListener(ch *change, name string) {
	l := c.listeners[name]
	if l == nil {
		return
	}
	delete(c.listeners, name)
	c.byGateway.remove(l.cfg.GetGateway(), name)
	delete(c.conflicts, config.Name{Kind: config.KindListener, Name: name})
	if l.tls != nil {
		for _, certificate := range l.tls.terminator.Settings().Certificates() {
			c.byCertificate.remove(certificate, name)
		}
	}
	delete(c.onPort[l.port], name)
	if len(c.onPort[l.port]) == 0 {
		delete(c.onPort, l.port)
	}
	ch.ports[l.port] = struct{}{}
	ch.touchRoutes(c.byListener, name)
}

func (c *Compiler) removeRoute(ch *change, name string) {
	r := c.routes[name]
	if r == nil {
		return
	}
	c.unplace(ch, r)
	delete(c.routes, name)
	for _, a := range r.cfg.GetAttachments() {
		c.byListener.remove(a.GetListener(), name)
	}
	for i := range r.targets {
		c.byBackend.remove(r.targets[i].backend, name)
	}
	delete(ch.routes, name)
}

// retire gives back what requests on the last snapshot may have been using.
func (c *Compiler) retire(ch *change) {
	for _, b := range ch.retire {
		b.Release()
	}
	for _, a := range ch.unused {
		a.release()
	}
	if names := c.notBack(ch.gone); len(names) > 0 {
		c.registry.SetEndpoints(nil, names)
	}
	ch.retire, ch.unused, ch.gone = nil, nil, nil
}
