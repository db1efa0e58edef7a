package exchange

import "net/netip"

// Scheme is the URI scheme a request came under.
type Scheme uint8

// Schemes of RFC 9110 §4.2.
const (
	SchemeHTTP Scheme = iota
	SchemeHTTPS
)

// String returns "http" or "https".
func (s Scheme) String() string {
	if s == SchemeHTTPS {
		return "https"
	}
	return "http"
}

// DefaultPort returns the scheme's well-known port.
func (s Scheme) DefaultPort() uint16 {
	if s == SchemeHTTPS {
		return 443
	}
	return 80
}

// Facts are what is known of a request before anything is decided: computed once
// for each stream by the listener's side, read by routing, policies, logs and the
// upstream writer, changed by no one. Two parts of the proxy that looked at a
// request differently would be a way around a policy.
type Facts struct {
	Scheme Scheme

	// Authority is the request's authority as it was received: the Host field, or
	// the target's authority in absolute form, which wins (RFC 9112 §3.2.2).
	Authority []byte
	// Host is Authority's host: lower case, without port, without a trailing dot.
	// An IPv6 literal keeps its brackets.
	Host []byte
	// AuthorityPort is the port named in Authority, 0 if none is.
	AuthorityPort uint16

	// RawPath is the path as received; Path is it after the one normalisation
	// that the listener is configured for. Routing, policies and the origin see
	// Path, and only Path. Both begin with "/", or are "*" for OPTIONS *.
	RawPath []byte
	Path    []byte
	// Query is what follows the first "?"; HasQuery tells "/a?" from "/a".
	Query    []byte
	HasQuery bool

	// ListenerPort is the port in the configuration, before any offset or
	// redirection by the host; Local is the address the client connected to.
	ListenerPort uint16
	Local        netip.AddrPort
	// Peer is the connection's other end; Client is the user's address: Peer, or
	// what trusted proxies said (see config.ForwardingTrust).
	Peer   netip.AddrPort
	Client netip.Addr
	// PeerTrusted is true if Peer may speak for others in forwarding fields.
	PeerTrusted bool

	// SNI is the server name of the TLS handshake, lower case; empty without TLS.
	SNI string
	// PeerIdentity is the verified identity of the peer's certificate (its SPIFFE
	// URI or first SAN); empty if there is none.
	PeerIdentity string
}
