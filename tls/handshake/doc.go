// Package handshake shakes hands with TLS clients.
//
// A Terminator is the TLS side of one listener: versions, suites, protocols, and the keys that
// encrypt its session tickets. It lives as long as its Settings stay the same, across
// snapshots, so that sessions can be resumed. Which Terminator and which certificates a
// connection gets is asked of a Chooser when its ClientHello is there, whole: a fragmented one
// gets the same as any other, and a certificate that has changed is shown at once.
//
// Accept runs one handshake to its end or to a Refusal. The package neither listens nor knows a
// listener's hostnames; it never opens where there is no certificate. Terminators and Accept
// may be used by several goroutines.
package handshake
