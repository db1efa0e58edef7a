package http2

import (
	"fmt"
	"slices"

	"github.com/fairlead-mesh/fairlead/gateway/wire"
	"github.com/fairlead-mesh/fairlead/listener"
)

// Reasons to end a connection or a stream that HTTP/1 does not have. Those of a malformed
// request are wire.HTTP2Reasons.
const (
	ReasonPreface           = "h2_preface_invalid"
	ReasonFrameMalformed    = "h2_frame_malformed"
	ReasonFrameTooLarge     = "h2_frame_too_large"
	ReasonFrameUnexpected   = "h2_frame_unexpected"
	ReasonStreamClosed      = "h2_stream_closed"
	ReasonStreamID          = "h2_stream_id_invalid"
	ReasonSettings          = "h2_settings_invalid"
	ReasonCompression       = "h2_compression_error"
	ReasonFlowControl       = "h2_flow_control_error"
	ReasonWindowUpdate      = "h2_window_update_invalid"
	ReasonSelfDependency    = "h2_self_dependency"
	ReasonTooManyStreams    = "h2_too_many_streams"
	ReasonHeadsTooLarge     = "h2_heads_too_large"
	ReasonPrematureResets   = "h2_premature_resets"
	ReasonContinuationFlood = "h2_continuation_flood"
	ReasonEmptyDataFlood    = "h2_empty_data_flood"
	ReasonControlFlood      = "h2_control_flood"
	ReasonOutputFlood       = "h2_output_queue_full"
	ReasonWindowStall       = "h2_window_stalled"
	ReasonWriteStall        = "h2_write_stalled"
)

// Reasons returns every reason this package may pass to listener.Stats beyond those that
// HTTP/1 has.
func Reasons() []string {
	return slices.Concat(wire.HTTP2Reasons(), []string{
		ReasonPreface, ReasonFrameMalformed, ReasonFrameTooLarge, ReasonFrameUnexpected,
		ReasonStreamClosed, ReasonStreamID, ReasonSettings, ReasonCompression, ReasonFlowControl,
		ReasonWindowUpdate, ReasonSelfDependency, ReasonTooManyStreams, ReasonHeadsTooLarge, ReasonPrematureResets,
		ReasonContinuationFlood, ReasonEmptyDataFlood, ReasonControlFlood, ReasonOutputFlood,
		ReasonWindowStall, ReasonWriteStall, listener.ReasonClientGone,
	})
}

// connError ends the connection with GOAWAY.
type connError struct {
	code   wire.HTTP2Code
	reason string
}

// Error implements error.
func (e *connError) Error() string { return fmt.Sprintf("http2: %s (code %d)", e.reason, e.code) }

func fault(code wire.HTTP2Code, reason string) *connError { return &connError{code, reason} }
