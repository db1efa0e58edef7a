package wire

import "github.com/fairlead-mesh/fairlead/gateway/exchange"

// fieldSet is a set of known field names.
type fieldSet uint64

// Every FieldID fits in a fieldSet; this fails to compile when one does not.
const _ = uint(63 - exchange.FieldXRequestID)

func setOf(ids ...exchange.FieldID) (s fieldSet) {
	for _, id := range ids {
		s |= 1 << id
	}
	return s
}

func (s fieldSet) has(id exchange.FieldID) bool { return s>>id&1 != 0 }

// seenFields says which known fields a head has, and which more than once.
type seenFields struct {
	once, twice fieldSet
}

func (s *seenFields) note(id exchange.FieldID) {
	bit := fieldSet(1) << id
	s.twice |= s.once & bit
	s.once |= bit
}

// lineEnd returns the index of the CRLF that ends the line at b[at:].
func lineEnd(b []byte, at int) (int, reason) {
	for {
		at = nextControl(b, at)
		if at == len(b) {
			return at, headTruncated
		}
		switch b[at] {
		case '\t':
			at++
		case '\r':
			if at+1 == len(b) {
				return at, headTruncated
			}
			if b[at+1] != '\n' {
				return at, bareCR
			}
			return at, noReason
		case '\n':
			return at, bareLF
		default:
			return at, controlByte
		}
	}
}

// fieldParser reads field lines up to and with the empty line: of a head or of a
// trailer section.
type fieldParser struct {
	rules *Rules
	seen  seenFields
}

// parse appends the field lines of b to fields. b ends with the empty line.
func (p *fieldParser) parse(fields *exchange.Fields, b []byte) reason {
	at := 0
	for {
		if at+2 == len(b) && b[at] == '\r' && b[at+1] == '\n' {
			return noReason
		}
		if at >= len(b) {
			return headTruncated
		}
		if fields.Len() >= p.rules.Fields {
			return fieldTooMany
		}
		field, next, r := p.line(b, at)
		if r != noReason {
			return r
		}
		fields.Append(field)
		at = next
	}
}

// line reads one field line, RFC 9112 §5, and returns where the next begins.
func (p *fieldParser) line(b []byte, at int) (field exchange.Field, next int, r reason) {
	colon := at
	for colon < len(b) && is(b[colon], className) {
		colon++
	}
	if colon == len(b) || b[colon] != ':' || colon == at {
		if colon, r = p.oddName(b, at, colon); r != noReason {
			return field, 0, r
		}
	}
	end, r := lineEnd(b, colon+1)
	if r != noReason {
		return field, 0, r
	}
	raw := b[colon+1 : end]
	field.Name = b[at:colon:colon]
	field.Value = trim(raw)
	field.ID = exchange.LookupFieldID(field.Name)
	if len(field.Name) > p.rules.FieldName {
		return field, 0, fieldNameTooLong
	}
	if len(field.Value) > p.rules.FieldValue {
		return field, 0, fieldTooLarge
	}
	if field.ID == exchange.FieldOther {
		return field, end + 2, noReason
	}
	p.seen.note(field.ID)
	return field, end + 2, framingSpace(field.ID, raw)
}

// oddName goes on where the fast path of a name stopped: it either finds the colon
// after all (a name with "_" that is allowed) or says what is wrong with the line.
func (p *fieldParser) oddName(b []byte, start, at int) (int, reason) {
	underscore := false
	for ; at < len(b) && is(b[at], classToken); at++ {
		underscore = underscore || b[at] == '_'
	}
	if at == len(b) {
		return at, headTruncated
	}
	switch c := b[at]; {
	case c == ':' && at == start:
		return at, fieldNameInvalid
	case c == ':' && underscore && !p.rules.Underscores:
		return at, fieldNameUnderscore
	case c == ':':
		return at, noReason
	case isSpace(c) && at == start:
		return at, obsFold
	}
	if _, r := lineEnd(b, at); r != noReason {
		return at, r
	}
	if b[at] == '\r' {
		return at, colonMissing
	}
	for isSpace(b[at]) {
		at++
	}
	if b[at] == ':' {
		return at, spaceBeforeColon
	}
	return at, fieldNameInvalid
}

// framingSpace holds the two fields of framing to plain white space: spaces before
// the value, none after, no tab. The grammar allows more (RFC 9110 §5.6.3), no
// honest sender uses it, and it is what hides a field from one of two parsers.
func framingSpace(id exchange.FieldID, raw []byte) reason {
	if id != exchange.FieldContentLength && id != exchange.FieldTransferEncoding {
		return noReason
	}
	n := len(raw)
	plain := n == 0 || !isSpace(raw[n-1])
	for i := 0; plain && i < n && isSpace(raw[i]); i++ {
		plain = raw[i] == ' '
	}
	switch {
	case plain:
		return noReason
	case id == exchange.FieldContentLength:
		return contentLengthMalformed
	}
	return transferEncodingUnsupported
}
