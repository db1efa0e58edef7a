package wire

import "github.com/fairlead-mesh/fairlead/gateway/exchange"

// reason is why a message is refused; noReason means it is not.
type reason uint8

const (
	noReason reason = iota

	// Bytes and lines.
	bareLF
	bareCR
	controlByte
	headTruncated
	headTooLarge
	leadingCRLF

	// Start line.
	requestLineMalformed
	methodInvalid
	methodRefused
	targetTooLong
	versionMissing
	versionMalformed
	versionUnsupported
	http2Preface
	statusLineMalformed
	statusLineTooLong
	statusOutOfRange

	// Field lines.
	fieldTooLarge
	fieldTooMany
	fieldNameInvalid
	fieldNameUnderscore
	fieldNameTooLong
	colonMissing
	spaceBeforeColon
	obsFold

	// Framing.
	contentLengthAndTransferEncoding
	contentLengthRepeated
	contentLengthMalformed
	transferEncodingUnsupported
	transferEncodingRepeated
	transferEncodingHTTP10
	framingForbidden

	// Connection, Expect, Upgrade.
	connectionMalformed
	connectionNamesProtectedField
	expectationUnknown
	upgradeWithBody
	upgradeMalformed

	// Target and authority.
	hostMissing
	hostRepeated
	hostInvalid
	hostTargetMismatch
	targetInvalid
	targetFragment
	targetUserinfo
	targetSchemeMismatch
	pathInvalidByte
	pathPercentInvalid
	pathNUL
	pathOverlongUTF8
	pathEscapesRoot
	pathDotSegmentParams
	pathEncodedDotSegment
	queryInvalid

	// Chunked coding.
	chunkSizeMalformed
	chunkSizeOverflow
	chunkExtensionMalformed
	chunkExtensionsTooLarge
	chunkLineTooLong
	chunkEndMalformed
	chunkOverhead
	trailersTooLarge
	trailersTooMany

	// Writing: a fault of our own, not of a peer.
	emitMethod
	emitTarget
	emitAuthority
	emitFieldName
	emitFieldValue
	emitStatus
	emitFraming

	// Rewriting: the client's path and the route's rewrite together; CheckRewritten.
	pathRewriteUnsafe

	reasonCount
)

type reasonRow struct {
	name   string
	kind   exchange.Kind // for a request; a response's is always KindUpstreamProtocol
	status int           // overrides the kind's for a request, if not 0
}

const bad = exchange.KindBadRequest

