package predicate

import (
	"bytes"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

type query struct {
	name  []byte
	value *String
}

// matches looks at the first parameter of that name. Parameters are separated by "&"
// (WHATWG URL, application/x-www-form-urlencoded); ";" is an ordinary character.
func (q *query) matches(ex *exchange.Exchange) bool {
	rest := ex.Query
	for len(rest) > 0 {
		var pair []byte
		pair, rest, _ = bytes.Cut(rest, []byte("&"))
		name, value, _ := bytes.Cut(pair, []byte("="))
		if !bytes.Equal(unescape(ex, name), q.name) {
			continue
		}
		return q.value.Matches(unescape(ex, value))
	}
	return false
}

// unescape decodes percent triplets and "+"; a bad triplet stays as it is. It copies
// only if there is something to decode.
func unescape(ex *exchange.Exchange, b []byte) []byte {
	if bytes.IndexByte(b, '%') < 0 && bytes.IndexByte(b, '+') < 0 {
		return b
	}
	out := ex.Scratch(len(b))
	n := 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(b):
			hi, lo := unhex(b[i+1]), unhex(b[i+2])
			if hi >= 0 && lo >= 0 {
				c = byte(hi<<4 | lo)
				i += 2
			}
		}
		out[n] = c
		n++
	}
	return out[:n]
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
