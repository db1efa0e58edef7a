package wire

import (
	"encoding/binary"
	"math/bits"
)

// Classes of bytes, one bit each in the classes table.
const (
	classToken      uint8 = 1 << iota // tchar, RFC 9110 §5.6.2
	className                         // tchar without "_"
	classPath                         // may stand in a path; see pathExtra
	classQuery                        // may stand in a query; see queryExtra
	classUnreserved                   // RFC 3986 §2.3
	classHost                         // ALPHA, DIGIT, "-", "_": a label of a host name
	classHex                          // HEXDIG
	classPlain                        // a path of these alone needs no second look
)

const (
	alphaNum  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	subDelims = "!$&'()*+,;="

	// Bytes outside RFC 3986 that browsers do not escape and that no parser takes
	// for a delimiter. The backslash of a path is dealt with by normalisation.
	pathExtra  = `[]|^{}` + "`" + `\`
	queryExtra = `[]|^{}` + "`" + `\`
)

// classes maps each byte to its classes; filled once, read-only afterwards.
var classes = buildClasses()

func buildClasses() (t [256]uint8) {
	add := func(set string, class uint8) {
		for i := range len(set) {
			t[set[i]] |= class
		}
	}
	const token = "!#$%&'*+-.^`|~" + alphaNum
	add(token+"_", classToken)
	add(token, className)
	add(alphaNum+"-._~", classUnreserved|classPath|classQuery)
	add(subDelims+":@/%", classPath|classQuery)
	add("?", classQuery)
	add(pathExtra, classPath)
	add(queryExtra, classQuery)
	add(alphaNum+"-_", classHost)
	add("0123456789ABCDEFabcdef", classHex)
	add(alphaNum+"-_~!$&'()*+,=:@[]|^{}`", classPlain)
	return t
}

func is(c, class uint8) bool { return classes[c]&class != 0 }

// allIn reports whether every byte of b is in the class.
func allIn(b []byte, class uint8) bool {
	for _, c := range b {
		if classes[c]&class == 0 {
			return false
		}
	}
	return true
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// nextControl returns the index of the first byte of b[at:] below 0x20 or equal to
// 0x7f, or len(b). Eight bytes at a step: subtracting 0x20 from each byte borrows
// into its high bit if the byte was smaller; a borrow into the next byte only
// follows a hit, so the lowest hit is always a true one.
func nextControl(b []byte, at int) int {
	for ; at+8 <= len(b); at += 8 {
		x := binary.LittleEndian.Uint64(b[at:])
		del := x ^ (0x7f * ones)
		hit := ((x - 0x20*ones) &^ x) | ((del - ones) &^ del)
		if hit &= highs; hit != 0 {
			return at + bits.TrailingZeros64(hit)>>3
		}
	}
	for ; at < len(b); at++ {
		if b[at] < 0x20 || b[at] == 0x7f {
			return at
		}
	}
	return at
}

// cleanValue reports whether b may stand as a field's value: no control byte but
// HTAB, no white space at either end (RFC 9110 §5.5). Bytes above 0x7f are opaque.
func cleanValue(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if isSpace(b[0]) || isSpace(b[len(b)-1]) {
		return false
	}
	for at := 0; ; at++ {
		at = nextControl(b, at)
		if at == len(b) {
			return true
		}
		if b[at] != '\t' {
			return false
		}
	}
}

// cleanTarget reports whether b may stand in a request line as a part of its
// target: visible ASCII without "#".
func cleanTarget(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f || c == '#' {
			return false
		}
	}
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

func lower(c byte) byte {
	if isUpper(c) {
		return c | 0x20
	}
	return c
}

// trim cuts SP and HTAB from both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && isSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// equalFold reports whether b is the lower-case word, compared without ASCII case.
func equalFold(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i := range len(word) {
		if lower(b[i]) != word[i] {
			return false
		}
	}
	return true
}

// prefixFold reports whether b begins with the lower-case prefix, without case.
func prefixFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && equalFold(b[:len(prefix)], prefix)
}
