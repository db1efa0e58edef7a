package exchange

import (
	"sync"
	"time"
)

// SlotCount is the number of scratch slots an Exchange has for filters. Compile
// hands them out; a chain that needs more does not compile.
const SlotCount = 8

// Downstream is the client's side of an Exchange, implemented by the listener's
// codecs.
type Downstream interface {
	// WriteInformational sends a 1xx response other than 101 at once. It does
	// nothing for clients that would not understand it (HTTP/1.0).
	WriteInformational(head *Head) error

	// WriteResponse sends Exchange.Response: its head, its body to the end, its
	// trailers. It returns once all of it is written or the client is gone. An
	// error of the body (the upstream broke off) is turned into an abort that
	// the client can tell from an end.
	WriteResponse(ex *Exchange) error

	// Tunnel gives up the stream for bytes both ways, after WriteResponse sent
	// a 101, or a 2xx to CONNECT.
	Tunnel() (Duplex, error)
}

// Upstream is the endpoint's side of an Exchange, implemented by egress.
type Upstream interface {
	// Tunnel gives up the connection for bytes both ways, after a 101 response.
	Tunnel() (Duplex, error)

	// Release ends the use of the endpoint. If the response was read to its end the
	// connection may serve again, otherwise it is closed. Called exactly once.
	Release(ex *Exchange)
}

// Forward is what the upstream request line will say. It starts out as the
// facts; only the rewriting filters change it.
type Forward struct {
	Path      []byte
	Query     []byte
	HasQuery  bool
	Authority []byte
}

// Times are the moments of an Exchange that logs and metrics need.
type Times struct {
	Start         time.Time // the first byte of the request was read
	UpstreamStart time.Time // the request was handed to egress; zero if it never was
	UpstreamHead  time.Time // the response's head was read
}

// Exchange is the record of one request and its response.
type Exchange struct {
	Facts

	Request  Message
	Response Message
	Forward  Forward

	Downstream Downstream
	// Upstream is the endpoint's side while a response is being relayed; nil if
	// there is none. Who set it, egress, wants it released at the end.
	Upstream Upstream
	Times    Times
	// Wait, if the client's side set it, is told when the exchange waits for the endpoint.
	Wait *Wait

	// MatchedLen is how many bytes of Path the route's path match took: a prefix's
	// length, all of it for exact and regular expressions, 1 if it had none.
	MatchedLen int

	// RouteName, BackendName and EndpointName say where the request went; they
	// belong to the configuration and outlive the Exchange.
	RouteName    string
	BackendName  string
	EndpointName string

	// Failure is why the data plane itself answered, or gave up; nil if it
	// relayed an answer or a filter gave one on purpose.
	Failure *Error

	// RequestID is the value of X-Request-Id that goes upstream and into logs.
	RequestID []byte

	// BytesReceived counts the request's content, BytesSent the response's.
	BytesReceived int64
	BytesSent     int64
	// Attempts counts how often the request was handed to an endpoint.
	Attempts int

	// Answered is true if the response is the data plane's own and not relayed.
	Answered bool

	// Slots are filters' scratch: a filter uses only the numbers Compile gave it.
	Slots [SlotCount]any

	scratch  []byte
	scratch0 [512]byte
	local    BytesBody
}

var pool = sync.Pool{New: func() any {
	ex := new(Exchange)
	ex.scratch = ex.scratch0[:0]
	ex.Request.ContentLength = -1
	ex.Response.ContentLength = -1
	return ex
}}

// Get returns an empty Exchange.
func Get() *Exchange { return pool.Get().(*Exchange) }

// Put empties ex and gives it back. Nothing obtained from it may be used again.
func Put(ex *Exchange) {
	ex.Reset()
	pool.Put(ex)
}

// Reset empties ex for the next request on the same connection. It keeps the
// memory of field lists.
func (ex *Exchange) Reset() {
	ex.Facts = Facts{}
	ex.Request.Head.Reset()
	ex.Request.Body = nil
	ex.ResetResponse()
	ex.Forward = Forward{}
	ex.Downstream, ex.Upstream, ex.Wait = nil, nil, nil
	ex.MatchedLen = 0
	ex.Times = Times{}
	ex.RouteName, ex.BackendName, ex.EndpointName = "", "", ""
	ex.Failure = nil
	ex.RequestID = nil
	ex.BytesReceived, ex.BytesSent, ex.Attempts = 0, 0, 0
	ex.Slots = [SlotCount]any{}
	poison(ex.scratch)
	ex.scratch = ex.scratch0[:0]
}

// ResetResponse forgets the response, before another attempt or a local answer.
func (ex *Exchange) ResetResponse() {
	ex.Response.Head.Reset()
	ex.Response.Body = nil
	ex.Answered = false
}

// Scratch returns n bytes that live as long as the Exchange, for values made
// during the request. It does not allocate for the first 512 bytes.
func (ex *Exchange) Scratch(n int) []byte {
	if cap(ex.scratch)-len(ex.scratch) < n {
		// Views into the old block keep it alive.
		ex.scratch = make([]byte, 0, max(n, 2*cap(ex.scratch)))
	}
	start := len(ex.scratch)
	ex.scratch = ex.scratch[:start+n]
	return ex.scratch[start : start+n : start+n]
}

// Concat copies the parts, one after another, into scratch memory.
func (ex *Exchange) Concat(parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	b := ex.Scratch(n)
	at := 0
	for _, p := range parts {
		at += copy(b[at:], p)
	}
	return b
}

// Respond makes the response a local one. Fields may be added to ex.Response
// afterwards. Neither slice is copied.
func (ex *Exchange) Respond(status int, contentType, body []byte) {
	ex.ResetResponse()
	ex.Answered = true
	ex.Response.Version = HTTP11
	ex.Response.Status = status
	ex.Response.KeepAlive = true
	if status == 204 || status == 304 || status < 200 {
		ex.Response.Framing = FramingNone
		return
	}
	ex.Response.Framing = FramingLength
	ex.Response.ContentLength = int64(len(body))
	if len(body) > 0 {
		ex.local = BytesBody{data: body}
		ex.Response.Body = &ex.local
		if len(contentType) > 0 {
			ex.Response.Fields.Append(Field{
				Name: contentTypeName, Value: contentType, ID: FieldContentType,
			})
		}
	}
}

var contentTypeName = []byte("content-type")
