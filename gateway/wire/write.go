package wire

import (
	"bytes"
	"strconv"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// ownedFields are those that only the writers write, from the head's facts: whatever
// a field list holds of them is passed over.
var ownedFields = hopByHop | setOf(exchange.FieldHost, exchange.FieldContentLength)

// RequestOptions are what the transport adds to a request.
type RequestOptions struct {
	// Close asks the origin to close the connection after its response.
	Close bool
	// AcceptTrailers writes "TE: trailers", which gRPC needs.
	AcceptTrailers bool
}

// AppendRequestHead appends the head of a request to an origin: the method of h, the
// target in origin form (or "*") and the authority of to, framing and upgrade of h,
// then h's other fields as they are. It always writes HTTP/1.1.
//
// It refuses anything outside the grammar (KindInternal, reasons emit_*): then dst is
// returned as it was.
func AppendRequestHead(
	dst []byte, h *exchange.Head, to *exchange.Forward, opt RequestOptions,
) ([]byte, *exchange.Error) {
	method := h.MethodToken
	if h.Method == exchange.MethodOther && (len(method) == 0 || !allIn(method, classToken)) {
		return dst, emitMethod.from(exchange.SourceUs)
	}
	if !emittableTarget(h, to) {
		return dst, emitTarget.from(exchange.SourceUs)
	}
	if _, ok := ParseAuthority(to.Authority); !ok {
		return dst, emitAuthority.from(exchange.SourceUs)
	}
	if !allIn(h.Upgrade, classToken) {
		return dst, emitFieldValue.from(exchange.SourceUs)
	}
	b := dst
	if h.Method != exchange.MethodOther {
		b = append(b, h.Method.String()...)
	} else {
		b = append(b, method...)
	}
	b = append(b, ' ')
	b = append(b, to.Path...)
	if to.HasQuery {
		b = append(b, '?')
		b = append(b, to.Query...)
	}
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, to.Authority...)
	b = append(b, "\r\n"...)
	b, r := appendRequestFraming(b, h)
	if r == noReason {
		b = appendConnection(b, opt, h.Upgrade)
		b, r = appendFields(b, &h.Fields)
	}
	if r != noReason {
		return dst, r.from(exchange.SourceUs)
	}
	return append(b, "\r\n"...), nil
}

func emittableTarget(h *exchange.Head, to *exchange.Forward) bool {
	if len(to.Path) == 0 || !cleanTarget(to.Query) {
		return false
	}
	if to.Path[0] == '*' {
		return len(to.Path) == 1 && h.Method == exchange.MethodOptions && !to.HasQuery
	}
	if to.Path[0] != '/' || !cleanTarget(to.Path) {
		return false
	}
	return bytes.IndexByte(to.Path, '?') < 0
}

func appendRequestFraming(b []byte, h *exchange.Head) ([]byte, reason) {
	switch h.Framing {
	case exchange.FramingNone:
		return b, noReason
	case exchange.FramingLength:
		return appendLength(b, h.ContentLength)
	case exchange.FramingChunked:
		return append(b, "Transfer-Encoding: chunked\r\n"...), noReason
	case exchange.FramingStream:
		if h.ContentLength >= 0 {
			return appendLength(b, h.ContentLength)
		}
		return append(b, "Transfer-Encoding: chunked\r\n"...), noReason
	default: // only a response ends with its connection
		return b, emitFraming
	}
}

func appendLength(b []byte, n int64) ([]byte, reason) {
	if n < 0 {
		return b, emitFraming
	}
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, n, 10)
	return append(b, "\r\n"...), noReason
}

// appendConnection writes the request's Connection field and what it names.
func appendConnection(b []byte, opt RequestOptions, upgrade []byte) []byte {
	if len(upgrade) > 0 {
		b = append(b, "Connection: upgrade\r\nUpgrade: "...)
		b = append(b, upgrade...)
		return append(b, "\r\n"...)
	}
	switch {
	case opt.Close && opt.AcceptTrailers:
		return append(b, "Connection: close, te\r\nTE: trailers\r\n"...)
	case opt.AcceptTrailers:
		return append(b, "Connection: te\r\nTE: trailers\r\n"...)
	case opt.Close:
		return append(b, "Connection: close\r\n"...)
	}
	return b
}

// appendFields appends all fields but the owned ones.
func appendFields(b []byte, fields *exchange.Fields) ([]byte, reason) {
	for i := range fields.All() {
		f := &fields.All()[i]
		if ownedFields.has(f.ID) {
			continue
		}
		if len(f.Name) == 0 || !allIn(f.Name, classToken) {
			return b, emitFieldName
		}
		if !cleanValue(f.Value) {
			return b, emitFieldValue
		}
		b = append(b, f.Name...)
		b = append(b, ": "...)
		b = append(b, f.Value...)
		b = append(b, "\r\n"...)
	}
	return b, noReason
}

// AppendField appends one field line, or refuses it.
func AppendField(dst, name, value []byte) ([]byte, *exchange.Error) {
	if len(name) == 0 || !allIn(name, classToken) {
		return dst, emitFieldName.from(exchange.SourceUs)
	}
	if !cleanValue(value) {
		return dst, emitFieldValue.from(exchange.SourceUs)
	}
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...), nil
}

// AppendChunkHeader appends the line before a chunk of n > 0 bytes. The chunk is
// followed by AppendChunkEnd.
func AppendChunkHeader(dst []byte, n int) []byte {
	dst = strconv.AppendUint(dst, uint64(n), 16)
	return append(dst, "\r\n"...)
}

// AppendChunkEnd appends the CRLF after a chunk's bytes.
func AppendChunkEnd(dst []byte) []byte { return append(dst, "\r\n"...) }

// AppendLastChunk appends the end of a chunked body: the last chunk, the trailer
// fields that may be sent as such (trailers may be nil), the empty line. Others, and
// any outside the grammar, are left out: the head is long gone, and a body cannot be
// refused any more.
func AppendLastChunk(dst []byte, trailers *exchange.Fields) []byte {
	dst = append(dst, "0\r\n"...)
	if trailers != nil {
		for i := range trailers.All() {
			f := &trailers.All()[i]
			if mayTrail(f) {
				dst, _ = AppendField(dst, f.Name, f.Value)
			}
		}
	}
	return append(dst, "\r\n"...)
}

// AppendVia appends the value of a Via field: what earlier hops wrote, if anything,
// and our own hop "1.1 name" (RFC 9110 §7.6.3). name is a pseudonym, a token.
func AppendVia(dst, earlier []byte, received exchange.Version, name string) []byte {
	if len(earlier) > 0 {
		dst = append(dst, earlier...)
		dst = append(dst, ", "...)
	}
	switch received {
	case exchange.HTTP10:
		dst = append(dst, "1.0 "...)
	case exchange.HTTP2:
		dst = append(dst, "2 "...)
	case exchange.HTTP3:
		dst = append(dst, "3 "...)
	default:
		dst = append(dst, "1.1 "...)
	}
	return append(dst, name...)
}
