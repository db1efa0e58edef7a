package wire

import "github.com/fairlead-mesh/fairlead/gateway/exchange"

// keptTrailerMemory is how much memory a reader keeps from one body to the next.
const keptTrailerMemory = 1 << 10

// trailerSection collects and reads the trailer section of a chunked body.
type trailerSection struct {
	scan    HeadScanner
	started bool
	bytes   []byte
	fields  exchange.Fields
	dropped int
}

func (t *trailerSection) reset() {
	if cap(t.bytes) > keptTrailerMemory {
		t.bytes = nil
	}
	t.bytes = t.bytes[:0]
	t.fields.Reset()
	t.started, t.dropped = false, 0
}

// take reads on in the section and reports whether it has ended. The scanner, used
// as if the section were a head after its first line, finds the end and refuses
// early; bytes past the end are not taken.
func (t *trailerSection) take(in []byte, rules *Rules) (n int, done bool, r reason) {
	if !t.started {
		t.started = true
		t.scan = HeadScanner{lines: 1, trailer: true, limits: &rules.Limits}
	}
	held := len(t.bytes)
	if held == 0 && len(in) >= 2 && in[0] == '\r' && in[1] == '\n' {
		return 2, true, noReason // the usual case: no trailers
	}
	// One byte beyond the limit is enough for the scanner to say so.
	in = in[:min(len(in), rules.Trailers+1-min(held, rules.Trailers))]
	t.bytes = append(t.bytes, in...)
	end, r := t.scan.scan(t.bytes)
	if r != noReason {
		return 0, false, r
	}
	if end == 0 {
		return len(in), false, noReason
	}
	t.bytes = t.bytes[:end]
	return end - held, true, t.parse(rules)
}

func (t *trailerSection) parse(rules *Rules) reason {
	p := fieldParser{rules: rules}
	at := 0
	for at+2 < len(t.bytes) {
		field, next, r := p.line(t.bytes, at)
		if r != noReason {
			return r
		}
		if mayTrail(&field) {
			t.fields.Append(field)
		} else {
			t.dropped++
		}
		at = next
	}
	return noReason
}

// forbiddenTrailers are the known fields that must not come after the content: those
// of framing, routing, identity, control and processing (RFC 9110 §6.5.1), and those
// of one hop.
var forbiddenTrailers = hopByHop | protectedFields&^setOf(exchange.FieldGRPCStatus) | setOf(
	exchange.FieldTrailer, exchange.FieldAccept, exchange.FieldAcceptEncoding,
	exchange.FieldDate, exchange.FieldMaxForwards, exchange.FieldRange,
	exchange.FieldReferer, exchange.FieldSecWebSocketKey, exchange.FieldServer,
	exchange.FieldUserAgent, exchange.FieldXEnvoyUpstreamServiceTime,
)

// forbiddenPrefixes and forbiddenNames are the others, in lower case.
var (
	forbiddenPrefixes = [...]string{
		"content-", "x-forwarded-", "x-envoy-", "x-b3-", "proxy-", "if-", "sec-",
		"access-control-", "accept-",
	}
	forbiddenNames = [...]string{
		"age", "allow", "alt-svc", "authentication-info", "early-data", "etag",
		"expires", "last-modified", "pragma", "retry-after", "strict-transport-security",
		"tracestate", "vary", "warning", "www-authenticate", "x-http-method-override",
		"x-original-url", "x-rewrite-url",
	}
)

// mayTrail reports whether a trailer field is passed on. ETag and others that the RFC
// allows are not: no one misses them, and a recipient that merges trailers into the
// head must find nothing there that matters to it.
func mayTrail(f *exchange.Field) bool {
	if f.ID != exchange.FieldOther {
		return !forbiddenTrailers.has(f.ID)
	}
	for _, prefix := range forbiddenPrefixes {
		if prefixFold(f.Name, prefix) {
			return false
		}
	}
	for _, name := range forbiddenNames {
		if equalFold(f.Name, name) {
			return false
		}
	}
	return true
}
