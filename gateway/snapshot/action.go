package snapshot

import (
	"github.com/fairlead-mesh/fairlead/egress"
	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/filter"
	"github.com/fairlead-mesh/fairlead/gateway/telemetry"
	"github.com/fairlead-mesh/fairlead/routing/rewrite"
	"github.com/fairlead-mesh/fairlead/routing/split"
)

// Action is what becomes of a route's requests. Exactly one of Targets, Redirect and
// Direct is set.
type Action struct {
	// Route is the name of the Route, Display what logs call it.
	Route   string
	Display string

	// Targets are the shares of the traffic. Pick chooses one.
	Targets []*Target
	shares  split.Shares

	Redirect *Redirect
	Direct   *Direct
	// Chain runs around Redirect and Direct; a target has its own.
	Chain filter.Chain
	// Metrics counts what Redirect and Direct answer.
	Metrics *telemetry.Requests
}

// release gives back the metric handles.
func (a *Action) release() {
	a.Metrics.Release()
	for _, t := range a.Targets {
		t.Metrics.Release()
	}
}

// Pick returns the target of a request, or nil if no share has any weight.
func (a *Action) Pick() *Target {
	if i := a.shares.Pick(); i >= 0 {
		return a.Targets[i]
	}
	return nil
}

// Target is one share of a route's traffic.
type Target struct {
	// Backend takes the requests; nil if they are answered with Failure.
	Backend *egress.Backend
	// Name of the Backend in the configuration.
	Name    string
	Failure *exchange.Error
	// Chain holds the filters of gateway, listener, route and backend, merged.
	Chain   filter.Chain
	Metrics *telemetry.Requests
}

// Direct is an answer of our own.
type Direct struct {
	Status      int
	ContentType []byte
	Body        []byte
}

// Redirect is a compiled config.Redirect.
type Redirect struct {
	status   int
	scheme   string
	host     []byte
	port     uint16
	portFrom config.Redirect_PortFrom
	path     *rewrite.Path
}
