package wire

import (
	"bytes"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// fieldOverhead is what a field counts beyond its bytes, RFC 9113 §6.5.2.
const fieldOverhead = 32

// Reasons that only HTTP/2 and HTTP/3 have. Those it shares with HTTP/1 keep their names.
var (
	errPseudoUnknown  = malformed("pseudo_header_unknown")
	errPseudoRepeated = malformed("pseudo_header_repeated")
	errPseudoLate     = malformed("pseudo_header_late")
	errPseudoMissing  = malformed("pseudo_header_missing")
	errPseudoInvalid  = malformed("pseudo_header_invalid")
	errPseudoTrailer  = malformed("pseudo_header_in_trailers")
	errConnection     = malformed("connection_field")
	errUppercase      = malformed("field_name_uppercase")
	errTE             = malformed("te_invalid")
	errLengthMismatch = malformed("content_length_mismatch")
)

func malformed(reason string) *exchange.Error {
	return &exchange.Error{
		Kind: exchange.KindBadRequest, Source: exchange.SourceClient, Reason: reason,
	}
}

// ErrLengthMismatch is a content-length that the content does not have, RFC 9113 §8.1.1.
var ErrLengthMismatch = errLengthMismatch

// HTTP2Reasons returns the reasons to refuse a request that HTTP/2 adds to Reasons.
func HTTP2Reasons() []string {
	var names []string
	for _, e := range []*exchange.Error{
		errPseudoUnknown, errPseudoRepeated, errPseudoLate, errPseudoMissing, errPseudoInvalid,
		errPseudoTrailer, errConnection, errUppercase, errTE, errLengthMismatch,
	} {
		names = append(names, e.Reason)
	}
	return names
}

// IsMalformed reports whether a request is malformed in the sense of RFC 9113 §8.1.1: a
// stream error and no answer. Others, those over a limit or with a method we do not
// serve, get the answer they would get over HTTP/1.
func IsMalformed(refusal *exchange.Error) bool {
	return refusal.Kind == exchange.KindBadRequest && refusal.Status == 0
}

// HTTP2Head makes a request's head, or a trailer section, of decoded field lines. Its
// zero value is ready for Begin. It copies what it keeps; the copies live until the next
// Begin.
type HTTP2Head struct {
	head     *exchange.Head
	fields   *exchange.Fields
	rules    *Rules
	trailers bool

	mem     []byte
	size    int // as SETTINGS_MAX_HEADER_LIST_SIZE counts
	count   int
	cookies int
	regular bool
	seen    seenFields
	pseudo  [pseudoCount][]byte
	err     *exchange.Error
}

const (
	pseudoMethod = iota
	pseudoScheme
	pseudoPath
	pseudoAuthority
	pseudoCount
)

// keptHeadMemory is how much memory is kept from one request to the next.
const keptHeadMemory = 4 << 10

// Begin starts a request's head.
func (r *HTTP2Head) Begin(h *exchange.Head, rules *Rules) {
	mem := r.mem[:0]
	if cap(mem) > keptHeadMemory {
		mem = nil
	}
	h.Reset()
	*r = HTTP2Head{head: h, fields: &h.Fields, rules: rules, mem: mem}
}

// BeginTrailers starts a trailer section. What Begin's head holds stays valid.
func (r *HTTP2Head) BeginTrailers(fields *exchange.Fields, rules *Rules) {
	*r = HTTP2Head{fields: fields, rules: rules, mem: r.mem, trailers: true}
}

// Size returns the section's size as SETTINGS_MAX_HEADER_LIST_SIZE counts, RFC 9113
// §6.5.2, as far as it was taken.
func (r *HTTP2Head) Size() int { return r.size }

// Field takes the next line. After a refusal it takes and keeps nothing more.
func (r *HTTP2Head) Field(name, value string) {
	if r.err != nil {
		return
	}
	r.size += len(name) + len(value) + fieldOverhead
	r.count++
	maxSize, maxCount := r.rules.Head, r.rules.Fields
	over, many := headTooLarge, fieldTooMany
	if r.trailers {
		maxSize, maxCount = r.rules.Trailers, r.rules.TrailerFields
		over, many = trailersTooLarge, trailersTooMany
	}
	switch {
	case r.size > maxSize:
		r.refuse(over)
	case r.count > maxCount+pseudoCount || r.regular && r.count > maxCount+r.pseudoLines():
		r.refuse(many)
	case len(name) > 0 && name[0] == ':':
		r.err = r.takePseudo(name, value)
	default:
		r.regular = true
		r.err = r.takeField(name, value)
	}
}

func (r *HTTP2Head) pseudoLines() (n int) {
	for _, p := range r.pseudo {
		if p != nil {
			n++
		}
	}
	return n
}

func (r *HTTP2Head) refuse(why reason) { r.err = why.from(exchange.SourceClient) }

// keep copies s into the head's memory. Memory that is outgrown is kept alive by the
// views into it.
func (r *HTTP2Head) keep(s string) []byte {
	start := len(r.mem)
	r.mem = append(r.mem, s...)
	return r.mem[start:len(r.mem):len(r.mem)]
}

// takePseudo takes a pseudo-header field, RFC 9113 §8.3.
func (r *HTTP2Head) takePseudo(name, value string) *exchange.Error {
	if r.trailers {
		return errPseudoTrailer
	}
	if r.regular {
		return errPseudoLate
	}
	var at int
	switch name {
	case ":method":
		at = pseudoMethod
	case ":scheme":
		at = pseudoScheme
	case ":path":
		at = pseudoPath
	case ":authority":
		at = pseudoAuthority
	default:
		return errPseudoUnknown // :status and, until extended CONNECT is offered, :protocol
	}
	if r.pseudo[at] != nil {
		return errPseudoRepeated
	}
	r.pseudo[at] = r.keep(value)
	if value == "" || !cleanTarget(r.pseudo[at]) {
		return errPseudoInvalid
	}
	if at == pseudoPath && len(value) > r.rules.StartLine {
		return targetTooLong.from(exchange.SourceClient)
	}
	return nil
}

// takeField takes a field line, RFC 9113 §8.2.
func (r *HTTP2Head) takeField(name, value string) *exchange.Error {
	if len(name) > r.rules.FieldName {
		return fieldNameTooLong.from(exchange.SourceClient)
	}
	if len(value) > r.rules.FieldValue {
		return fieldTooLarge.from(exchange.SourceClient)
	}
	f := exchange.Field{Name: r.keep(name), Value: r.keep(value)}
	if err := r.judgeName(f.Name); err != nil {
		return err
	}
	if !cleanValue(f.Value) {
		return controlByte.from(exchange.SourceClient)
	}
	f.ID = exchange.LookupFieldID(f.Name)
	switch f.ID {
	case exchange.FieldConnection, exchange.FieldProxyConnection, exchange.FieldKeepAlive,
		exchange.FieldTransferEncoding, exchange.FieldUpgrade:
		return errConnection
	case exchange.FieldTE:
		if !equalFold(f.Value, "trailers") {
			return errTE
		}
	case exchange.FieldCookie:
		r.cookies++
	default:
	}
	if f.ID != exchange.FieldOther {
		r.seen.note(f.ID)
	}
	if !r.trailers || mayTrail(&f) {
		r.fields.Append(f)
	}
	return nil
}

func (r *HTTP2Head) judgeName(name []byte) *exchange.Error {
	if len(name) == 0 {
		return fieldNameInvalid.from(exchange.SourceClient)
	}
	for _, c := range name {
		switch {
		case isUpper(c):
			return errUppercase
		case c == '_' && !r.rules.Underscores:
			return fieldNameUnderscore.from(exchange.SourceClient)
		case !is(c, classToken):
			return fieldNameInvalid.from(exchange.SourceClient)
		}
	}
	return nil
}

// End judges the section as a whole. ended says that no content follows. A request's
// head has then what ParseRequest would have made of it, with the authority as its Host
// field, for ParseTarget to read.
//
// The scheme a client claims is not believed over its connection's: a load balancer that
// ends TLS passes "https" on in cleartext, and Facts.Scheme is what policies see.
func (r *HTTP2Head) End(ended bool) *exchange.Error {
	if r.err != nil || r.trailers {
		return r.err
	}
	h := r.head
	h.Version, h.KeepAlive = exchange.HTTP2, true
	if err := r.endPseudo(); err != nil {
		return err
	}
	if err := r.endAuthority(); err != nil {
		return err
	}
	if err := r.endLength(ended); err != nil {
		return err
	}
	r.joinCookies()
	if why := judgeMethod(h); why != noReason {
		return why.from(exchange.SourceClient)
	}
	if r.seen.once.has(exchange.FieldExpect) {
		value, _ := h.Fields.Get(exchange.FieldExpect)
		if r.seen.twice.has(exchange.FieldExpect) || !equalFold(value, "100-continue") {
			return expectationUnknown.from(exchange.SourceClient)
		}
		h.ExpectContinue = !ended
	}
	return nil
}

func (r *HTTP2Head) endPseudo() *exchange.Error {
	h := r.head
	method := r.pseudo[pseudoMethod]
	if method == nil {
		return errPseudoMissing
	}
	if len(method) > maxMethod || !allIn(method, classToken) {
		return methodInvalid.from(exchange.SourceClient)
	}
	h.MethodToken, h.Method = method, exchange.LookupMethod(method)
	scheme, path := r.pseudo[pseudoScheme], r.pseudo[pseudoPath]
	if h.Method == exchange.MethodConnect {
		if scheme != nil || path != nil || r.pseudo[pseudoAuthority] == nil {
			return errPseudoInvalid // RFC 9113 §8.5
		}
		return nil
	}
	if scheme == nil || path == nil {
		return errPseudoMissing
	}
	if string(scheme) != "http" && string(scheme) != "https" {
		return errPseudoInvalid
	}
	if path[0] != '/' && (string(path) != "*" || h.Method != exchange.MethodOptions) {
		return errPseudoInvalid
	}
	h.Target = path
	return nil
}

// endAuthority makes :authority and Host one, RFC 9113 §8.3.1: either alone does, and
// both must be the same, byte for byte but for case.
func (r *HTTP2Head) endAuthority() *exchange.Error {
	if r.seen.twice.has(exchange.FieldHost) {
		return hostRepeated.from(exchange.SourceClient)
	}
	authority := r.pseudo[pseudoAuthority]
	host, hasHost := r.head.Fields.Get(exchange.FieldHost)
	switch {
	case authority == nil && !hasHost:
		return hostMissing.from(exchange.SourceClient)
	case authority == nil:
		return nil
	case hasHost && !bytes.EqualFold(host, authority):
		return hostTargetMismatch.from(exchange.SourceClient)
	case hasHost:
		return nil
	}
	r.head.Fields.Append(exchange.Field{Name: nameHost, Value: authority, ID: exchange.FieldHost})
	return nil
}

var (
	nameHost   = []byte("host")
	nameCookie = []byte("cookie")
)

func (r *HTTP2Head) endLength(ended bool) *exchange.Error {
	h := r.head
	h.ContentLength = -1
	if !ended {
		h.Framing = exchange.FramingStream
	}
	if !r.seen.once.has(exchange.FieldContentLength) {
		return nil
	}
	if r.seen.twice.has(exchange.FieldContentLength) {
		return contentLengthRepeated.from(exchange.SourceClient)
	}
	value, _ := h.Fields.Get(exchange.FieldContentLength)
	n, ok := parseDecimal(value)
	if !ok {
		return contentLengthMalformed.from(exchange.SourceClient)
	}
	if ended && n != 0 {
		return errLengthMismatch
	}
	h.ContentLength = n
	if ended {
		h.Framing = exchange.FramingLength
	}
	return nil
}

// joinCookies makes one line of a cookie's crumbs, RFC 9113 §8.2.3. Empty ones say nothing,
// and would leave a value that ends in a space.
func (r *HTTP2Head) joinCookies() {
	if r.cookies < 2 {
		return
	}
	start := len(r.mem)
	for _, f := range r.fields.All() {
		if f.ID != exchange.FieldCookie || len(f.Value) == 0 {
			continue
		}
		if len(r.mem) > start {
			r.mem = append(r.mem, "; "...)
		}
		r.mem = append(r.mem, f.Value...)
	}
	r.fields.DelID(exchange.FieldCookie)
	r.fields.Append(exchange.Field{
		Name: nameCookie, Value: r.mem[start:len(r.mem):len(r.mem)], ID: exchange.FieldCookie,
	})
}
