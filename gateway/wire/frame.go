package wire

import "encoding/binary"

// HTTP2Preface is what a client of HTTP/2 sends first, RFC 9113 §3.4.
const HTTP2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// Sizes of frames in bytes. We never ask for larger frames than the least that both
// sides must take, and never send larger ones.
const (
	FrameHeaderSize = 9
	MaxFramePayload = 16 << 10
)

// FrameType is what a frame is, RFC 9113 §6.
type FrameType uint8

// The frame types of RFC 9113.
const (
	FrameData FrameType = iota
	FrameHeaders
	FramePriority
	FrameRSTStream
	FrameSettings
	FramePushPromise
	FramePing
	FrameGoAway
	FrameWindowUpdate
	FrameContinuation
)

// FrameFlags are a frame's flags. A bit means another thing in another type.
type FrameFlags uint8

// The flags of RFC 9113.
const (
	FlagEndStream  FrameFlags = 0x1 // DATA, HEADERS
	FlagAck        FrameFlags = 0x1 // SETTINGS, PING
	FlagEndHeaders FrameFlags = 0x4
	FlagPadded     FrameFlags = 0x8
	FlagPriority   FrameFlags = 0x20
)

// Has reports whether a flag is set.
func (f FrameFlags) Has(flag FrameFlags) bool { return f&flag != 0 }

// HTTP2Code is an error code, RFC 9113 §7.
type HTTP2Code uint32

// The error codes of RFC 9113.
const (
	HTTP2NoError HTTP2Code = iota
	HTTP2ProtocolError
	HTTP2InternalError
	HTTP2FlowControlError
	HTTP2SettingsTimeout
	HTTP2StreamClosed
	HTTP2FrameSizeError
	HTTP2RefusedStream
	HTTP2Cancel
	HTTP2CompressionError
	HTTP2ConnectError
	HTTP2EnhanceYourCalm
	HTTP2InadequateSecurity
	HTTP2HTTP11Required
)

// HTTP2Setting is the number of a setting, RFC 9113 §6.5.2.
type HTTP2Setting uint16

// The settings of RFC 9113.
const (
	SettingHeaderTableSize      HTTP2Setting = 1
	SettingEnablePush           HTTP2Setting = 2
	SettingMaxConcurrentStreams HTTP2Setting = 3
	SettingInitialWindowSize    HTTP2Setting = 4
	SettingMaxFrameSize         HTTP2Setting = 5
	SettingMaxHeaderListSize    HTTP2Setting = 6
)

// MaxWindow is the largest flow-control window, RFC 9113 §6.9.1.
const MaxWindow = 1<<31 - 1

// FrameHeader is the head of a frame, RFC 9113 §4.1. The reserved bit of the stream is
// ignored when read and 0 when written.
type FrameHeader struct {
	Length int
	Type   FrameType
	Flags  FrameFlags
	Stream uint32
}

// ParseFrameHeader reads a frame's head; b has FrameHeaderSize bytes or more.
func ParseFrameHeader(b []byte) FrameHeader {
	_ = b[FrameHeaderSize-1]
	return FrameHeader{
		Length: int(b[0])<<16 | int(b[1])<<8 | int(b[2]),
		Type:   FrameType(b[3]),
		Flags:  FrameFlags(b[4]),
		Stream: binary.BigEndian.Uint32(b[5:]) & MaxWindow,
	}
}

// AppendFrameHeader appends a frame's head; Length is below 1<<24.
func AppendFrameHeader(dst []byte, h FrameHeader) []byte {
	return append(dst, byte(h.Length>>16), byte(h.Length>>8), byte(h.Length),
		byte(h.Type), byte(h.Flags),
		byte(h.Stream>>24), byte(h.Stream>>16), byte(h.Stream>>8), byte(h.Stream))
}

// AppendRSTStream appends a RST_STREAM frame.
func AppendRSTStream(dst []byte, stream uint32, code HTTP2Code) []byte {
	dst = AppendFrameHeader(dst, FrameHeader{Length: 4, Type: FrameRSTStream, Stream: stream})
	return binary.BigEndian.AppendUint32(dst, uint32(code))
}

// AppendWindowUpdate appends a WINDOW_UPDATE frame; stream 0 is the connection.
func AppendWindowUpdate(dst []byte, stream, n uint32) []byte {
	dst = AppendFrameHeader(dst, FrameHeader{Length: 4, Type: FrameWindowUpdate, Stream: stream})
	return binary.BigEndian.AppendUint32(dst, n)
}

// AppendGoAway appends a GOAWAY frame without debug data.
func AppendGoAway(dst []byte, last uint32, code HTTP2Code) []byte {
	dst = AppendFrameHeader(dst, FrameHeader{Length: 8, Type: FrameGoAway})
	dst = binary.BigEndian.AppendUint32(dst, last)
	return binary.BigEndian.AppendUint32(dst, uint32(code))
}

// AppendPing appends a PING frame of eight bytes.
func AppendPing(dst []byte, flags FrameFlags, data [8]byte) []byte {
	dst = AppendFrameHeader(dst, FrameHeader{Length: 8, Type: FramePing, Flags: flags})
	return append(dst, data[:]...)
}

// AppendSetting appends one entry of a SETTINGS frame's payload.
func AppendSetting(dst []byte, id HTTP2Setting, value uint32) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(id))
	return binary.BigEndian.AppendUint32(dst, value)
}

// Unpad cuts the padding off the payload of a frame with FlagPadded, RFC 9113 §6.1. It
// reports false if there is more padding than payload.
func Unpad(flags FrameFlags, payload []byte) ([]byte, bool) {
	if !flags.Has(FlagPadded) {
		return payload, true
	}
	if len(payload) == 0 || int(payload[0]) >= len(payload) {
		return nil, false
	}
	return payload[1 : len(payload)-int(payload[0])], true
}
