package wire

import (
	"bytes"
	"iter"
	"math/bits"
	"slices"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// maxConnectionOptions bounds the options in all Connection fields of a message:
// each one costs a look at every field.
const maxConnectionOptions = 16

// connectionOptions are the options that mean something to us.
type connectionOptions struct {
	close, keepAlive, upgrade bool
}

// protectedFields may not be named in Connection: a peer could have a later hop's
// view of framing, routing, identity or the client's address removed (CVE-2024-45410).
var protectedFields = setOf(
	exchange.FieldHost, exchange.FieldContentLength, exchange.FieldTransferEncoding,
	exchange.FieldContentType, exchange.FieldContentEncoding, exchange.FieldCacheControl,
	exchange.FieldAuthorization, exchange.FieldCookie, exchange.FieldSetCookie,
	exchange.FieldExpect, exchange.FieldForwarded, exchange.FieldVia, exchange.FieldOrigin,
	exchange.FieldLocation, exchange.FieldGRPCStatus, exchange.FieldGRPCTimeout,
	exchange.FieldXForwardedClientCert, exchange.FieldXForwardedFor,
	exchange.FieldXForwardedHost, exchange.FieldXForwardedPort,
	exchange.FieldXForwardedProto, exchange.FieldXRealIP, exchange.FieldXRequestID,
	exchange.FieldTraceparent, exchange.FieldXEnvoyOriginalPath,
)

func isProtected(name []byte) bool {
	if id := exchange.LookupFieldID(name); id != exchange.FieldOther {
		return protectedFields.has(id)
	}
	return prefixFold(name, "x-forwarded-") || prefixFold(name, "x-envoy-") ||
		prefixFold(name, "content-")
}

// listItems yields the elements of a comma-separated list, without white space;
// empty elements too.
func listItems(value []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for {
			comma := bytes.IndexByte(value, ',')
			if comma < 0 {
				yield(trim(value))
				return
			}
			if !yield(trim(value[:comma])) {
				return
			}
			value = value[comma+1:]
		}
	}
}

// parseConnection reads every Connection field, RFC 9110 §7.6.1.
func parseConnection(fields *exchange.Fields) (opts connectionOptions, r reason) {
	count := 0
	for i := range fields.All() {
		f := &fields.All()[i]
		if f.ID != exchange.FieldConnection {
			continue
		}
		for item := range listItems(f.Value) {
			// Empty elements mean nothing but count (RFC 9110 §5.6.1.2).
			if count++; count > maxConnectionOptions || !allIn(item, classToken) {
				return opts, connectionMalformed
			}
			switch {
			case equalFold(item, "keep-alive"):
				opts.keepAlive = true
			case equalFold(item, "close"):
				opts.close = true
			case equalFold(item, "upgrade"):
				opts.upgrade = true
			case isProtected(item):
				return opts, connectionNamesProtectedField
			}
		}
	}
	return opts, noReason
}

// applyConnection sets KeepAlive and Upgrade, which depend on the same options.
func applyConnection(h *exchange.Head, seen *seenFields, rules *Rules) reason {
	h.KeepAlive = h.Version == exchange.HTTP11
	if !seen.once.has(exchange.FieldConnection) {
		return noReason
	}
	opts, r := parseConnection(&h.Fields)
	if r != noReason {
		return r
	}
	h.KeepAlive = !opts.close && (h.KeepAlive || opts.keepAlive)
	if opts.upgrade && h.Version == exchange.HTTP11 &&
		seen.once.has(exchange.FieldUpgrade) && !seen.twice.has(exchange.FieldUpgrade) {
		value, _ := h.Fields.Get(exchange.FieldUpgrade)
		if rules.allowsUpgrade(value) {
			h.Upgrade = value
		}
	}
	return noReason
}

func (r *Rules) allowsUpgrade(protocol []byte) bool {
	return slices.ContainsFunc(r.Upgrades, func(allowed string) bool {
		return equalFold(protocol, allowed)
	})
}

// hopByHop are the known fields that end at this hop. HTTP2-Settings has no meaning
// without h2c, which is never relayed.
var hopByHop = setOf(
	exchange.FieldConnection, exchange.FieldKeepAlive, exchange.FieldProxyConnection,
	exchange.FieldTransferEncoding, exchange.FieldTE, exchange.FieldUpgrade,
	exchange.FieldHTTP2Settings, exchange.FieldProxyAuthenticate,
	exchange.FieldProxyAuthorization,
)

// StripHopByHop removes the fields that belong to the connection the message came
// on: the known ones and those its Connection field names (RFC 9110 §7.6.1). Call
// it before adding any field of ours. The head must have come from ParseRequest or
// ParseResponse, which refuse protected names in Connection. Head.Upgrade,
// KeepAlive and Framing keep what the fields said, and the writers write it anew.
//
// An Expect of HTTP/1.0 is removed too: it must be ignored (RFC 9110 §10.1.1).
//
// It reports whether the sender takes trailer fields ("TE: trailers").
func StripHopByHop(h *exchange.Head) (acceptsTrailers bool) {
	var found fieldSet
	for i := range h.Fields.All() {
		f := &h.Fields.All()[i]
		found |= 1 << f.ID
		if f.ID == exchange.FieldTE && !acceptsTrailers {
			for item := range listItems(f.Value) {
				acceptsTrailers = acceptsTrailers || equalFold(item, "trailers")
			}
		}
	}
	if found.has(exchange.FieldConnection) {
		stripNamed(&h.Fields)
	}
	if found.has(exchange.FieldExpect) && !h.ExpectContinue {
		h.Fields.DelID(exchange.FieldExpect)
	}
	for found &= hopByHop; found != 0; found &= found - 1 {
		h.Fields.DelID(exchange.FieldID(bits.TrailingZeros64(uint64(found))))
	}
	return acceptsTrailers
}

// stripNamed removes the fields that Connection names. It looks the value up anew
// for each option, as removing moves the lines.
func stripNamed(fields *exchange.Fields) {
	names := make([][]byte, 0, maxConnectionOptions)
	for i := range fields.All() {
		f := &fields.All()[i]
		if f.ID != exchange.FieldConnection {
			continue
		}
		for item := range listItems(f.Value) {
			if len(names) < cap(names) && !isConnectionWord(item) {
				names = append(names, item)
			}
		}
	}
	for _, name := range names {
		if id := exchange.LookupFieldID(name); id != exchange.FieldOther {
			fields.DelID(id)
		} else {
			fields.Del(exchange.KeyOf(string(name)))
		}
	}
}

func isConnectionWord(item []byte) bool {
	return len(item) == 0 || equalFold(item, "keep-alive") || equalFold(item, "close") ||
		equalFold(item, "upgrade")
}
