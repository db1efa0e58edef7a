package transport

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// DefaultConnectTimeout bounds the making of a connection.
const DefaultConnectTimeout = 10 * time.Second

// Dial makes a TCP connection to an origin within timeout (0: the default). Errors are
// KindConnectTimeout and KindConnectFailure; the request was not sent.
func Dial(to netip.AddrPort, timeout time.Duration) (net.Conn, *exchange.Error) {
	if timeout <= 0 {
		timeout = DefaultConnectTimeout
	}
	var dialer net.Dialer
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	conn, err := dialer.DialTCP(ctx, "tcp", netip.AddrPort{}, to)
	if err == nil {
		return conn, nil
	}
	e := &exchange.Error{
		Kind: exchange.KindConnectFailure, Source: exchange.SourceUpstream,
		Retry: exchange.RetryYes, Reason: "connect_failure", Cause: err,
	}
	if timedOut(err) {
		e.Kind, e.Reason = exchange.KindConnectTimeout, "connect_timeout"
	}
	return nil, e
}

func timedOut(err error) bool {
	t, ok := err.(interface{ Timeout() bool })
	return ok && t.Timeout()
}
