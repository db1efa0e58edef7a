package handshake

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// Reasons for which handshakes fail, as they are counted.
const (
	ReasonTimeout       = "tls_handshake_timeout"
	ReasonNotTLS        = "tls_not_tls"        // the first bytes are not TLS
	ReasonUnknownName   = "tls_unknown_name"   // no listener for the server name
	ReasonNoCertificate = "tls_no_certificate" // the listener has none yet
	ReasonVersion       = "tls_version"        // no version in common
	ReasonClientAlert   = "tls_client_alert"   // the client refused
	ReasonClientGone    = "tls_client_gone"
	ReasonFailed        = "tls_handshake_failed" // all else: suites, grammar, signatures
)

// Reasons returns every reason.
func Reasons() []string {
	return []string{
		ReasonTimeout, ReasonNotTLS, ReasonUnknownName, ReasonNoCertificate,
		ReasonVersion, ReasonClientAlert, ReasonClientGone, ReasonFailed,
	}
}

// Refusal is why a handshake failed.
type Refusal struct {
	Reason string
	Cause  error
	// Plain: the client speaks HTTP without TLS, and can be told so.
	Plain bool
}

// Error implements error.
func (r *Refusal) Error() string { return r.Reason + ": " + r.Cause.Error() }

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

// explain finds the reason of a failed handshake.
func (a *attempt) explain(err error) *Refusal {
	r := &Refusal{Reason: ReasonFailed, Cause: err}
	opErr, isOp := errors.AsType[*net.OpError](err)
	header, notTLS := errors.AsType[tls.RecordHeaderError](err)
	switch {
	case a.refused != "":
		r.Reason = a.refused
	case errors.Is(err, os.ErrDeadlineExceeded):
		r.Reason = ReasonTimeout
	case notTLS && header.Conn != nil: // set for the very first record alone
		r.Reason, r.Plain = ReasonNotTLS, looksLikeHTTP(header.RecordHeader)
	case isOp && opErr.Op == "remote error":
		r.Reason = ReasonClientAlert
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		r.Reason = ReasonClientGone
	}
	return r
}

// looksLikeHTTP reports whether the bytes where a record's header should be begin a request.
func looksLikeHTTP(header [5]byte) bool {
	switch string(header[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "DELET", "PATCH", "PRI *", "CONNE", "TRACE":
		return true
	}
	return false
}
