package controlplane

import (
	"context"
	"io"
	"log/slog"
	"sync"

	"google.golang.org/protobuf/proto"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/collect"
	"github.com/fairlead-mesh/fairlead/controlplane/gatewayapi"
	"github.com/fairlead-mesh/fairlead/controlplane/istio"
	"github.com/fairlead-mesh/fairlead/controlplane/service"
	"github.com/fairlead-mesh/fairlead/controlplane/source"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Options are what the process says beside its objects.
type Options struct {
	// Labels of the proxy, which Istio Gateways select it by. Default:
	// istio.DefaultLabels.
	Labels map[string]string
	// ClusterDomain ends the names of Services. Default: "cluster.local".
	ClusterDomain string
	// AllowExternalName permits an ExternalName that would be refused, such as
	// "localhost". Nil permits none.
	AllowExternalName func(name string) bool
	// Addresses are those at which a Gateway can be reached, for its status. Nil: none is
	// known.
	Addresses func(*gwv1.Gateway) []gwv1.GatewayStatusAddress
	// Publisher gets the configuration.
	Publisher Publisher
	Log       *slog.Logger
}

// Pipeline is the control plane's graph and what feeds and empties it. Its methods are
// for one goroutine, but Statuses and Problems.
type Pipeline struct {
	options  Options
	log      *slog.Logger
	graph    *collect.Graph
	in       *inputs
	api      *gatewayAPI
	mesh     *istioAPI
	security *securityAPI
	out      outbox
	ledger   ledger
	known    map[string]struct{} // problems that were logged

	published bool
	onFirst   func()

	mu sync.Mutex // one batch, or one answer, at a time
}

// New builds the graph. Nothing is in it yet.
func New(o Options) *Pipeline {
	if o.Labels == nil {
		o.Labels = istio.DefaultLabels()
	}
	if o.Addresses == nil {
		o.Addresses = func(*gwv1.Gateway) []gwv1.GatewayStatusAddress { return nil }
	}
	p := &Pipeline{
		options: o, log: o.Log, ledger: ledger{said: make(map[string]programmed)},
		known: make(map[string]struct{}),
	}
	p.graph = collect.NewGraph(collect.Hooks{
		Fault: func(f collect.Fault) {
			p.log.Error("translation panicked", "collection", f.Collection, "key", f.Key, "error", f.Error(), "stack", string(f.Stack))
		},
		Conflict: func(c collect.Conflict) {
			p.log.Warn("two objects make one resource", "resource", c.Key, "winner", c.Winner, "loser", c.Loser)
		},
	})
	names := service.Options{ClusterDomain: o.ClusterDomain, AllowExternalName: o.AllowExternalName}
	p.in = newInputs(p.graph)
	judged := newVerdicts(p.in)
	p.api = newGatewayAPI(p.in, gatewayapi.Translator{Controller: gatewayapi.DefaultController, Services: names}, judged, o.Addresses)
	proxy := istio.Proxy{Labels: o.Labels, ClusterDomain: o.ClusterDomain}
	p.mesh = newIstioAPI(p.in, proxy, names, judged, p.api)
	p.security = newSecurityAPI(p.in, proxy, p.api.parents, p.mesh.bindings)
	p.out.collect(collect.Join("resources", p.api.listeners, p.api.routes, endpoints(p.in, names),
		p.mesh.listeners, p.mesh.routes, p.mesh.backends, p.mesh.entries, p.security.policies,
		certificates(p.in, collect.Join("listeners", p.api.listeners, p.mesh.listeners))))
	p.security.policies.Subscribe(p.logClosed)
	if r, ok := o.Publisher.(Reporter); ok {
		r.OnAck(func() { p.reread(r) })
	}
	return p
}

// reread works an answer in that changed by itself.
func (p *Pipeline) reread(r Reporter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ledger.note(p.graph, p.in.programmed, config.Delta{}, r.Ack())
}

// logClosed says which security policies have begun to close gateways.
func (p *Pipeline) logClosed(b collect.Batch[*config.Resource]) {
	for _, e := range b.Events {
		if e.Op == collect.Added {
			policy := e.New.GetPolicy()
			p.log.Warn("security policy is not enforced: its gateways refuse all traffic",
				"policy", policy.GetName(), "reason", policy.GetUnenforced().GetReason(), "gateways", len(policy.GetTargets()))
		}
	}
}

// equal compares resources.
var equal = collect.WithEqual(func(a, b *config.Resource) bool { return proto.Equal(a, b) })

// Run takes batches from a source, publishes what they change and notes what proxies
// answer, until ctx ends.
func (p *Pipeline) Run(ctx context.Context, src source.Source) error {
	return src.Run(ctx, func(b source.Batch) { p.Take(ctx, b) })
}

// Take works one batch through: one commit, one delta, one answer.
func (p *Pipeline) Take(ctx context.Context, b source.Batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.logProblems(b.Problems)
	p.in.apply(p.graph, b.Changes)
	delta := p.out.take()
	if p.options.Publisher == nil || (delta.Empty() && p.published) {
		return
	}
	// The first delta is published though it be empty: a proxy is ready when it knows
	// that there is nothing to do.
	ack := p.options.Publisher.Apply(ctx, delta)
	p.ledger.note(p.graph, p.in.programmed, delta, ack)
	if !p.published && p.onFirst != nil {
		p.onFirst()
	}
	p.published = true
}

// OnFirst sets what is called once, when the first configuration was published.
func (p *Pipeline) OnFirst(f func()) { p.onFirst = f }

// logProblems logs each problem of the user's manifests when it first appears.
func (p *Pipeline) logProblems(problems []source.Problem) {
	now := make(map[string]struct{}, len(problems))
	for _, problem := range problems {
		text := problem.String()
		now[text] = struct{}{}
		if _, ok := p.known[text]; ok {
			continue
		}
		if problem.Severity == source.Refused {
			p.log.Warn("object refused", "problem", text, "earlier_version_live", problem.Live)
		} else {
			p.log.Info("objects ignored", "problem", text)
		}
	}
	p.known = now
}

// Stats returns the counters of every collection of the graph.
func (p *Pipeline) Stats() []collect.Stats { return p.graph.Stats() }

// Dump writes the graph as a table for people.
func (p *Pipeline) Dump(w io.Writer) error { return p.graph.Dump(w) }
