package wire

import (
	"bytes"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// maxMethod is the longest method; registered ones have at most 18 bytes
// (UPDATEREDIRECTREF is the longest).
const maxMethod = 32

// ParseRequest reads a request's head, RFC 9112 §3 and §5, as HeadScanner delimited
// it: from the request line (or the one empty line before it) to the empty line at
// its end. It fills h: version, method, target as received, fields, framing,
// KeepAlive, ExpectContinue, Upgrade.
//
// The target's parts and the host are ParseTarget's. TRACE, TRACK and CONNECT are
// refused (405), as is a registered method in other case than its own: an origin
// that is lax about case would see a method that policies did not.
func ParseRequest(h *exchange.Head, head []byte, rules *Rules) *exchange.Error {
	return parseRequest(h, head, rules).from(exchange.SourceClient)
}

func parseRequest(h *exchange.Head, head []byte, rules *Rules) reason {
	h.Reset()
	if len(head) > rules.Head {
		return headTooLarge
	}
	if len(head) > 1 && head[0] == '\r' && head[1] == '\n' {
		head = head[2:]
	}
	n, r := requestLine(h, head, rules)
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
	if p.seen.twice.has(exchange.FieldHost) {
		return hostRepeated
	}
	if r := applyConnection(h, &p.seen, rules); r != noReason {
		return r
	}
	hasBody := h.Framing == exchange.FramingChunked || h.ContentLength > 0
	if len(h.Upgrade) > 0 && hasBody {
		return upgradeWithBody
	}
	if p.seen.once.has(exchange.FieldExpect) {
		return expectation(h, &p.seen, hasBody)
	}
	return noReason
}

// expectation reads Expect, RFC 9110 §10.1.1: 100-continue is the only one there
// is; it means nothing in HTTP/1.0 or without content.
func expectation(h *exchange.Head, seen *seenFields, hasBody bool) reason {
	value, _ := h.Fields.Get(exchange.FieldExpect)
	if seen.twice.has(exchange.FieldExpect) || !equalFold(value, "100-continue") {
		return expectationUnknown
	}
	h.ExpectContinue = hasBody && h.Version == exchange.HTTP11
	return noReason
}

// requestLine reads "METHOD SP target SP HTTP/1.1 CRLF" and returns its length.
func requestLine(h *exchange.Head, b []byte, rules *Rules) (int, reason) {
	m := tokenLength(b[:min(len(b), maxMethod+1)])
	if m == 0 || m > maxMethod || m == len(b) || b[m] != ' ' {
		return 0, badMethod(b, m)
	}
	end, r := lineEnd(b, m+1)
	if r != noReason {
		return 0, r
	}
	if end > rules.StartLine {
		return 0, targetTooLong
	}
	rest := b[m+1 : end]
	sp := bytes.IndexByte(rest, ' ')
	switch {
	case sp < 0:
		return 0, versionMissing // HTTP/0.9
	case sp == 0:
		return 0, requestLineMalformed
	}
	h.MethodToken = b[:m:m]
	h.Target = rest[:sp:sp]
	if h.Version, r = version(rest[sp+1:]); r != noReason {
		if r == versionUnsupported && string(b[:end]) == "PRI * HTTP/2.0" {
			r = http2Preface
		}
		return 0, r
	}
	h.Method = exchange.LookupMethod(h.MethodToken)
	return end + 2, judgeMethod(h)
}

// badMethod says why a line does not begin with a method and a space.
func badMethod(b []byte, m int) reason {
	if m == len(b) {
		return headTruncated
	}
	if m <= maxMethod && (b[m] < ' ' || b[m] == 0x7f) {
		_, r := lineEnd(b, m)
		if r != noReason {
			return r
		}
		if m > 0 && b[m] == '\r' {
			return requestLineMalformed
		}
	}
	return methodInvalid
}

// version reads HTTP-version, RFC 9112 §2.3.
func version(b []byte) (exchange.Version, reason) {
	switch string(b) {
	case "HTTP/1.1":
		return exchange.HTTP11, noReason
	case "HTTP/1.0":
		return exchange.HTTP10, noReason
	}
	if len(b) == 8 && string(b[:5]) == "HTTP/" && isDigit(b[5]) && b[6] == '.' && isDigit(b[7]) {
		return 0, versionUnsupported
	}
	if bytes.IndexByte(b, ' ') >= 0 {
		return 0, requestLineMalformed
	}
	return 0, versionMalformed
}

// registered are the methods whose case variants are refused.
var registered = [...]string{
	"get", "head", "post", "put", "delete", "options", "patch", "trace", "track", "connect",
}

func judgeMethod(h *exchange.Head) reason {
	switch h.Method {
	case exchange.MethodConnect, exchange.MethodTrace:
		return methodRefused
	case exchange.MethodOther:
	default:
		return noReason
	}
	if string(h.MethodToken) == "TRACK" {
		return methodRefused
	}
	for _, name := range registered {
		if equalFold(h.MethodToken, name) {
			return methodInvalid
		}
	}
	return noReason
}
