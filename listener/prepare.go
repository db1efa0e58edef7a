package listener

import (
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// Prepare turns a parsed request into one that may be routed. It is the one place where
// the record of facts is computed, for every codec: the codec sets ex.Request.Head and
// calls it, and everything after it reads the facts and nothing else.
//
// In this order: the connection's facts; the declared length against the limit; target
// and host, normalised once; whether the peer is trusted, and by that the client's
// address and scheme; hop-by-hop fields removed, before any field of ours is added;
// forwarding fields, X-Request-Id, Via; ex.Forward as the facts are. "Expect:
// 100-continue" is removed too, as the codec answers it itself when the content is
// first asked for.
//
// On a refusal ex holds what was known by then, for the log. The requests of one
// connection are prepared one at a time.
func Prepare(ex *exchange.Exchange, s *Settings, c *Conn) *exchange.Error {
	ex.Scheme = c.Scheme
	ex.ListenerPort = c.ListenerPort
	ex.Facts.Local, ex.Peer, ex.Client = c.Local, c.Peer, c.Peer.Addr()
	ex.SNI, ex.PeerIdentity = c.SNI, c.PeerIdentity
	ex.PeerTrusted = c.trusts(s)
	if ex.Request.ContentLength > s.ContentBytes {
		return ErrContentTooLarge
	}
	if err := wire.ParseTarget(ex, s.Target); err != nil {
		return err
	}
	ex.Request.AcceptsTrailers = wire.StripHopByHop(&ex.Request.Head)
	found := scan(&ex.Request.Fields)
	if found.has(exchange.FieldExpect) {
		ex.Request.Fields.DelID(exchange.FieldExpect)
	}
	if ex.PeerTrusted {
		forwardTrusted(ex, s, c, found)
	} else {
		forwardUntrusted(ex, c, found)
	}
	identify(ex, s, found)
	if !addVia(ex, s, found) {
		return errViaLoop
	}
	ex.Forward = exchange.Forward{
		Path: ex.Path, Query: ex.Query, HasQuery: ex.HasQuery, Authority: ex.Authority,
	}
	return nil
}

// ErrContentTooLarge refuses content over config.HttpLimits.content_bytes.
var ErrContentTooLarge = &exchange.Error{
	Kind: exchange.KindBadRequest, Source: exchange.SourceClient,
	Status: 413, Reason: ReasonContentTooLarge,
}

var errViaLoop = &exchange.Error{
	Kind: exchange.KindBadRequest, Source: exchange.SourceClient,
	Status: 508, Reason: ReasonViaLoop,
}

// presence says which known fields a request has, and whether it has others of the
// families that strangers may not send.
type presence struct {
	known  uint64
	family bool
}

// Every FieldID fits in presence.known; this fails to compile when one does not.
const _ = uint(63 - exchange.FieldXRequestID)

func (p presence) has(id exchange.FieldID) bool { return p.known>>id&1 != 0 }

func scan(fields *exchange.Fields) (p presence) {
	lines := fields.All()
	for i := range lines {
		p.known |= 1 << lines[i].ID
		if lines[i].ID == exchange.FieldOther && inFamily(lines[i].Name) {
			p.family = true
		}
	}
	return p
}

// identify decides on X-Request-Id.
func identify(ex *exchange.Exchange, s *Settings, found presence) {
	if found.has(exchange.FieldXRequestID) {
		if id, _ := ex.Request.Fields.Get(exchange.FieldXRequestID); ex.PeerTrusted &&
			!s.OmitRequestID && isRequestID(id) {
			ex.RequestID = id
			return
		}
		ex.Request.Fields.DelID(exchange.FieldXRequestID)
	}
	if !s.OmitRequestID {
		ex.RequestID = newRequestID(ex)
		add(ex, exchange.FieldXRequestID, nameRequestID, ex.RequestID)
	}
}

// maxOwnVia is how often our own pseudonym may already stand in Via: replicas share it,
// and a request may pass an edge, a mesh and an egress. More is a loop.
const maxOwnVia = 8

// addVia adds us to Via and reports false if the request is going round in circles.
func addVia(ex *exchange.Exchange, s *Settings, found presence) bool {
	if s.Via == "" {
		return true
	}
	length, own := 0, 0
	if found.has(exchange.FieldVia) {
		for _, f := range ex.Request.Fields.All() {
			if f.ID == exchange.FieldVia {
				length += len(f.Value) + len(", ")
				own += countHops(f.Value, s.Via)
			}
		}
	}
	if own > maxOwnVia {
		return false
	}
	earlier := joinLines(ex.Scratch(length)[:0], &ex.Request.Fields, exchange.FieldVia)
	value := ex.Scratch(length + len("1.1 ") + len(s.Via))[:0]
	ex.Request.Fields.Set(keyVia, wire.AppendVia(value, earlier, ex.Request.Version, s.Via))
	return true
}