// reasonRows is the only place where a reason gets its name and its answer.
var reasonRows = [reasonCount]reasonRow{
	noReason:      {"", bad, 0},
	bareLF:        {"bare_lf", bad, 0},
	bareCR:        {"bare_cr", bad, 0},
	controlByte:   {"control_byte", bad, 0},
	headTruncated: {"head_truncated", bad, 0},
	headTooLarge:  {"head_too_large", bad, 431},
	leadingCRLF:   {"leading_crlf_repeated", bad, 0},

	requestLineMalformed: {"request_line_malformed", bad, 0},
	methodInvalid:        {"method_invalid", bad, 0},
	methodRefused:        {"method_refused", exchange.KindRefusedMethod, 0},
	targetTooLong:        {"target_too_long", bad, 414},
	versionMissing:       {"version_missing", bad, 0},
	versionMalformed:     {"version_malformed", bad, 0},
	versionUnsupported:   {"version_unsupported", exchange.KindUnsupportedVersion, 0},
	http2Preface:         {"http2_preface", exchange.KindUnsupportedVersion, 0},
	statusLineMalformed:  {"status_line_malformed", bad, 0},
	statusLineTooLong:    {"status_line_too_long", bad, 0},
	statusOutOfRange:     {"status_out_of_range", bad, 0},

	fieldTooLarge:       {"field_too_large", bad, 431},
	fieldTooMany:        {"field_too_many", bad, 431},
	fieldNameInvalid:    {"field_name_invalid", bad, 0},
	fieldNameUnderscore: {"field_name_underscore", bad, 0},
	fieldNameTooLong:    {"field_name_too_long", bad, 431},
	colonMissing:        {"colon_missing", bad, 0},
	spaceBeforeColon:    {"space_before_colon", bad, 0},
	obsFold:             {"obs_fold", bad, 0},

	contentLengthAndTransferEncoding: {"content_length_and_transfer_encoding", bad, 0},
	contentLengthRepeated:            {"content_length_repeated", bad, 0},
	contentLengthMalformed:           {"content_length_malformed", bad, 0},
	transferEncodingUnsupported:      {"transfer_encoding_unsupported", bad, 0},
	transferEncodingRepeated:         {"transfer_encoding_repeated", bad, 0},
	transferEncodingHTTP10:           {"transfer_encoding_http10", bad, 0},
	framingForbidden:                 {"framing_forbidden", bad, 0},

	connectionMalformed:           {"connection_malformed", bad, 0},
	connectionNamesProtectedField: {"connection_names_protected_field", bad, 0},
	expectationUnknown:            {"expectation_unknown", exchange.KindExpectationFailed, 0},
	upgradeWithBody:               {"upgrade_with_body", bad, 0},
	upgradeMalformed:              {"upgrade_malformed", bad, 0},

	hostMissing:           {"host_missing", bad, 0},
	hostRepeated:          {"host_repeated", bad, 0},
	hostInvalid:           {"host_invalid", bad, 0},
	hostTargetMismatch:    {"host_target_mismatch", bad, 0},
	targetInvalid:         {"target_invalid", bad, 0},
	targetFragment:        {"target_fragment", bad, 0},
	targetUserinfo:        {"target_userinfo", bad, 0},
	targetSchemeMismatch:  {"target_scheme_mismatch", exchange.KindMisdirected, 0},
	pathInvalidByte:       {"path_invalid_byte", bad, 0},
	pathPercentInvalid:    {"path_percent_invalid", bad, 0},
	pathNUL:               {"path_nul", bad, 0},
	pathOverlongUTF8:      {"path_overlong_utf8", bad, 0},
	pathEscapesRoot:       {"path_escapes_root", bad, 0},
	pathDotSegmentParams:  {"path_dot_segment_params", bad, 0},
	pathEncodedDotSegment: {"path_encoded_dot_segment", bad, 0},
	queryInvalid:          {"query_invalid", bad, 0},

	chunkSizeMalformed:      {"chunk_size_malformed", bad, 0},
	chunkSizeOverflow:       {"chunk_size_overflow", bad, 0},
	chunkExtensionMalformed: {"chunk_extension_malformed", bad, 0},
	chunkExtensionsTooLarge: {"chunk_extensions_too_large", bad, 0},
	chunkLineTooLong:        {"chunk_line_too_long", bad, 0},
	chunkEndMalformed:       {"chunk_end_malformed", bad, 0},
	chunkOverhead:           {"chunk_overhead", bad, 0},
	trailersTooLarge:        {"trailers_too_large", bad, 431},
	trailersTooMany:         {"trailers_too_many", bad, 431},

	emitMethod:     {"emit_method", exchange.KindInternal, 0},
	emitTarget:     {"emit_target", exchange.KindInternal, 0},
	emitAuthority:  {"emit_authority", exchange.KindInternal, 0},
	emitFieldName:  {"emit_field_name", exchange.KindInternal, 0},
	emitFieldValue: {"emit_field_value", exchange.KindInternal, 0},
	emitStatus:     {"emit_status", exchange.KindInternal, 0},
	emitFraming:    {"emit_framing", exchange.KindInternal, 0},

	pathRewriteUnsafe: {"path_rewrite_unsafe", bad, 0},
}

// failures holds one error for each source and reason; read-only.
var failures = buildFailures()

func buildFailures() (t [exchange.SourceUpstream + 1][reasonCount]exchange.Error) {
	for r, row := range reasonRows {
		t[exchange.SourceUs][r] = exchange.Error{
			Kind: exchange.KindInternal, Source: exchange.SourceUs, Reason: row.name,
		}
		t[exchange.SourceClient][r] = exchange.Error{
			Kind: row.kind, Source: exchange.SourceClient, Status: row.status, Reason: row.name,
		}
		t[exchange.SourceUpstream][r] = exchange.Error{
			Kind: exchange.KindUpstreamProtocol, Source: exchange.SourceUpstream, Reason: row.name,
		}
	}
	return t
}

// from returns the reason's error, or nil for noReason.
func (r reason) from(source exchange.Source) *exchange.Error {
	if r == noReason {
		return nil
	}
	return &failures[source][r]
}

// Reasons returns every reason a message can be refused for, so that counters can
// be made before the first refusal.
func Reasons() []string {
	names := make([]string, 0, reasonCount-1)
	for _, row := range reasonRows[noReason+1:] {
		names = append(names, row.name)
	}
	return names
}
