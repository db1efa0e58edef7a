package wire

import (
	"bytes"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// TargetRules say how a request's target is read.
type TargetRules struct {
	Normalization Normalization
	// LooseQuery lets a query hold any visible ASCII but "#", and percent signs
	// that begin no triplet, for old clients ("?q=100%", "%u0441"). By default
	// such a query is refused.
	LooseQuery bool
}

// ParseTarget fills the facts that stand in the request line and the Host field:
// Authority, Host, AuthorityPort, RawPath, Path, Query, HasQuery. It reads
// ex.Request.Head as ParseRequest left it, and ex.Scheme, which the listener set.
//
// Every request needs an authority, since routes have hosts: a Host field, or the
// target's authority in absolute form; HTTP/1.0 is no exception. In absolute form
// the target's authority wins (RFC 9112 §3.2.2), and a Host field that says another
// host or port is refused rather than overwritten.
func ParseTarget(ex *exchange.Exchange, rules TargetRules) *exchange.Error {
	return parseTarget(ex, rules).from(exchange.SourceClient)
}

func parseTarget(ex *exchange.Exchange, rules TargetRules) reason {
	h := &ex.Request.Head
	host, hasHost := h.Fields.Get(exchange.FieldHost)
	target := h.Target
	switch {
	case len(target) == 0:
		return targetInvalid
	case target[0] == '/':
		if !hasHost {
			return hostMissing
		}
		if r := setAuthority(ex, host); r != noReason {
			return r
		}
	case target[0] == '*':
		if len(target) > 1 || h.Method != exchange.MethodOptions {
			return targetInvalid
		}
		if !hasHost {
			return hostMissing
		}
		ex.RawPath, ex.Path = target, target
		return setAuthority(ex, host)
	default:
		rest, r := absoluteForm(ex, host, hasHost)
		if r != noReason {
			return r
		}
		if len(rest) == 0 || rest[0] == '?' {
			return emptyPath(ex, rest, rules)
		}
		target = rest
	}
	return pathAndQuery(ex, target, rules)
}

// emptyPath deals with "http://host" and "http://host?query": the path is "/", or
// "*" for OPTIONS without a query (RFC 9112 §3.2.4).
func emptyPath(ex *exchange.Exchange, query []byte, rules TargetRules) reason {
	ex.RawPath, ex.Path = slash, slash
	if len(query) == 0 {
		if ex.Request.Method == exchange.MethodOptions {
			ex.RawPath, ex.Path = asterisk, asterisk
		}
		return noReason
	}
	ex.Query, ex.HasQuery = query[1:], true
	return checkQuery(ex.Query, rules.LooseQuery)
}

var (
	slash    = []byte("/")
	asterisk = []byte("*")
)

func pathAndQuery(ex *exchange.Exchange, target []byte, rules TargetRules) reason {
	path := target
	if q := bytes.IndexByte(target, '?'); q >= 0 {
		path = target[:q:q]
		ex.Query, ex.HasQuery = target[q+1:], true
		if r := checkQuery(ex.Query, rules.LooseQuery); r != noReason {
			return r
		}
	}
	ex.RawPath = path
	normal, r := normalizeFast(path)
	if r == pathNeedsWork {
		normal, r = normalize(ex.Scratch(len(path))[:0], path, rules.Normalization)
	}
	ex.Path = normal
	return r
}

// checkQuery judges what follows the first "?".
func checkQuery(query []byte, loose bool) reason {
	for i := 0; i < len(query); i++ {
		c := query[i]
		switch {
		case c == '#':
			return targetFragment
		case loose && c > ' ' && c < 0x7f:
		case c == '%':
			if _, ok := triplet(query, i); !ok {
				return queryInvalid
			}
			i += 2
		case !is(c, classQuery):
			return queryInvalid
		}
	}
	return noReason
}

// absoluteForm reads "http://authority" or "https://authority" off the target, sets
// the authority and returns what follows it.
func absoluteForm(ex *exchange.Exchange, host []byte, hasHost bool) ([]byte, reason) {
	target := ex.Request.Target
	scheme := exchange.SchemeHTTP
	switch {
	case prefixFold(target, "http://"):
		target = target[len("http://"):]
	case prefixFold(target, "https://"):
		target = target[len("https://"):]
		scheme = exchange.SchemeHTTPS
	default:
		return nil, targetInvalid
	}
	end := 0
	for end < len(target) && target[end] != '/' && target[end] != '?' && target[end] != '#' {
		if target[end] == '@' {
			return nil, targetUserinfo
		}
		end++
	}
	if end < len(target) && target[end] == '#' {
		return nil, targetFragment
	}
	if !hasHost && ex.Request.Version != exchange.HTTP10 {
		return nil, hostMissing
	}
	if _, ok := ParseAuthority(target[:end]); !ok {
		return nil, targetInvalid
	}
	setAuthority(ex, target[:end:end])
	if hasHost {
		if r := sameAuthority(ex, host, scheme); r != noReason {
			return nil, r
		}
	}
	if scheme != ex.Scheme {
		return nil, targetSchemeMismatch
	}
	return target[end:], noReason
}

// setAuthority validates an authority and sets the facts that come from it.
func setAuthority(ex *exchange.Exchange, authority []byte) reason {
	a, ok := ParseAuthority(authority)
	if !ok {
		return hostInvalid
	}
	ex.Authority = authority
	ex.AuthorityPort = a.Port
	ex.Host = lowerHost(ex, a.Host)
	return noReason
}

// sameAuthority compares a Host field with the facts: hosts without case and
// trailing dot, ports with the scheme's default filled in.
func sameAuthority(ex *exchange.Exchange, host []byte, scheme exchange.Scheme) reason {
	a, ok := ParseAuthority(host)
	if !ok {
		return hostInvalid
	}
	if a.Port == 0 {
		a.Port = scheme.DefaultPort()
	}
	port := ex.AuthorityPort
	if port == 0 {
		port = scheme.DefaultPort()
	}
	if a.Port != port || len(a.Host) != len(ex.Host) {
		return hostTargetMismatch
	}
	for i, c := range a.Host {
		if lower(c) != ex.Host[i] {
			return hostTargetMismatch
		}
	}
	return noReason
}
