package listener

import (
	"bytes"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// The forwarding fields, and what becomes of each:
//
//	                     stranger      trusted peer
//	X-Forwarded-For      overwritten   peer's address appended
//	X-Forwarded-Proto    overwritten   kept, or added
//	X-Forwarded-Host     overwritten   kept, or added
//	X-Forwarded-Port     overwritten   kept, or added
//	X-Real-IP            overwritten   kept, or added
//	Forwarded            removed       our hop appended, if there is one
//	X-Forwarded-*, other removed       kept (X-Forwarded-Client-Cert is one)
//	X-Envoy-*            removed       kept
//	X-Original-URL etc.  removed       kept; see overrides
//	X-Request-Id         overwritten   kept if it is an id
//
// X-Envoy-* are the words proxies of a mesh have for each other: X-Envoy-Internal,
// -Peer-Metadata, -Original-Path, -Upstream-Rq-Timeout-Ms, -Decorator-Operation and so
// on. From outside they would choose timeouts and retries, or forge an identity.

var (
	nameForwardedFor   = []byte("X-Forwarded-For")
	nameForwardedProto = []byte("X-Forwarded-Proto")
	nameForwardedHost  = []byte("X-Forwarded-Host")
	nameForwardedPort  = []byte("X-Forwarded-Port")
	nameRealIP         = []byte("X-Real-IP")
	nameRequestID      = []byte("X-Request-Id")

	keyForwardedFor = exchange.KeyOf("X-Forwarded-For")
	keyForwarded    = exchange.KeyOf("Forwarded")
	keyVia          = exchange.KeyOf("Via")

	schemeText = [...][]byte{
		exchange.SchemeHTTP: []byte("http"), exchange.SchemeHTTPS: []byte("https"),
	}
)

// forwardingFields are those with a number that a stranger may not send.
var forwardingFields = [...]exchange.FieldID{
	exchange.FieldForwarded, exchange.FieldXForwardedFor, exchange.FieldXForwardedProto,
	exchange.FieldXForwardedHost, exchange.FieldXForwardedPort, exchange.FieldXRealIP,
	exchange.FieldXForwardedClientCert, exchange.FieldXEnvoyOriginalPath,
	exchange.FieldXEnvoyUpstreamServiceTime,
}

var forwardingMask = func() (mask uint64) {
	for _, id := range forwardingFields {
		mask |= 1 << id
	}
	return mask
}()

func add(ex *exchange.Exchange, id exchange.FieldID, name, value []byte) {
	ex.Request.Fields.Append(exchange.Field{Name: name, Value: value, ID: id})
}

func forwardUntrusted(ex *exchange.Exchange, c *Conn, found presence) {
	if found.known&forwardingMask != 0 {
		for _, id := range forwardingFields {
			if found.has(id) {
				ex.Request.Fields.DelID(id)
			}
		}
	}
	if found.family {
		removeFamilies(&ex.Request.Fields)
	}
	add(ex, exchange.FieldXForwardedFor, nameForwardedFor, c.peerText)
	add(ex, exchange.FieldXForwardedProto, nameForwardedProto, schemeText[ex.Scheme])
	add(ex, exchange.FieldXForwardedHost, nameForwardedHost, ex.Authority)
	add(ex, exchange.FieldXForwardedPort, nameForwardedPort, c.portText)
	add(ex, exchange.FieldXRealIP, nameRealIP, c.peerText)
}

func forwardTrusted(ex *exchange.Exchange, s *Settings, c *Conn, found presence) {
	fields := &ex.Request.Fields
	ex.Client = s.Trust.Client(fields, c.Peer.Addr())
	if found.has(exchange.FieldXForwardedProto) {
		proto, _ := fields.Get(exchange.FieldXForwardedProto)
		switch {
		case bytes.EqualFold(proto, schemeText[exchange.SchemeHTTPS]):
			ex.Scheme = exchange.SchemeHTTPS
		case bytes.EqualFold(proto, schemeText[exchange.SchemeHTTP]):
			ex.Scheme = exchange.SchemeHTTP
		}
	} else {
		add(ex, exchange.FieldXForwardedProto, nameForwardedProto, schemeText[ex.Scheme])
	}
	if !found.has(exchange.FieldXForwardedHost) {
		add(ex, exchange.FieldXForwardedHost, nameForwardedHost, ex.Authority)
	}
	if !found.has(exchange.FieldXForwardedPort) {
		add(ex, exchange.FieldXForwardedPort, nameForwardedPort, c.portText)
	}
	if !found.has(exchange.FieldXRealIP) {
		add(ex, exchange.FieldXRealIP, nameRealIP, clientText(ex, c))
	}
	if !found.has(exchange.FieldXForwardedFor) {
		add(ex, exchange.FieldXForwardedFor, nameForwardedFor, c.peerText)
	} else {
		fields.Set(keyForwardedFor, extended(ex, exchange.FieldXForwardedFor, c.peerText))
	}
	if found.has(exchange.FieldForwarded) {
		fields.Set(keyForwarded, extended(ex, exchange.FieldForwarded, forwardedElement(ex, c)))
	}
}

func clientText(ex *exchange.Exchange, c *Conn) []byte {
	if ex.Client == c.Peer.Addr() {
		return c.peerText
	}
	return ex.Client.AppendTo(ex.Scratch(len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"))[:0])
}

// forwardedElement is our hop in Forwarded, RFC 7239 §4: an IPv6 address is in brackets
// and quotes.
func forwardedElement(ex *exchange.Exchange, c *Conn) []byte {
	const longest = len(`for="[]";proto=https`)
	b := ex.Scratch(longest + len(c.peerText))[:0]
	v6 := c.Peer.Addr().Is6()
	b = append(b, "for="...)
	if v6 {
		b = append(b, `"[`...)
	}
	b = append(b, c.peerText...)
	if v6 {
		b = append(b, `]"`...)
	}
	b = append(b, ";proto="...)
	return append(b, schemeText[c.Scheme]...)
}

// extended returns the lines of a list field as one, with one more element.
func extended(ex *exchange.Exchange, id exchange.FieldID, element []byte) []byte {
	n := len(element)
	for _, f := range ex.Request.Fields.All() {
		if f.ID == id {
			n += len(f.Value) + len(", ")
		}
	}
	b := joinLines(ex.Scratch(n)[:0], &ex.Request.Fields, id)
	if len(b) > 0 {
		b = append(b, ", "...)
	}
	return append(b, element...)
}

// joinLines appends the values of a list field, separated by commas; empty ones are
// left out.
func joinLines(dst []byte, fields *exchange.Fields, id exchange.FieldID) []byte {
	start := len(dst)
	for _, f := range fields.All() {
		if f.ID != id || len(f.Value) == 0 {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ", "...)
		}
		dst = append(dst, f.Value...)
	}
	return dst
}

// overrides are fields that some servers believe more than the request line and Host:
// with one of them a stranger has a page routed by one path and served by another.
var overrides = [...]string{
	"x-host", "x-http-host-override", "x-original-host", "x-original-url", "x-rewrite-url",
}

// inFamily reports whether a name without a number begins with "x-forwarded-" or
// "x-envoy-", or is an override.
func inFamily(name []byte) bool {
	if len(name) < len("x-host") || name[0]|0x20 != 'x' || name[1] != '-' {
		return false
	}
	if hasPrefixFold(name, "x-envoy-") || hasPrefixFold(name, "x-forwarded-") {
		return true
	}
	for _, o := range overrides {
		if len(name) == len(o) && hasPrefixFold(name, o) {
			return true
		}
	}
	return false
}

func hasPrefixFold(b []byte, lower string) bool {
	if len(b) < len(lower) {
		return false
	}
	for i := range len(lower) {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// removeFamilies removes what inFamily found; names differ, so it starts over after
// each, and the number of fields is limited.
func removeFamilies(fields *exchange.Fields) {
	for i := 0; i < fields.Len(); {
		f := fields.All()[i]
		if f.ID == exchange.FieldOther && inFamily(f.Name) {
			fields.Del(exchange.KeyOf(string(f.Name)))
			continue
		}
		i++
	}
}

// countHops counts the hops of a Via value that have this pseudonym (RFC 9110 §7.6.3:
// "protocol SP name").
func countHops(value []byte, name string) (n int) {
	for rest := value; rest != nil; {
		var hop []byte
		rest, hop = lastItem(rest)
		words := bytes.Fields(hop)
		if len(words) >= 2 && string(words[1]) == name {
			n++
		}
	}
	return n
}
