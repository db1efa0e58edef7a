package wire

import "github.com/fairlead-mesh/fairlead/gateway/exchange"

// ParseResponse reads a response's head, RFC 9112 §4 and §5, as HeadScanner
// delimited it, to a request with this method. It fills h: version, status, reason,
// fields, framing, KeepAlive, and Upgrade for a 101.
//
// Origins are held to the grammar as clients are; every error is a
// KindUpstreamProtocol, answered 502. Lenient on three things that are common and
// that no parser reads otherwise: a missing reason phrase, the missing space before
// it, and "Content-Length: 0" with a 204.
func ParseResponse(
	h *exchange.Head, head []byte, method exchange.Method, rules *Rules,
) *exchange.Error {
	return parseResponse(h, head, method, rules).from(exchange.SourceUpstream)
}

func parseResponse(
	h *exchange.Head, head []byte, method exchange.Method, rules *Rules,
) reason {
	h.Reset()
	if len(head) > rules.Head {
		return headTooLarge
	}
	n, r := statusLine(h, head, rules)
	if r != noReason {
		return r
	}
	p := fieldParser{rules: rules}
	if r := p.parse(&h.Fields, head[n:]); r != noReason {
		return r
	}
	if r := declaredFraming(h, &p.seen); r != noReason {
		return r
	}
	if r := applyConnection(h, &p.seen, rules); r != noReason {
		return r
	}
	if h.Status == 101 && len(h.Upgrade) == 0 {
		return upgradeMalformed
	}
	if h.Status != 101 {
		h.Upgrade = nil // "Upgrade" elsewhere is only an advertisement
	}
	return responseFraming(h, method)
}

// statusLine reads "HTTP/1.1 SP 200 SP reason CRLF" and returns its length.
func statusLine(h *exchange.Head, b []byte, rules *Rules) (int, reason) {
	end, r := lineEnd(b, 0)
	if r != noReason {
		return 0, r
	}
	if end > rules.StartLine {
		return 0, statusLineTooLong
	}
	line := b[:end]
	if len(line) < 12 || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return 0, statusLineMalformed
	}
	if h.Version, r = version(line[:8]); r != noReason {
		return 0, r
	}
	for _, c := range line[9:12] {
		if !isDigit(c) {
			return 0, statusLineMalformed
		}
		h.Status = h.Status*10 + int(c-'0')
	}
	if h.Status < 100 || h.Status > 599 {
		return 0, statusOutOfRange
	}
	if len(line) > 13 {
		h.Reason = line[13:]
	}
	return end + 2, noReason
}
