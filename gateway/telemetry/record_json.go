package telemetry

import (
	"net/netip"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends r as a line of JSON with the keys of Istio's JSON format. What is
// missing is null. Everything but ASCII is escaped: valid UTF-8 as \uHHHH, any other
// byte as \ufffd.
func AppendJSON(dst []byte, r *Record) []byte {
	dst = append(dst, `{"start_time":"`...)
	dst = r.Start.UTC().AppendFormat(dst, startLayout)
	dst = append(dst, '"')
	dst = appendMember(dst, "route_name", r.Route)
	dst = appendMember(dst, "method", r.Method)
	dst = append(dst, `,"path":`...)
	if len(r.Path) == 0 {
		dst = append(dst, "null"...)
	} else {
		dst = append(dst, '"')
		dst = appendTarget(dst, r, appendJSONText[[]byte])
		dst = append(dst, '"')
	}
	dst = appendMember(dst, "protocol", r.Protocol)
	dst = appendNumber(dst, "response_code", int64(r.Code))
	flags := r.Flags
	if flags == "" {
		flags = "-" // as Envoy writes it, also in JSON
	}
	dst = appendMember(dst, "response_flags", flags)
	dst = appendMember(dst, "response_code_details", r.Details)
	dst = append(dst, `,"connection_termination_details":null`...)
	dst = appendMember(dst, "upstream_transport_failure_reason", r.TransportFailure)
	dst = appendNumber(dst, "bytes_received", r.BytesReceived)
	dst = appendNumber(dst, "bytes_sent", r.BytesSent)
	dst = appendNumber(dst, "duration", r.Duration.Milliseconds())
	dst = append(dst, `,"upstream_service_time":`...)
	if r.UpstreamTime < 0 {
		dst = append(dst, "null"...)
	} else { // a header's value, and so a string
		dst = append(dst, '"')
		dst = strconv.AppendInt(dst, r.UpstreamTime.Milliseconds(), 10)
		dst = append(dst, '"')
	}
	dst = appendMember(dst, "x_forwarded_for", r.ForwardedFor)
	dst = appendMember(dst, "user_agent", r.UserAgent)
	dst = appendMember(dst, "request_id", r.RequestID)
	dst = appendMember(dst, "authority", r.Authority)
	dst = appendMember(dst, "upstream_host", r.Upstream)
	dst = appendMember(dst, "upstream_cluster", r.Backend)
	dst = appendAddressMember(dst, "upstream_local_address", r.UpstreamLocal)
	dst = appendAddressMember(dst, "downstream_local_address", r.Local)
	dst = appendAddressMember(dst, "downstream_remote_address", r.Peer)
	dst = appendMember(dst, "requested_server_name", r.SNI)
	return append(dst, "}\n"...)
}

func appendKey(dst []byte, key string) []byte {
	dst = append(dst, `,"`...)
	dst = append(dst, key...)
	return append(dst, `":`...)
}

func appendMember[T string | []byte](dst []byte, key string, value T) []byte {
	dst = appendKey(dst, key)
	if len(value) == 0 {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	dst = appendJSONText(dst, value)
	return append(dst, '"')
}

func appendNumber(dst []byte, key string, n int64) []byte {
	return strconv.AppendInt(appendKey(dst, key), n, 10)
}

func appendAddressMember(dst []byte, key string, a netip.AddrPort) []byte {
	dst = appendKey(dst, key)
	if !a.IsValid() {
		return append(dst, "null"...)
	}
	dst = append(dst, '"')
	dst = appendAddress(dst, a)
	return append(dst, '"')
}

// appendJSONText appends the inside of a JSON string.
func appendJSONText[T string | []byte](dst []byte, s T) []byte {
	s, cut := shortened(s)
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
			i++
		case c >= ' ' && c < 0x7f:
			dst = append(dst, c)
			i++
		case c < utf8.RuneSelf:
			dst = appendUnicode(dst, rune(c))
			i++
		default:
			r, n := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
			dst = appendUnicode(dst, r)
			i += n
		}
	}
	if cut {
		dst = append(dst, "..."...)
	}
	return dst
}

// appendUnicode appends \uHHHH, or two of them for what needs surrogates (RFC 8259 §7).
func appendUnicode(dst []byte, r rune) []byte {
	if r > 0xffff {
		r -= 0x10000
		dst = appendUnicode(dst, 0xd800+r>>10)
		r = 0xdc00 + r&0x3ff
	}
	return append(dst, '\\', 'u', lowerHex[r>>12&0xf], lowerHex[r>>8&0xf], lowerHex[r>>4&0xf], lowerHex[r&0xf])
}
