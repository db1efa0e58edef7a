package gateway

import (
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/telemetry"
)

// observe counts the exchange and logs it.
func (g *Gateway) observe(ex *exchange.Exchange, metrics *telemetry.Requests) {
	took := time.Since(ex.Times.Start)
	flag := "-"
	if ex.Failure != nil {
		flag = ex.Failure.Flag()
	}
	metrics.Observe(ex.Response.Status, flag, took, ex.BytesReceived, ex.BytesSent)
	if g.options.AccessLog.Enabled() {
		g.logAccess(ex, flag, took)
	}
}

// logAccess hands the exchange to the access log, which keeps nothing of it.
func (g *Gateway) logAccess(ex *exchange.Exchange, flag string, took time.Duration) {
	r := telemetry.Record{
		Start: ex.Times.Start, Duration: took,
		Method: ex.Request.MethodToken, Path: ex.RawPath, Query: ex.Query, HasQuery: ex.HasQuery,
		Protocol: ex.Request.Version.String(), Code: ex.Response.Status, Flags: flag,
		Details: "via_upstream", BytesReceived: ex.BytesReceived, BytesSent: ex.BytesSent,
		UpstreamTime: -1, RequestID: ex.RequestID, Authority: ex.Authority,
		Upstream: ex.EndpointName, Backend: ex.BackendName, Local: ex.Local, Peer: ex.Peer,
		SNI: ex.SNI, Route: ex.RouteName,
	}
	switch {
	case ex.Failure != nil:
		r.Details = ex.Failure.Reason
	case ex.Answered:
		r.Details = "direct_response"
	}
	if ex.Failure != nil && ex.Failure.Source == exchange.SourceUpstream {
		r.TransportFailure = ex.Failure.Reason
	}
	if !ex.Times.UpstreamHead.IsZero() {
		r.UpstreamTime = ex.Times.UpstreamHead.Sub(ex.Times.UpstreamStart)
	}
	r.ForwardedFor, _ = ex.Request.Fields.Get(exchange.FieldXForwardedFor)
	r.UserAgent, _ = ex.Request.Fields.Get(exchange.FieldUserAgent)
	g.options.AccessLog.Log(&r)
}

// sources are what the data plane counts by itself, for whoever scrapes.
func (g *Gateway) sources() telemetry.Sources {
	return telemetry.Sources{
		Listeners: func(yield func(telemetry.Listener) bool) {
			g.mu.Lock()
			defer g.mu.Unlock()
			for _, s := range g.sockets {
				if !yield(telemetry.Listener{Name: s.socket.Addr().String(), Active: int64(s.socket.Active()), Accepted: s.socket.Accepted()}) {
					return
				}
			}
		},
		Refusals: g.stats.Refusals(),
		Certificates: func(yield func(string, time.Time) bool) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.compiler.Certificates()(yield)
		},
		Backends: func(yield func(telemetry.Backend) bool) {
			for _, b := range g.registry.Backends() {
				s := b.Stats()
				if !yield(telemetry.Backend{
					Name: b.Name(), Requests: int64(s.Requests), ConnectFailures: int64(s.ConnectFailures),
					StaleRetries: int64(s.RetriedStale), RequestsActive: int64(s.Active),
					ConnectionsActive: int64(s.Pool.Active), ConnectionsIdle: int64(s.Pool.Idle),
				}) {
					return
				}
			}
		},
		Panics:    g.stats.Panics.Load,
		AccessLog: g.options.AccessLog,
	}
}
