package wire

import "github.com/fairlead-mesh/fairlead/gateway/exchange"

// declaredFraming reads what Content-Length and Transfer-Encoding say, RFC 9112
// §6.3, stricter: both together, either one repeated (identical values too), a list,
// or any coding but one "chunked" are refused.
func declaredFraming(h *exchange.Head, seen *seenFields) reason {
	h.Framing, h.ContentLength = exchange.FramingNone, -1
	hasLength := seen.once.has(exchange.FieldContentLength)
	hasCoding := seen.once.has(exchange.FieldTransferEncoding)
	switch {
	case !hasLength && !hasCoding:
		return noReason
	case hasLength && hasCoding:
		return contentLengthAndTransferEncoding
	case hasLength:
		return lengthFraming(h, seen)
	case seen.twice.has(exchange.FieldTransferEncoding):
		return transferEncodingRepeated
	case h.Version != exchange.HTTP11:
		return transferEncodingHTTP10
	}
	value, _ := h.Fields.Get(exchange.FieldTransferEncoding)
	if !equalFold(value, "chunked") {
		return transferEncodingUnsupported
	}
	h.Framing = exchange.FramingChunked
	return noReason
}

func lengthFraming(h *exchange.Head, seen *seenFields) reason {
	if seen.twice.has(exchange.FieldContentLength) {
		return contentLengthRepeated
	}
	value, _ := h.Fields.Get(exchange.FieldContentLength)
	n, ok := parseDecimal(value)
	if !ok {
		return contentLengthMalformed
	}
	h.Framing, h.ContentLength = exchange.FramingLength, n
	return noReason
}

// responseFraming applies RFC 9112 §6.3 to what a response's fields declared, given
// the method it answers.
func responseFraming(h *exchange.Head, method exchange.Method) reason {
	switch {
	case h.Status < 200:
		if h.Framing != exchange.FramingNone {
			return framingForbidden
		}
		return noReason
	case h.Status == 204:
		// "Content-Length: 0" is forbidden here but common and harmless.
		if h.Framing == exchange.FramingChunked || h.ContentLength > 0 {
			return framingForbidden
		}
		h.Framing, h.ContentLength = exchange.FramingNone, -1
		return noReason
	case h.Status == 304, method == exchange.MethodHead:
		h.Framing = exchange.FramingNone
		return noReason
	case method == exchange.MethodConnect && h.Status < 300:
		if h.Framing != exchange.FramingNone {
			return framingForbidden
		}
		return noReason
	case h.Framing == exchange.FramingNone:
		h.Framing = exchange.FramingClose
		h.KeepAlive = false
	}
	return noReason
}
