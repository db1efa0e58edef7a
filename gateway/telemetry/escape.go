package telemetry

const (
	upperHex = "0123456789ABCDEF"
	lowerHex = "0123456789abcdef"
)

// maxValueBytes bounds one value of a log line; what is cut is shown by "...".
const maxValueBytes = 2048

func shortened[T string | []byte](s T) (T, bool) {
	if len(s) > maxValueBytes {
		return s[:maxValueBytes], true
	}
	return s, false
}

// appendWord appends a value that ends at a space.
func appendWord[T string | []byte](dst []byte, s T) []byte {
	if len(s) == 0 {
		return append(dst, '-')
	}
	return appendVisible(dst, s, ' ')
}

// appendQuoted appends a space and a value in quotes.
func appendQuoted[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, ` "`...)
	if len(s) == 0 {
		dst = append(dst, '-')
	} else {
		dst = appendVisible(dst, s, 0)
	}
	return append(dst, '"')
}

// appendEscaped is appendWord for a part of a word, which may be empty.
func appendEscaped(dst, s []byte) []byte { return appendVisible(dst, s, ' ') }

// appendVisible appends s with \xHH for every byte that is not visible ASCII, that would
// end a quotation or begin an escape, or that is also.
func appendVisible[T string | []byte](dst []byte, s T, also byte) []byte {
	s, cut := shortened(s)
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != also {
			dst = append(dst, c)
			continue
		}
		dst = append(dst, '\\', 'x', upperHex[c>>4], upperHex[c&0xf])
	}
	if cut {
		dst = append(dst, "..."...)
	}
	return dst
}
