package wire

import (
	"strconv"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// AppendHTTP2Response appends the field section of a response, RFC 9113 §8.3.2:
// :status, content-length if it is known and may be said, then h's other fields with
// their names in lower case. Fields of a connection are passed over.
//
// It refuses anything outside the grammar (KindInternal, reasons emit_*), and 101, which
// HTTP/2 does not have (RFC 9113 §8.6): then dst is returned as it was.
func AppendHTTP2Response(dst []byte, h *exchange.Head) ([]byte, *exchange.Error) {
	if h.Status < minStatus || h.Status > maxStatus || h.Status == 101 {
		return dst, emitStatus.from(exchange.SourceUs)
	}
	b := appendHPACKStatus(dst, h.Status)
	if h.ContentLength >= 0 && h.Status >= 200 && h.Status != 204 {
		var digits [20]byte
		b = appendHPACKField(b, nameContentLength, strconv.AppendInt(digits[:0], h.ContentLength, 10))
	}
	for i := range h.Fields.All() {
		f := &h.Fields.All()[i]
		if ownedFields.has(f.ID) {
			continue
		}
		if len(f.Name) == 0 || !allIn(f.Name, classToken) {
			return dst, emitFieldName.from(exchange.SourceUs)
		}
		if !cleanValue(f.Value) {
			return dst, emitFieldValue.from(exchange.SourceUs)
		}
		b = appendHPACKField(b, f.Name, f.Value)
	}
	return b, nil
}

var nameContentLength = []byte("content-length")

// AppendHTTP2Trailers appends the field section of trailers: those that may be sent as
// such. It returns dst as it was if there are none.
func AppendHTTP2Trailers(dst []byte, trailers *exchange.Fields) []byte {
	if trailers == nil {
		return dst
	}
	for i := range trailers.All() {
		f := &trailers.All()[i]
		if mayTrail(f) && len(f.Name) > 0 && allIn(f.Name, classToken) && cleanValue(f.Value) {
			dst = appendHPACKField(dst, f.Name, f.Value)
		}
	}
	return dst
}
