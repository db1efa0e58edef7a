package wire

// Field sections are written without the dynamic table: what one stream's fields were
// can then not be told from the length of another's (RFC 7541 §7.1), nothing is kept
// for a connection, and sections can be made in any order. The first section of a
// connection says so with HPACKNoTable, which also answers any
// SETTINGS_HEADER_TABLE_SIZE a peer may send (RFC 7541 §4.2).

// HPACKNoTable is the dynamic table size update to 0.
const HPACKNoTable = 0x20

// hpackNames are the names of the static table, RFC 7541 appendix A, from index 15 on.
var hpackNames = [...]string{
	"accept-charset", "accept-encoding", "accept-language", "accept-ranges", "accept",
	"access-control-allow-origin", "age", "allow", "authorization", "cache-control",
	"content-disposition", "content-encoding", "content-language", "content-length",
	"content-location", "content-range", "content-type", "cookie", "date", "etag", "expect",
	"expires", "from", "host", "if-match", "if-modified-since", "if-none-match", "if-range",
	"if-unmodified-since", "last-modified", "link", "location", "max-forwards",
	"proxy-authenticate", "proxy-authorization", "range", "referer", "refresh",
	"retry-after", "server", "set-cookie", "strict-transport-security",
	"transfer-encoding", "user-agent", "vary", "via", "www-authenticate",
}

const (
	hpackFirstName = 15
	hpackStatus    = 8 // the first entry with the name :status
	hpackNoIndex   = 0x00
	hpackNever     = 0x10
)

// hpackIndex maps a lower-case name to its index; filled once, read-only afterwards.
var hpackIndex = func() map[string]uint64 {
	m := make(map[string]uint64, len(hpackNames))
	for i, name := range hpackNames {
		m[name] = uint64(hpackFirstName + i)
	}
	return m
}()

// appendHPACKStatus appends the pseudo-header field :status; code has three digits.
func appendHPACKStatus(dst []byte, code int) []byte {
	for i, indexed := range [...]int{200, 204, 206, 304, 400, 404, 500} {
		if code == indexed {
			return append(dst, 0x80|byte(hpackStatus+i))
		}
	}
	return append(dst, hpackNoIndex|hpackStatus, 3,
		'0'+byte(code/100), '0'+byte(code/10%10), '0'+byte(code%10))
}

// appendHPACKField appends a literal field that is not indexed, its name in lower case.
// Cookies and credentials are marked as never to be indexed by another hop either (RFC
// 7541 §7.1.3).
func appendHPACKField(dst, name, value []byte) []byte {
	var folded [64]byte
	lowered := folded[:0]
	for _, c := range name {
		lowered = append(lowered, lower(c))
	}
	prefix := byte(hpackNoIndex)
	switch string(lowered) {
	case "set-cookie", "cookie", "authorization", "proxy-authorization":
		prefix = hpackNever
	}
	if index, ok := hpackIndex[string(lowered)]; ok {
		dst = appendHPACKInt(dst, prefix, 4, index)
	} else {
		dst = append(dst, prefix)
		dst = appendHPACKInt(dst, 0, 7, uint64(len(lowered)))
		dst = append(dst, lowered...)
	}
	dst = appendHPACKInt(dst, 0, 7, uint64(len(value)))
	return append(dst, value...)
}

// appendHPACKInt appends an integer with a prefix of so many bits, RFC 7541 §5.1.
func appendHPACKInt(dst []byte, first byte, bits int, n uint64) []byte {
	most := uint64(1)<<bits - 1
	if n < most {
		return append(dst, first|byte(n))
	}
	dst = append(dst, first|byte(most))
	for n -= most; n >= 0x80; n >>= 7 {
		dst = append(dst, 0x80|byte(n))
	}
	return append(dst, byte(n))
}
