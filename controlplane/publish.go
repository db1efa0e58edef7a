package controlplane

import (
	"context"
	"strconv"

	"github.com/fairlead-mesh/fairlead/controlplane/collect"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Publisher brings configuration to proxies. A proxy in the same process is one.
type Publisher interface {
	// Apply makes a delta live and says what of it is not.
	Apply(ctx context.Context, delta config.Delta) config.Ack
}

// Reporter is a Publisher whose answer can change although nothing was published: a port
// that was taken becomes free.
type Reporter interface {
	Publisher
	// Ack returns the answer as it is now.
	Ack() config.Ack
	// OnAck sets what is called, from any goroutine, when it has changed.
	OnAck(changed func())
}

// outbox gathers what a commit did to the resources. Sinks write it, inside commits; the
// pipeline takes it when the commit is over. Both run on the pipeline's goroutine.
type outbox struct {
	delta config.Delta
}

func (o *outbox) collect(resources collect.Collection[*config.Resource]) {
	resources.Subscribe(func(b collect.Batch[*config.Resource]) {
		for _, e := range b.Events {
			if e.Op == collect.Deleted {
				o.delta.Removed = append(o.delta.Removed, config.NameOf(e.Old))
			} else {
				o.delta.Changed = append(o.delta.Changed, e.New)
			}
		}
		o.delta.Version = strconv.FormatUint(b.Version, 10)
	})
}

// take returns what was gathered and begins anew.
func (o *outbox) take() config.Delta {
	d := o.delta
	o.delta = config.Delta{}
	return d
}

// ledger keeps which listeners were published and which of them were refused, and tells
// the graph what changed in that.
type ledger struct {
	said map[string]programmed
}

// note works the proxy's answer to a delta into the graph.
func (l *ledger) note(g *collect.Graph, src *collect.Source[programmed], delta config.Delta, ack config.Ack) {
	next := make(map[string]programmed)
	for name, p := range l.said {
		if !p.ok {
			next[name] = programmed{listener: name, ok: true} // unless it is refused again, below
		}
	}
	for _, r := range delta.Changed {
		if n := config.NameOf(r); n.Kind == config.KindListener {
			next[n.Name] = programmed{listener: n.Name, ok: true}
		}
	}
	for _, n := range delta.Removed {
		if n.Kind == config.KindListener {
			next[n.Name] = programmed{}
		}
	}
	for _, r := range ack.Rejected {
		if r.Name.Kind == config.KindListener {
			next[r.Name.Name] = programmed{listener: r.Name.Name, why: r.Reason}
		}
	}
	g.Update(func(tx *collect.Tx) {
		for name, p := range next {
			if p.listener == "" {
				delete(l.said, name)
				src.Delete(tx, name)
			} else if l.said[name] != p {
				l.said[name] = p
				src.Set(tx, p)
			}
		}
	})
}
