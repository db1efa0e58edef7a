package wire

import "github.com/fairlead-mesh/fairlead/gateway/exchange"

// ResponseOptions are what the listener knows of the client.
type ResponseOptions struct {
	// Version is the client's: HTTP/1.0 gets no chunked coding and is told when the
	// connection stays open.
	Version exchange.Version
	// Close says that the connection is closed after this response.
	Close bool
}

// AppendResponseHead appends the head of a response to a client: status line, the
// framing and upgrade of h, then h's other fields. h.Framing says how the body will
// be sent: FramingLength, FramingChunked (HTTP/1.1 only), FramingClose, or
// FramingNone. With FramingNone a known ContentLength is still written where it tells
// of a body that is not sent (HEAD, 304).
//
// It refuses anything outside the grammar (KindInternal, reasons emit_*), and
// framings that the client could not read: then dst is returned as it was.
func AppendResponseHead(
	dst []byte, h *exchange.Head, opt ResponseOptions,
) ([]byte, *exchange.Error) {
	if h.Status < minStatus || h.Status > maxStatus {
		return dst, emitStatus.from(exchange.SourceUs)
	}
	b := append(dst, statusLines[h.Status-minStatus]...)
	var r reason
	if h.Status < 200 {
		b, r = appendInterim(b, h)
	} else {
		b, r = appendResponseFraming(b, h, opt)
	}
	if r == noReason {
		b, r = appendFields(b, &h.Fields)
	}
	if r != noReason {
		return dst, r.from(exchange.SourceUs)
	}
	return append(b, "\r\n"...), nil
}

// appendInterim writes what a 1xx has instead of framing: for a 101, the protocol.
func appendInterim(b []byte, h *exchange.Head) ([]byte, reason) {
	if h.Framing != exchange.FramingNone {
		return b, emitFraming
	}
	if h.Status != 101 {
		return b, noReason
	}
	if len(h.Upgrade) == 0 || !allIn(h.Upgrade, classToken) {
		return b, emitFraming
	}
	b = append(b, "Connection: upgrade\r\nUpgrade: "...)
	b = append(b, h.Upgrade...)
	return append(b, "\r\n"...), noReason
}

func appendResponseFraming(b []byte, h *exchange.Head, opt ResponseOptions) ([]byte, reason) {
	r := noReason
	bodyless := h.Status == 204 || h.Status == 304
	switch h.Framing {
	case exchange.FramingNone:
		if h.ContentLength >= 0 && h.Status != 204 {
			b, r = appendLength(b, h.ContentLength)
		}
	case exchange.FramingLength:
		if bodyless {
			return b, emitFraming
		}
		b, r = appendLength(b, h.ContentLength)
	case exchange.FramingChunked:
		if bodyless || opt.Version != exchange.HTTP11 {
			return b, emitFraming
		}
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	case exchange.FramingClose:
		if bodyless {
			return b, emitFraming
		}
		opt.Close = true
	default:
		return b, emitFraming
	}
	switch {
	case opt.Close:
		b = append(b, "Connection: close\r\n"...)
	case opt.Version == exchange.HTTP10:
		b = append(b, "Connection: keep-alive\r\n"...)
	}
	return b, r
}
