package exchange

// Kind is what went wrong on the request path. Each kind has one HTTP status, one
// gRPC code and one response flag: the table below is the only place that says so.
type Kind uint8

// Kinds of failure. Flags are Envoy's, which users alert on.
const (
	KindInternal           Kind = iota
	KindBadRequest              // the client's message breaks the grammar or a limit
	KindRequestTimeout          // the client was too slow with its request
	KindClientGone              // the client closed or reset while being served
	KindNoRoute                 // no route matches
	KindMisdirected             // the authority belongs to another connection
	KindNoBackend               // the route names a backend that does not exist
	KindInvalidRoute            // the route's backend is refused by its API
	KindNoHealthyEndpoint       // the backend has no endpoint to send to
	KindConnectFailure          // no connection could be made
	KindConnectTimeout          // none was made in time
	KindUpstreamReset           // the endpoint closed or reset before a full head
	KindUpstreamProtocol        // the endpoint's message breaks the grammar or a limit
	KindUpstreamTimeout         // no answer within the time allowed
	KindOverflow                // a circuit breaker is open
	KindOverload                // the data plane protects itself
	KindRateLimited             // a rate limit refused
	KindDenied                  // an authorization policy refused
	KindUnauthenticated         // no valid credentials
	KindPolicyUnavailable       // a policy cannot be enforced: fail closed
	KindRefusedMethod           // TRACE, CONNECT and the like
	KindExpectationFailed       // an Expect other than 100-continue
	KindUnsupportedVersion      // an HTTP version we do not speak
	KindStreamIdle              // nothing moved for too long
	kindCount
)

// Source is where the fault lies.
type Source uint8

// Sources of failure.
const (
	SourceUs Source = iota
	SourceClient
	SourceUpstream
)

// Retry says whether the request may be sent again.
type Retry uint8

// Retry verdicts. The request's method is judged apart.
const (
	RetryNo       Retry = iota
	RetryYes            // the endpoint cannot have acted on it
	RetryIfReused       // only because the connection was an old one that may have been closing
)

type kindRow struct {
	name   string
	status int
	grpc   int // google.rpc.Code
	flag   string
}

// Codes of gRPC (google.rpc.Code), those that are used.
const (
	grpcCancelled         = 1
	grpcUnknown           = 2
	grpcInvalidArgument   = 3
	grpcDeadlineExceeded  = 4
	grpcPermissionDenied  = 7
	grpcResourceExhausted = 8
	grpcUnimplemented     = 12
	grpcInternal          = 13
	grpcUnavailable       = 14
	grpcUnauthenticated   = 16
)

var kinds = [kindCount]kindRow{
	KindInternal:           {"internal", 500, grpcInternal, "-"},
	KindBadRequest:         {"bad_request", 400, grpcInvalidArgument, "DPE"},
	KindRequestTimeout:     {"request_timeout", 408, grpcDeadlineExceeded, "SI"},
	KindClientGone:         {"client_gone", 0, grpcCancelled, "DC"},
	KindNoRoute:            {"no_route", 404, grpcUnimplemented, "NR"},
	KindMisdirected:        {"misdirected", 421, grpcUnavailable, "NR"},
	KindNoBackend:          {"no_backend", 503, grpcUnavailable, "NC"},
	KindInvalidRoute:       {"invalid_route", 500, grpcUnavailable, "NC"},
	KindNoHealthyEndpoint:  {"no_healthy_endpoint", 503, grpcUnavailable, "UH"},
	KindConnectFailure:     {"connect_failure", 503, grpcUnavailable, "UF"},
	KindConnectTimeout:     {"connect_timeout", 503, grpcUnavailable, "UF"},
	KindUpstreamReset:      {"upstream_reset", 503, grpcUnavailable, "UC"},
	KindUpstreamProtocol:   {"upstream_protocol", 502, grpcUnavailable, "UPE"},
	KindUpstreamTimeout:    {"upstream_timeout", 504, grpcDeadlineExceeded, "UT"},
	KindOverflow:           {"overflow", 503, grpcUnavailable, "UO"},
	KindOverload:           {"overload", 503, grpcUnavailable, "OM"},
	KindRateLimited:        {"rate_limited", 429, grpcUnavailable, "RL"},
	KindDenied:             {"denied", 403, grpcPermissionDenied, "-"},
	KindUnauthenticated:    {"unauthenticated", 401, grpcUnauthenticated, "-"},
	KindPolicyUnavailable:  {"policy_unavailable", 503, grpcUnavailable, "UAEX"},
	KindRefusedMethod:      {"refused_method", 405, grpcUnimplemented, "DPE"},
	KindExpectationFailed:  {"expectation_failed", 417, grpcUnknown, "DPE"},
	KindUnsupportedVersion: {"unsupported_version", 505, grpcUnimplemented, "DPE"},
	KindStreamIdle:         {"stream_idle", 408, grpcDeadlineExceeded, "SI"},
}

// String returns the kind's name as metrics write it.
func (k Kind) String() string {
	if k < kindCount {
		return kinds[k].name
	}
	return "unknown"
}

// Error is the one error of the data plane: decided where it happens, turned into
// an answer in one place.
type Error struct {
	Kind   Kind
	Source Source
	Retry  Retry
	// Status overrides the kind's HTTP status if it is not 0.
	Status int
	// Reason is a fixed snake_case word for counters and logs, such as
	// "content_length_repeated". It never holds bytes from outside.
	Reason string
	// Cause is the underlying error, for debug logs; it may be nil.
	Cause error
}

// Error implements error: "bad_request: content_length_repeated".
func (e *Error) Error() string {
	s := e.Kind.String()
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// HTTPStatus returns the status to answer with; 0 if no answer can be sent.
func (e *Error) HTTPStatus() int {
	if e.Status != 0 {
		return e.Status
	}
	return kinds[e.Kind].status
}

// GRPCCode returns the google.rpc.Code to answer gRPC calls with.
func (e *Error) GRPCCode() int { return kinds[e.Kind].grpc }

// Flag returns the response flag of access logs and metrics, "-" for none.
func (e *Error) Flag() string { return kinds[e.Kind].flag }
