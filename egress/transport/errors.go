package transport

import (
	"errors"
	"io"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

func protocolError(reason string) *exchange.Error {
	return &exchange.Error{
		Kind: exchange.KindUpstreamProtocol, Source: exchange.SourceUpstream, Reason: reason,
	}
}

var (
	errBodyMissing  = &exchange.Error{Kind: exchange.KindInternal, Reason: "request_body_missing"}
	errBodyUnframed = &exchange.Error{Kind: exchange.KindInternal, Reason: "request_body_unframed"}
	errRelayPanic   = &exchange.Error{Kind: exchange.KindInternal, Reason: "request_body_panic"}
	errBodyTooLong  = &exchange.Error{Kind: exchange.KindInternal, Reason: "request_body_too_long"}
	// errExpired is a connection whose timer ran out in the moment its last call ended.
	errExpired = &exchange.Error{
		Kind: exchange.KindUpstreamReset, Source: exchange.SourceUs,
		Retry: exchange.RetryYes, Reason: "connection_expired",
	}
	errClientGone = &exchange.Error{
		Kind: exchange.KindClientGone, Source: exchange.SourceClient, Reason: "downstream_remote_disconnect",
	}
	errInformational = protocolError("informational_too_many")
	errSwitchUnasked = protocolError("upgrade_not_asked")
	errBodyTruncated = &exchange.Error{
		Kind: exchange.KindUpstreamReset, Source: exchange.SourceUpstream, Reason: "body_truncated",
	}
	errNotUpgraded = &exchange.Error{Kind: exchange.KindInternal, Reason: "tunnel_without_upgrade"}
)

// noAnswer is the error for a connection that gave no byte of an answer.
func (c *Call) noAnswer(err error, nothingSent bool) *exchange.Error {
	e := c.ioError(err, "reset_before_head")
	switch {
	case e.Kind != exchange.KindUpstreamReset:
	case nothingSent:
		e.Retry = exchange.RetryYes
	case c.conn.Served() > 0:
		e.Retry = exchange.RetryIfReused
	}
	return e
}

// ioError is the error for a failed read or write.
func (c *Call) ioError(err error, reason string) *exchange.Error {
	if c.conn.timer.Fired() {
		return &exchange.Error{
			Kind: exchange.KindUpstreamTimeout, Source: exchange.SourceUpstream,
			Reason: "upstream_idle_timeout", Cause: err,
		}
	}
	return &exchange.Error{
		Kind: exchange.KindUpstreamReset, Source: exchange.SourceUpstream, Reason: reason, Cause: err,
	}
}

// clientFault is the error for a request body that broke off.
func clientFault(err error) *exchange.Error {
	if e, ok := errors.AsType[*exchange.Error](err); ok {
		return e
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &exchange.Error{
		Kind: exchange.KindClientGone, Source: exchange.SourceClient,
		Reason: "request_body_truncated", Cause: err,
	}
}
