package listener

import (
	"iter"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/fairlead-mesh/fairlead/gateway/wire"
	"github.com/fairlead-mesh/fairlead/tls/handshake"
)

// Reasons for refusals that are not the grammar's: those of limits and of time.
const (
	ReasonContentTooLarge = "content_too_large"
	ReasonViaLoop         = "via_loop"
	ReasonFirstByte       = "first_byte_timeout"
	ReasonHeadTimeout     = "head_timeout"
	ReasonBodyTooSlow     = "body_too_slow"
	ReasonStreamIdle      = "stream_idle"
	ReasonBodyTruncated   = "body_truncated"
	ReasonClientGone      = "client_gone"

	reasonOther = "other"
)

var ownReasons = []string{
	ReasonContentTooLarge, ReasonViaLoop, ReasonFirstByte, ReasonHeadTimeout,
	ReasonBodyTooSlow, ReasonStreamIdle, ReasonBodyTruncated, ReasonClientGone, reasonOther,
}

// Stats count what happens on sockets and in codecs. Create it with NewStats; sockets
// may share it.
type Stats struct {
	Accepted atomic.Int64 // connections accepted
	Active   atomic.Int64 // connections open now
	Requests atomic.Int64 // requests whose head was complete

	AcceptPaused    atomic.Int64 // times accepting stopped at the connection limit
	AcceptExhausted atomic.Int64 // times accept failed for want of descriptors or memory
	ForcedClosed    atomic.Int64 // connections closed by a drain's deadline
	Panics          atomic.Int64 // connections killed by a recovered panic

	// refused is filled by NewStats and its keys never change.
	refused map[string]*atomic.Int64
}

// NewStats returns counters at zero, one for each reason to refuse.
func NewStats() *Stats {
	s := &Stats{refused: make(map[string]*atomic.Int64)}
	for _, reason := range slices.Concat(wire.Reasons(), handshake.Reasons(), ownReasons) {
		s.refused[reason] = new(atomic.Int64)
	}
	return s
}

// Refuse counts a refusal by its exchange.Error.Reason.
func (s *Stats) Refuse(reason string) {
	counter, ok := s.refused[reason]
	if !ok {
		counter = s.refused[reasonOther]
	}
	counter.Add(1)
}

// Refused returns how often a reason was counted.
func (s *Stats) Refused(reason string) int64 {
	if counter, ok := s.refused[reason]; ok {
		return counter.Load()
	}
	return 0
}

// Refusals yields every reason and its count, in order of name.
func (s *Stats) Refusals() iter.Seq2[string, int64] {
	return func(yield func(string, int64) bool) {
		for _, reason := range slices.Sorted(maps.Keys(s.refused)) {
			if !yield(reason, s.refused[reason].Load()) {
				return
			}
		}
	}
}
