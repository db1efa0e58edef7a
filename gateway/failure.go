package gateway

import "github.com/fairlead-mesh/fairlead/gateway/exchange"

// failures are the bodies of our own answers. Users' scripts and tests look for Envoy's
// words, so where Envoy has some they are these.
var failures = map[exchange.Kind][]byte{
	exchange.KindInternal:           []byte("internal error\n"),
	exchange.KindNoHealthyEndpoint:  []byte("no healthy upstream"),
	exchange.KindConnectFailure:     []byte("upstream connect error or disconnect/reset before headers. reset reason: connection failure"),
	exchange.KindConnectTimeout:     []byte("upstream connect error or disconnect/reset before headers. reset reason: connection timeout"),
	exchange.KindUpstreamReset:      []byte("upstream connect error or disconnect/reset before headers. reset reason: connection termination"),
	exchange.KindUpstreamProtocol:   []byte("upstream connect error or disconnect/reset before headers. reset reason: protocol error"),
	exchange.KindOverflow:           []byte("upstream connect error or disconnect/reset before headers. reset reason: overflow"),
	exchange.KindUpstreamTimeout:    []byte("upstream request timeout"),
	exchange.KindDenied:             []byte("RBAC: access denied"),
	exchange.KindInvalidRoute:       []byte("the backend of this route is not valid\n"),
	exchange.KindPolicyUnavailable:  []byte("a policy of this route cannot be enforced\n"),
	exchange.KindRequestTimeout:     []byte("request timeout\n"),
	exchange.KindMisdirected:        []byte("misdirected request\n"),
	exchange.KindRefusedMethod:      []byte("method not allowed\n"),
	exchange.KindUnsupportedVersion: []byte("http version not supported\n"),
}

var plainText = []byte("text/plain")

// fail makes the response the answer to a failure.
func fail(ex *exchange.Exchange, err *exchange.Error) {
	ex.Failure = err
	ex.Respond(err.HTTPStatus(), plainText, failures[err.Kind])
}

var (
	errNoRoute  = &exchange.Error{Kind: exchange.KindNoRoute, Source: exchange.SourceClient, Reason: "route_not_found"}
	errNoTarget = &exchange.Error{Kind: exchange.KindInvalidRoute, Source: exchange.SourceUs, Reason: "no_backend_with_weight"}
	errAborted  = &exchange.Error{Kind: exchange.KindInternal, Source: exchange.SourceUs, Reason: "filter_reset"}
	errGone     = &exchange.Error{Kind: exchange.KindClientGone, Source: exchange.SourceClient, Reason: "downstream_remote_disconnect"}
)
