package handshake

import (
	"crypto/rand"
	"crypto/tls"
	"sync"
	"sync/atomic"
	"time"
)

// Tickets are encrypted with a key for ticketTurn and accepted for as many more turns as there
// are other keys kept.
const (
	ticketTurn = 24 * time.Hour
	ticketKeys = 4
)

// Terminator is the TLS side of one listener. Its ticket keys are its own: a session begun on
// it is resumed on it and nowhere else.
type Terminator struct {
	settings *Settings
	config   *tls.Config

	nextTurn atomic.Int64 // Unix seconds
	mu       sync.Mutex
	keys     [][32]byte // the newest first
}

// NewTerminator returns one with new ticket keys.
func NewTerminator(s *Settings) *Terminator {
	t := &Terminator{settings: s, config: &tls.Config{
		MinVersion: s.minVersion, MaxVersion: s.maxVersion,
		CipherSuites: s.suites, NextProtos: s.protocols,
		GetCertificate: certificateOf,
	}}
	t.turn(time.Now())
	return t
}

// Settings returns those it was made of.
func (t *Terminator) Settings() *Settings { return t.settings }

// current returns the configuration for one handshake.
func (t *Terminator) current() *tls.Config {
	if now := time.Now(); now.Unix() >= t.nextTurn.Load() {
		t.turn(now)
	}
	return t.config
}

// turn makes a new ticket key and forgets the oldest. Without it a key that leaks would open
// every connection that was ever recorded.
func (t *Terminator) turn(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Unix() < t.nextTurn.Load() {
		return // another goroutine was quicker
	}
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails: crypto/rand
	keys := append([][32]byte{key}, t.keys...)
	t.keys = keys[:min(len(keys), ticketKeys)]
	t.config.SetSessionTicketKeys(t.keys)
	t.nextTurn.Store(now.Add(ticketTurn).Unix())
}
