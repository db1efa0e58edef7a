package gateway

import (
	"bytes"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/filter"
	"github.com/fairlead-mesh/fairlead/gateway/snapshot"
	"github.com/fairlead-mesh/fairlead/listener"
)

// handler serves the requests of one port.
type handler struct {
	gateway *Gateway
	key     snapshot.PortKey
}

// ServeExchange takes one request from its facts to the last byte of its answer. It pins
// the snapshot at the start and asks it everything.
func (h *handler) ServeExchange(ex *exchange.Exchange) {
	live := h.gateway.snapshot.Load()
	metrics := h.gateway.unrouted
	var action *snapshot.Action
	err := errNoRoute // also for what is left of a port that is gone
	port := live.Port(h.key)
	if port != nil {
		action, err = port.Match(ex)
	}
	switch {
	case err != nil:
		fail(ex, err)
		write(ex)
	case action.Redirect != nil || action.Direct != nil:
		ex.RouteName = action.Display
		metrics = action.Metrics
		answer(ex, action)
	default:
		ex.RouteName = action.Display
		metrics = action.Metrics
		if target := action.Pick(); target != nil {
			metrics = target.Metrics
			h.gateway.forward(ex, target, port.Settings)
		} else {
			fail(ex, errNoTarget)
			write(ex)
		}
	}
	h.gateway.observe(ex, metrics)
}

// answer gives a response of our own, through the filters.
func answer(ex *exchange.Exchange, action *snapshot.Action) {
	verdict, n := action.Chain.Request(ex)
	if verdict == filter.Continue {
		if action.Redirect != nil {
			action.Redirect.Respond(ex)
		} else {
			ex.Respond(action.Direct.Status, action.Direct.ContentType, action.Direct.Body)
		}
	}
	finish(ex, &action.Chain, verdict, n)
}

// forward sends the request to its target and the answer back, through the filters.
func (g *Gateway) forward(ex *exchange.Exchange, target *snapshot.Target, settings *listener.Settings) {
	defer release(ex)
	verdict, n := target.Chain.Request(ex)
	if settings.OriginalPath && !bytes.Equal(ex.Forward.Path, ex.Path) {
		ex.Request.Fields.Set(originalPathKey, originalTarget(ex))
	}
	if verdict == filter.Continue {
		err := target.Failure
		if err == nil {
			err = target.Backend.RoundTrip(ex)
		}
		if err != nil {
			if err.HTTPStatus() == 0 { // nobody is there to be answered
				ex.Failure = err
				return
			}
			fail(ex, err)
		}
	}
	written := finish(ex, &target.Chain, verdict, n)
	if written && ex.Response.Status == 101 && ex.Upstream != nil {
		g.tunnel(ex, settings.Timeouts.StreamIdle)
	}
}

// release ends the use of the endpoint, also when what served the request panicked.
func release(ex *exchange.Exchange) {
	if ex.Upstream != nil {
		ex.Upstream.Release(ex)
		ex.Upstream = nil
	}
}

// originalTarget returns the path and the query before the rewrite.
func originalTarget(ex *exchange.Exchange) []byte {
	if !ex.HasQuery {
		return ex.Path
	}
	return ex.Concat(ex.Path, questionMark, ex.Query)
}

var questionMark = []byte("?")

// originalPathKey names the field that tells the origin of a rewrite.
var originalPathKey = exchange.KeyOf("x-envoy-original-path")

// finish runs the response pass over the filters that ran and writes what came of it. It
// reports whether all was written. A filter that resets leaves nothing written: the codec
// then kills the stream.
func finish(ex *exchange.Exchange, chain *filter.Chain, verdict filter.Verdict, n int) bool {
	if verdict == filter.Reset || chain.Response(ex, n) == filter.Reset {
		if ex.Failure == nil {
			ex.Failure = errAborted
		}
		return false
	}
	return write(ex)
}

// write sends the response and reports whether all of it went.
func write(ex *exchange.Exchange) bool {
	err := ex.Downstream.WriteResponse(ex)
	if err != nil && ex.Failure == nil {
		ex.Failure = asFailure(err)
	}
	return err == nil
}

// refused counts and logs a request that the codec refused.
func (h *handler) refused(ex *exchange.Exchange) {
	h.gateway.observe(ex, h.gateway.unrouted)
}
