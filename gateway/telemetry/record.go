package telemetry

import (
	"net/netip"
	"strconv"
	"time"
)

// Record is one request for the access log: plain values, which need to live no longer
// than the call they are passed to. Slices may come from outside and hold any bytes.
type Record struct {
	Start    time.Time
	Duration time.Duration

	Method []byte
	// Path and Query are the target as it was received, before any rewrite.
	Path     []byte
	Query    []byte
	HasQuery bool
	Protocol string // "HTTP/1.1"

	Code  int
	Flags string // response flags; empty for none
	// Details is a fixed word: why the answer is what it is ("via_upstream",
	// "route_not_found", exchange.Error.Reason).
	Details string
	// TransportFailure is a fixed text: why the endpoint could not be reached.
	TransportFailure string

	BytesReceived, BytesSent int64
	// UpstreamTime is from handing the request to egress to the response's head;
	// negative if there was none.
	UpstreamTime time.Duration

	ForwardedFor []byte
	UserAgent    []byte
	RequestID    []byte
	Authority    []byte

	Upstream      string // the endpoint's address
	Backend       string
	UpstreamLocal netip.AddrPort
	Local         netip.AddrPort // where the client connected to
	Peer          netip.AddrPort // where it connected from
	SNI           string
	Route         string
}

// startLayout is %START_TIME% of Envoy's default format.
const startLayout = "2006-01-02T15:04:05.000Z"

// AppendText appends r as a line in Istio's default format, which is, in Envoy's words:
//
//	[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE%
//	%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS%
//	"%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION%
//	%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%"
//	"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW%
//	%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS%
//	%REQUESTED_SERVER_NAME% %ROUTE_NAME%
//
// What is missing is "-". Unlike Envoy it escapes every byte that is not visible ASCII,
// quotes and backslashes too, as \xHH: a line is one line whatever a client sent.
func AppendText(dst []byte, r *Record) []byte {
	dst = append(dst, '[')
	dst = r.Start.UTC().AppendFormat(dst, startLayout)
	dst = append(dst, `] "`...)
	dst = appendWord(dst, r.Method)
	dst = append(dst, ' ')
	dst = appendTarget(dst, r, appendEscaped)
	dst = append(dst, ' ')
	dst = appendWord(dst, r.Protocol)
	dst = append(dst, `" `...)
	dst = strconv.AppendInt(dst, int64(r.Code), 10)
	for _, s := range [...]string{r.Flags, r.Details, ""} { // we do not tell connection terminations apart
		dst = append(dst, ' ')
		dst = appendWord(dst, s)
	}
	dst = appendQuoted(dst, r.TransportFailure)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, r.BytesReceived, 10)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, r.BytesSent, 10)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, r.Duration.Milliseconds(), 10)
	dst = append(dst, ' ')
	if r.UpstreamTime < 0 {
		dst = append(dst, '-')
	} else {
		dst = strconv.AppendInt(dst, r.UpstreamTime.Milliseconds(), 10)
	}
	for _, v := range [...][]byte{r.ForwardedFor, r.UserAgent, r.RequestID, r.Authority} {
		dst = appendQuoted(dst, v)
	}
	dst = appendQuoted(dst, r.Upstream)
	dst = append(dst, ' ')
	dst = appendWord(dst, r.Backend)
	for _, a := range [...]netip.AddrPort{r.UpstreamLocal, r.Local, r.Peer} {
		dst = append(dst, ' ')
		dst = appendAddress(dst, a)
	}
	dst = append(dst, ' ')
	dst = appendWord(dst, r.SNI)
	dst = append(dst, ' ')
	dst = appendWord(dst, r.Route)
	return append(dst, '\n')
}

// appendTarget appends path and query with one of the escapers.
func appendTarget(dst []byte, r *Record, escaped func([]byte, []byte) []byte) []byte {
	if len(r.Path) == 0 {
		return append(dst, '-')
	}
	dst = escaped(dst, r.Path)
	if r.HasQuery {
		dst = append(dst, '?')
		dst = escaped(dst, r.Query)
	}
	return dst
}

func appendAddress(dst []byte, a netip.AddrPort) []byte {
	if !a.IsValid() {
		return append(dst, '-')
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()).AppendTo(dst)
}
