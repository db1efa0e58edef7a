package wire

import (
	"bytes"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// maxHost is the longest host, RFC 1035 §2.3.4 with room for its trailing dot.
const maxHost = 255

// maxLabel is the longest label of a host name, RFC 1035 §2.3.4.
const maxLabel = 63

// Authority is the host and port of an authority, RFC 3986 §3.2, with views into it.
type Authority struct {
	// Host is as received but without a trailing dot; an IPv6 literal keeps its
	// brackets.
	Host []byte
	// Port is 1 to 65535; 0 if none is given.
	Port uint16
}

// ParseAuthority reads "host" or "host:port" and reports whether it is valid.
// Narrower than RFC 3986: no userinfo, no empty host or port, no percent-encoding,
// no zone id, no IPvFuture; a name is dot-separated labels of letters, digits, "-"
// and "_"; a name whose last label looks like a number must be a dotted quad, since
// "127.1" and "0x7f000001" are addresses to some resolvers and names to others; a
// port has no leading zero and is not 0.
func ParseAuthority(b []byte) (a Authority, ok bool) {
	if len(b) == 0 || len(b) > maxHost+6 {
		return a, false
	}
	var rest []byte
	if b[0] == '[' {
		end := bytes.IndexByte(b, ']')
		if end < 0 || !isIPv6(b[1:end]) {
			return a, false
		}
		a.Host, rest = b[:end+1:end+1], b[end+1:]
	} else {
		end := bytes.IndexByte(b, ':')
		if end < 0 {
			end = len(b)
		}
		a.Host, rest = b[:end:end], b[end:]
		if n := len(a.Host); n > 1 && a.Host[n-1] == '.' {
			a.Host = a.Host[:n-1]
		}
		if !isHostName(a.Host) {
			return a, false
		}
	}
	if len(rest) == 0 {
		return a, true
	}
	if rest[0] != ':' {
		return a, false
	}
	a.Port, ok = parsePort(rest[1:])
	return a, ok
}

func parsePort(b []byte) (uint16, bool) {
	if len(b) == 0 || len(b) > 5 || b[0] == '0' {
		return 0, false
	}
	n := 0
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return uint16(n), n <= 65535
}

// isHostName reports whether b is a name or a dotted quad.
func isHostName(b []byte) bool {
	if len(b) == 0 || len(b) > maxHost {
		return false
	}
	start := 0
	for i := 0; ; i++ {
		if i < len(b) && is(b[i], classHost) {
			continue
		}
		if i < len(b) && b[i] != '.' || i == start || i-start > maxLabel {
			return false
		}
		if i == len(b) {
			break
		}
		start = i + 1
	}
	return !looksNumeric(b[start:]) || isIPv4(b)
}

// looksNumeric reports whether a label is all digits, or hexadecimal with "0x".
func looksNumeric(label []byte) bool {
	if prefixFold(label, "0x") {
		return allIn(label[2:], classHex)
	}
	for _, c := range label {
		if !isDigit(c) {
			return false
		}
	}
	return true
}

// isIPv4 reports whether b is IPv4address of RFC 3986 §3.2.2: four decimal octets
// without leading zeros.
func isIPv4(b []byte) bool {
	octets := 0
	for part := range bytes.SplitSeq(b, []byte{'.'}) {
		octets++
		if octets > 4 || len(part) == 0 || len(part) > 3 || len(part) > 1 && part[0] == '0' {
			return false
		}
		n := 0
		for _, c := range part {
			if !isDigit(c) {
				return false
			}
			n = n*10 + int(c-'0')
		}
		if n > 255 {
			return false
		}
	}
	return octets == 4
}

// isIPv6 reports whether b is IPv6address of RFC 3986 §3.2.2, without brackets.
func isIPv6(b []byte) bool {
	if len(b) < 2 || len(b) > 45 {
		return false
	}
	groups, compressed := 0, false
	if b[0] == ':' {
		if b[1] != ':' {
			return false
		}
		compressed = true
		b = b[2:]
	}
	for len(b) > 0 {
		n := 0
		for n < len(b) && is(b[n], classHex) {
			n++
		}
		if n < len(b) && b[n] == '.' {
			groups += 2
			return isIPv4(b) && fills(groups, compressed)
		}
		if n == 0 || n > 4 {
			return false
		}
		groups++
		if b = b[n:]; len(b) == 0 {
			break
		}
		if b[0] != ':' || len(b) == 1 {
			return false
		}
		if b = b[1:]; b[0] == ':' {
			if compressed {
				return false
			}
			compressed = true
			b = b[1:]
		}
	}
	return fills(groups, compressed)
}

// fills reports whether so many groups, and perhaps a "::" for one or more of zeros,
// make an IPv6 address.
func fills(groups int, compressed bool) bool {
	return groups == 8 && !compressed || groups < 8 && compressed
}

// lowerHost returns host in lower case: host itself if it already is.
func lowerHost(ex *exchange.Exchange, host []byte) []byte {
	for i, c := range host {
		if !isUpper(c) {
			continue
		}
		out := ex.Scratch(len(host))
		copy(out, host[:i])
		for j := i; j < len(host); j++ {
			out[j] = lower(host[j])
		}
		return out
	}
	return host
}
