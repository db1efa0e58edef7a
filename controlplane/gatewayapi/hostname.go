package gatewayapi

import (
	"net/netip"
	"strings"
)

// anyHost is how the contract writes a listener or route without a hostname.
const anyHost = "*"

// hostname returns a hostname in the form we compare, and whether it is one as the API
// defines it: RFC 1123 labels, no IP address, perhaps "*." in front.
func hostname(in string) (string, bool) {
	host := strings.ToLower(in)
	rest := strings.TrimPrefix(host, "*.")
	if len(host) > 253 || rest == "" {
		return "", false
	}
	if _, err := netip.ParseAddr(rest); err == nil {
		return "", false
	}
	for label := range strings.SplitSeq(rest, ".") {
		if !isLabel(label) {
			return "", false
		}
	}
	return host, true
}

func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// intersect reports whether some host belongs to both hostnames. A wildcard stands for
// one label or more, never for none.
func intersect(a, b string) bool {
	switch {
	case a == anyHost || b == anyHost || a == b:
		return true
	case isWildcard(a) && isWildcard(b):
		return strings.HasSuffix(a, b[1:]) || strings.HasSuffix(b, a[1:])
	case isWildcard(a):
		return strings.HasSuffix(b, a[1:])
	case isWildcard(b):
		return strings.HasSuffix(a, b[1:])
	}
	return false
}

func isWildcard(host string) bool { return strings.HasPrefix(host, "*.") }

// intersecting returns the route's hostnames that have hosts in common with the
// listener's, as the route writes them: precedence goes by what its author wrote.
func intersecting(listener string, route []string) []string {
	var out []string
	for _, h := range route {
		if intersect(listener, h) {
			out = append(out, h)
		}
	}
	return out
}
