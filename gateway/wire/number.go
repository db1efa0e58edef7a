package wire

import "math"

// parseDecimal reads 1*DIGIT, at most math.MaxInt64: no sign, no space, no list.
func parseDecimal(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 19 {
		return 0, false
	}
	var n uint64 // 19 digits fit
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return int64(n), n <= math.MaxInt64
}

// hexValue returns the value of a hexadecimal digit; c must be one.
func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// triplet decodes the percent-encoded byte at b[at:], RFC 3986 §2.1.
func triplet(b []byte, at int) (byte, bool) {
	if at+2 >= len(b) || b[at] != '%' || !is(b[at+1], classHex) || !is(b[at+2], classHex) {
		return 0, false
	}
	return hexValue(b[at+1])<<4 | hexValue(b[at+2]), true
}
