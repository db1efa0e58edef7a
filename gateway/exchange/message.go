package exchange

// Version is an HTTP version, major and minor digit together.
type Version uint8

// The versions the data plane speaks or tells apart.
const (
	HTTP10 Version = 10
	HTTP11 Version = 11
	HTTP2  Version = 20
	HTTP3  Version = 30
)

// String returns the version as access logs write it: "HTTP/1.1", "HTTP/2".
func (v Version) String() string {
	switch v {
	case HTTP10:
		return "HTTP/1.0"
	case HTTP11:
		return "HTTP/1.1"
	case HTTP2:
		return "HTTP/2"
	case HTTP3:
		return "HTTP/3"
	}
	return "-"
}

// Method numbers the registered methods; any other token is MethodOther and its
// bytes are in Head.MethodToken.
type Method uint8

// Methods of RFC 9110 §9 and RFC 5789.
const (
	MethodOther Method = iota
	MethodGet
	MethodHead
	MethodPost
	MethodPut
	MethodDelete
	MethodConnect
	MethodOptions
	MethodTrace
	MethodPatch
)

var methodNames = [...]string{
	MethodGet: "GET", MethodHead: "HEAD", MethodPost: "POST", MethodPut: "PUT",
	MethodDelete: "DELETE", MethodConnect: "CONNECT", MethodOptions: "OPTIONS",
	MethodTrace: "TRACE", MethodPatch: "PATCH",
}

// LookupMethod returns the number of a method token. Methods are case-sensitive
// (RFC 9110 §9.1).
func LookupMethod(token []byte) Method {
	switch string(token) {
	case "GET":
		return MethodGet
	case "HEAD":
		return MethodHead
	case "POST":
		return MethodPost
	case "PUT":
		return MethodPut
	case "DELETE":
		return MethodDelete
	case "CONNECT":
		return MethodConnect
	case "OPTIONS":
		return MethodOptions
	case "TRACE":
		return MethodTrace
	case "PATCH":
		return MethodPatch
	}
	return MethodOther
}

// String returns the token, or "" for MethodOther.
func (m Method) String() string {
	if int(m) < len(methodNames) {
		return methodNames[m]
	}
	return ""
}

// IsSafe reports whether the method is safe by definition (RFC 9110 §9.2.1).
func (m Method) IsSafe() bool {
	return m == MethodGet || m == MethodHead || m == MethodOptions || m == MethodTrace
}

// IsIdempotent reports whether a request may be sent again when its fate is not
// known (RFC 9110 §9.2.2).
func (m Method) IsIdempotent() bool {
	return m.IsSafe() || m == MethodPut || m == MethodDelete
}

// Framing tells how a message's content is delimited on the wire it came from.
type Framing uint8

// Kinds of framing (RFC 9112 §6.3).
const (
	FramingNone    Framing = iota // no content
	FramingLength                 // Content-Length bytes
	FramingChunked                // chunked transfer coding
	FramingClose                  // until the connection closes; responses only
	FramingStream                 // an HTTP/2 or HTTP/3 stream's own framing
)

// Head is the head of a request or of a response, as parsed. Byte slices are
// views with the Exchange's life.
type Head struct {
	Version Version
	Method  Method
	Framing Framing

	// KeepAlive is true if the sender allows the connection to be used again.
	KeepAlive bool
	// ExpectContinue is true for a request with "Expect: 100-continue".
	ExpectContinue bool
	// AcceptsTrailers is true for a request whose sender takes trailer fields ("TE:
	// trailers", RFC 9110 §10.1.4). gRPC needs it said to the origin.
	AcceptsTrailers bool

	// Status is the response's code, 100 to 599; 0 in a request.
	Status int
	// ContentLength is the declared length in bytes; -1 if there is none.
	ContentLength int64

	MethodToken []byte
	// Target is the request target as received: origin, absolute, authority or
	// asterisk form (RFC 9112 §3.2).
	Target []byte
	// Reason is the response's reason phrase as received.
	Reason []byte
	// Upgrade is the one protocol that the message asks or agrees to switch to
	// and that is allowed here; empty otherwise.
	Upgrade []byte

	Fields Fields
}

// Reset makes the head empty and keeps the memory of its fields.
func (h *Head) Reset() {
	fields := h.Fields
	fields.Reset()
	*h = Head{Fields: fields, ContentLength: -1}
}

// Body is content flowing towards us, read piece by piece and without a copy.
type Body interface {
	// Next returns the next bytes of content. They are valid until the following
	// call. io.EOF comes with or after the last bytes. Next blocks while there
	// is nothing to read: that is the back-pressure.
	Next() ([]byte, error)

	// Trailers returns the trailer section's allowed fields once Next has
	// returned io.EOF; nil if there are none.
	Trailers() *Fields
}

// Message is one direction of an Exchange.
type Message struct {
	Head

	// Body is nil for a message without content.
	Body Body
}
