package listener

import (
	"encoding/hex"
	"math/rand/v2"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

const (
	requestIDLength    = 36
	maxRequestIDLength = 128
)

// newRequestID makes a random UUID, version 4 (RFC 9562 §5.4), in ex's scratch memory.
// Its bits come from the runtime's generator, which each thread has its own of: no
// lock, no system call, and no state to guess the next one from.
func newRequestID(ex *exchange.Exchange) []byte {
	hi, lo := rand.Uint64(), rand.Uint64()
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(3<<62) | 1<<63
	var raw [16]byte
	for i := range 8 {
		raw[i] = byte(hi >> (56 - 8*i))
		raw[8+i] = byte(lo >> (56 - 8*i))
	}
	id := ex.Scratch(requestIDLength)
	hex.Encode(id[0:8], raw[0:4])
	hex.Encode(id[9:13], raw[4:6])
	hex.Encode(id[14:18], raw[6:8])
	hex.Encode(id[19:23], raw[8:10])
	hex.Encode(id[24:36], raw[10:16])
	id[8], id[13], id[18], id[23] = '-', '-', '-', '-'
	return id
}

// isRequestID reports whether a trusted peer's id may be passed on: 1 to 128 letters,
// digits and "-._~:+/=", which covers UUIDs, ULIDs and base64, and is safe in any log.
func isRequestID(b []byte) bool {
	if len(b) == 0 || len(b) > maxRequestIDLength {
		return false
	}
	for _, c := range b {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '.', c == '_', c == '~', c == ':', c == '+', c == '/', c == '=':
		default:
			return false
		}
	}
	return true
}
