package handshake

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"time"

	"github.com/fairlead-mesh/fairlead/tls/certs"
)

// Timeout bounds a handshake, from the first byte waited for to the last one read.
const Timeout = 5 * time.Second

// maxName is the longest server name that can be one (RFC 1035 §2.3.4).
const maxName = 255

// Choice is what a connection gets.
type Choice struct {
	Terminator   *Terminator
	Certificates *certs.Index
}

// Chooser says what there is for a server name: lower case, or empty if the client sent none.
// False: nothing, and the handshake is refused.
type Chooser interface {
	ChooseTLS(name string) (Choice, bool)
}

// attempt is one handshake. It is the value under attemptKey in the handshake's context, which
// is how crypto/tls's callbacks, which are shared, come by it.
type attempt struct {
	chooser Chooser
	choice  Choice
	name    string
	refused string // the reason, if it was ours to refuse
}

type attemptKey struct{}

// outer only chooses: its own versions and suites are never used.
var outer = &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: chooseConfig}

// refusal has no certificate, which crypto/tls answers with the alert unrecognized_name, and no
// ticket keys, so that nothing can be resumed on it.
var refusal = &tls.Config{
	MinVersion: tls.VersionTLS12, SessionTicketsDisabled: true,
	GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil },
}

// Accept shakes hands on stream and returns the connection and the server name it was for,
// which is lower case. If it fails, nothing is left to be done but to close stream, and the
// Refusal says why.
func Accept(stream net.Conn, chooser Chooser) (*tls.Conn, string, *Refusal) {
	a := &attempt{chooser: chooser}
	conn := tls.Server(stream, outer)
	_ = stream.SetDeadline(time.Now().Add(Timeout)) // a closed one shows when read
	err := conn.HandshakeContext(context.WithValue(context.Background(), attemptKey{}, a))
	if err != nil {
		return nil, a.name, a.explain(err)
	}
	if err := stream.SetDeadline(time.Time{}); err != nil {
		return nil, a.name, &Refusal{Reason: ReasonClientGone, Cause: err}
	}
	return conn, a.name, nil
}

func attemptOf(hello *tls.ClientHelloInfo) *attempt {
	return hello.Context().Value(attemptKey{}).(*attempt)
}

// chooseConfig is called once for each handshake, with the whole ClientHello.
func chooseConfig(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	a := attemptOf(hello)
	if len(hello.ServerName) > maxName {
		a.refused = ReasonUnknownName
		return refusal, nil
	}
	a.name = strings.ToLower(hello.ServerName)
	choice, ok := a.chooser.ChooseTLS(a.name)
	switch {
	case !ok:
		a.refused = ReasonUnknownName
		return refusal, nil
	case choice.Certificates.Empty():
		// Without this a session could be resumed, which takes no certificate.
		a.refused = ReasonNoCertificate
		return refusal, nil
	}
	a.choice = choice
	if !speaks(hello.SupportedVersions, choice.Terminator.settings) {
		a.refused = ReasonVersion
	}
	return choice.Terminator.current(), nil
}

// speaks reports whether the client offers a version that is served.
func speaks(offered []uint16, s *Settings) bool {
	for _, v := range offered {
		if v >= s.minVersion && v <= s.maxVersion {
			return true
		}
	}
	return false
}

func certificateOf(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return attemptOf(hello).choice.Certificates.Choose(hello), nil
}
