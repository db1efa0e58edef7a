package exchange

// FieldID numbers the field names that the data plane itself looks at, so that a
// lookup compares one byte. Every other name is FieldOther.
type FieldID uint8

// The known fields. Names are registered in the IANA HTTP Field Name Registry
// unless they are the habits of Envoy's and Istio's users.
const (
	FieldOther FieldID = iota
	FieldAccept
	FieldAcceptEncoding
	FieldAuthorization
	FieldCacheControl
	FieldConnection
	FieldContentEncoding
	FieldContentLength
	FieldContentType
	FieldCookie
	FieldDate
	FieldExpect
	FieldForwarded
	FieldGRPCStatus
	FieldGRPCTimeout
	FieldHost
	FieldHTTP2Settings
	FieldKeepAlive
	FieldLocation
	FieldMaxForwards
	FieldOrigin
	FieldProxyAuthenticate
	FieldProxyAuthorization
	FieldProxyConnection
	FieldRange
	FieldReferer
	FieldSecWebSocketKey
	FieldServer
	FieldSetCookie
	FieldTE
	FieldTraceparent
	FieldTrailer
	FieldTransferEncoding
	FieldUpgrade
	FieldUserAgent
	FieldVia
	FieldXEnvoyOriginalPath
	FieldXEnvoyUpstreamServiceTime
	FieldXForwardedClientCert
	FieldXForwardedFor
	FieldXForwardedHost
	FieldXForwardedPort
	FieldXForwardedProto
	FieldXRealIP
	FieldXRequestID
	fieldCount
)

// fieldNames holds the lower-case name of each known field.
var fieldNames = [fieldCount]string{
	FieldAccept:                    "accept",
	FieldAcceptEncoding:            "accept-encoding",
	FieldAuthorization:             "authorization",
	FieldCacheControl:              "cache-control",
	FieldConnection:                "connection",
	FieldContentEncoding:           "content-encoding",
	FieldContentLength:             "content-length",
	FieldContentType:               "content-type",
	FieldCookie:                    "cookie",
	FieldDate:                      "date",
	FieldExpect:                    "expect",
	FieldForwarded:                 "forwarded",
	FieldGRPCStatus:                "grpc-status",
	FieldGRPCTimeout:               "grpc-timeout",
	FieldHost:                      "host",
	FieldHTTP2Settings:             "http2-settings",
	FieldKeepAlive:                 "keep-alive",
	FieldLocation:                  "location",
	FieldMaxForwards:               "max-forwards",
	FieldOrigin:                    "origin",
	FieldProxyAuthenticate:         "proxy-authenticate",
	FieldProxyAuthorization:        "proxy-authorization",
	FieldProxyConnection:           "proxy-connection",
	FieldRange:                     "range",
	FieldReferer:                   "referer",
	FieldSecWebSocketKey:           "sec-websocket-key",
	FieldServer:                    "server",
	FieldSetCookie:                 "set-cookie",
	FieldTE:                        "te",
	FieldTraceparent:               "traceparent",
	FieldTrailer:                   "trailer",
	FieldTransferEncoding:          "transfer-encoding",
	FieldUpgrade:                   "upgrade",
	FieldUserAgent:                 "user-agent",
	FieldVia:                       "via",
	FieldXEnvoyOriginalPath:        "x-envoy-original-path",
	FieldXEnvoyUpstreamServiceTime: "x-envoy-upstream-service-time",
	FieldXForwardedClientCert:      "x-forwarded-client-cert",
	FieldXForwardedFor:             "x-forwarded-for",
	FieldXForwardedHost:            "x-forwarded-host",
	FieldXForwardedPort:            "x-forwarded-port",
	FieldXForwardedProto:           "x-forwarded-proto",
	FieldXRealIP:                   "x-real-ip",
	FieldXRequestID:                "x-request-id",
}

// maxKnownName is the length of the longest known name.
const maxKnownName = 32

// fieldSlots maps a hash of (length, first, last byte without case) to the known
// names that share it. Filled once from fieldNames; read-only afterwards.
var fieldSlots = buildFieldSlots()

const fieldSlotCount = 256

func fieldSlot(name []byte) uint8 {
	n := len(name)
	return uint8(n*37) ^ (name[0]|0x20)*5 ^ (name[n-1]|0x20)*3 ^ (name[n/2]|0x20)*17
}

func buildFieldSlots() (slots [fieldSlotCount][]FieldID) {
	for id := FieldOther + 1; id < fieldCount; id++ {
		s := fieldSlot([]byte(fieldNames[id]))
		slots[s] = append(slots[s], id)
	}
	return slots
}

// LookupFieldID returns the number of a field name, compared without case.
func LookupFieldID(name []byte) FieldID {
	if len(name) == 0 || len(name) > maxKnownName {
		return FieldOther
	}
	for _, id := range fieldSlots[fieldSlot(name)] {
		if equalLower(name, fieldNames[id]) {
			return id
		}
	}
	return FieldOther
}

// equalLower reports whether name equals lower (ASCII lower case) without case.
func equalLower(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i := range len(lower) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// String returns the lower-case field name, or "other".
func (id FieldID) String() string {
	if id == FieldOther || id >= fieldCount {
		return "other"
	}
	return fieldNames[id]
}
