package wire

// extensionState is where in chunk-ext, RFC 9112 §7.1.1, the reader stands:
//
//	chunk-ext = *( ";" name [ "=" ( token / quoted-string ) ] )
//
// The RFC lets "bad" white space stand around ";" and "="; it is refused.
type extensionState uint8

const (
	extensionName       extensionState = iota // the first byte of a name
	extensionNameMore                         // a further one, "=", ";" or CR
	extensionValue                            // the first byte of a value
	extensionToken                            // a further one of a token, ";" or CR
	extensionQuoted                           // inside a quoted string
	extensionQuotedPair                       // after a backslash inside one
	extensionEnd                              // after the closing quote: ";" or CR
)

// extensionByte takes one byte of extensions: validated and thrown away.
func (c *ChunkedReader) extensionByte(b byte) reason {
	if b == '\r' && c.ext.mayEnd() {
		c.state = chunkLineLF
		return noReason
	}
	next, ok := c.ext.after(b)
	if !ok {
		return badExtensionByte(b)
	}
	c.ext = next
	return c.countExtension()
}

// mayEnd reports whether extensions may end here.
func (s extensionState) mayEnd() bool {
	return s == extensionNameMore || s == extensionToken || s == extensionEnd
}

// after returns the state that follows a byte.
func (s extensionState) after(b byte) (extensionState, bool) {
	if b == ';' && s.mayEnd() {
		return extensionName, true
	}
	switch s {
	case extensionName:
		return extensionNameMore, is(b, classToken)
	case extensionNameMore:
		if b == '=' {
			return extensionValue, true
		}
		return s, is(b, classToken)
	case extensionValue:
		if b == '"' {
			return extensionQuoted, true
		}
		return extensionToken, is(b, classToken)
	case extensionToken:
		return s, is(b, classToken)
	case extensionQuoted:
		switch b {
		case '"':
			return extensionEnd, true
		case '\\':
			return extensionQuotedPair, true
		}
		return s, isText(b)
	case extensionQuotedPair:
		return extensionQuoted, isText(b)
	default: // extensionEnd takes no more
		return s, false
	}
}

// isText reports whether b may stand in a quoted string: HTAB, SP, visible, obs-text.
func isText(b byte) bool { return b == '\t' || b >= ' ' && b != 0x7f }

func badExtensionByte(b byte) reason {
	switch {
	case b == '\n':
		return bareLF
	case b < ' ' && b != '\t' && b != '\r', b == 0x7f:
		return controlByte
	}
	return chunkExtensionMalformed
}
