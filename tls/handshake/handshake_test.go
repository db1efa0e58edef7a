package handshake_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/tls/certs"
	"github.com/fairlead-mesh/fairlead/tls/certs/certstest"
	"github.com/fairlead-mesh/fairlead/tls/handshake"
)

// names is a Chooser of exact names.
type names map[string]handshake.Choice

func (n names) ChooseTLS(name string) (handshake.Choice, bool) {
	c, ok := n[name]
	return c, ok
}

func compile(t testing.TB, c *config.TlsSettings) *handshake.Terminator {
	t.Helper()
	s, err := handshake.Compile(c, []string{"http/1.1"})
	if err != nil {
		t.Fatal(err)
	}
	return handshake.NewTerminator(s)
}

func index(t testing.TB, list ...*config.Certificate) *certs.Index {
	t.Helper()
	var parsed []*certs.Certificate
	for _, c := range list {
		p, err := certs.Parse(c)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, p)
	}
	return certs.NewIndex(parsed)
}

func TestCompile(t *testing.T) {
	tests := []struct {
		name string
		in   *config.TlsSettings
		want string
	}{
		{"defaults", &config.TlsSettings{}, ""},
		{"a suite", &config.TlsSettings{CipherSuites: []string{"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"}}, ""},
		{"passthrough", &config.TlsSettings{Mode: config.TlsSettings_MODE_PASSTHROUGH}, "tls.mode: PASSTHROUGH is not served by this proxy"},
		{"min above max", &config.TlsSettings{MinVersion: config.TlsVersion_TLS_VERSION_1_3, MaxVersion: config.TlsVersion_TLS_VERSION_1_2}, "tls.min_version: above max_version"},
		{"a version of tomorrow", &config.TlsSettings{MaxVersion: 9}, "tls.max_version: 9 is not a version this proxy speaks"},
		{"a version below zero", &config.TlsSettings{MinVersion: -1}, "tls.min_version: -1 is not a version this proxy speaks"},
		{"CBC", &config.TlsSettings{CipherSuites: []string{"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"}}, "tls.cipher_suites[0]: "},
		{"no forward secrecy", &config.TlsSettings{CipherSuites: []string{"TLS_RSA_WITH_AES_128_GCM_SHA256"}}, "tls.cipher_suites[0]: "},
		{"one of TLS 1.3", &config.TlsSettings{CipherSuites: []string{"TLS_AES_128_GCM_SHA256"}}, "tls.cipher_suites[0]: "},
		{"OpenSSL's name", &config.TlsSettings{CipherSuites: []string{"ECDHE-RSA-AES128-GCM-SHA256"}}, "tls.cipher_suites[0]: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := handshake.Compile(tt.in, nil)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// shake runs a handshake over a pipe. The client's side says something, so that tickets, which
// TLS 1.3 sends after the handshake, are read.
func shake(chooser handshake.Chooser, client *tls.Config) (state tls.ConnectionState, refusal *handshake.Refusal, err error) {
	near, far := net.Pipe()
	return shakeOver(near, far, chooser, client)
}

// shakeOver is shake over a connection of the caller's. Where sessions of TLS 1.3 are kept it takes one
// with a buffer: both sides write before they read.
func shakeOver(near, far net.Conn, chooser handshake.Chooser, client *tls.Config) (state tls.ConnectionState, refusal *handshake.Refusal, err error) {
	defer near.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer far.Close()
		var conn *tls.Conn
		if conn, _, refusal = handshake.Accept(far, chooser); refusal == nil {
			_, _ = io.WriteString(conn, "hello")
		}
	}()
	conn := tls.Client(near, client)
	if err = conn.Handshake(); err == nil {
		_, err = io.ReadFull(conn, make([]byte, 5))
	}
	state = conn.ConnectionState()
	if err != nil { // a close with bytes unread would destroy our alert
		_, _ = io.Copy(io.Discard, near)
	}
	near.Close()
	<-done
	return state, refusal, err
}

// connected returns the two ends of a TCP connection.
func connected(t testing.TB) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if near, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return near, far
}

func TestAccept(t *testing.T) {
	ca := certstest.New(t)
	ec, both := ca.Leaf("ec", certstest.EC(t), "a.com"), ca.Leaf("rsa", certstest.RSA(t, 2048), "a.com")
	plain := compile(t, &config.TlsSettings{})
	chooser := names{
		"a.com":    {Terminator: plain, Certificates: index(t, ec, both)},
		"new.com":  {Terminator: compile(t, &config.TlsSettings{MinVersion: config.TlsVersion_TLS_VERSION_1_3}), Certificates: index(t, ec)},
		"old.com":  {Terminator: compile(t, &config.TlsSettings{MaxVersion: config.TlsVersion_TLS_VERSION_1_2}), Certificates: index(t, ec)},
		"suite":    {Terminator: compile(t, &config.TlsSettings{CipherSuites: []string{"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"}}), Certificates: index(t, ec)},
		"bare.com": {Terminator: plain, Certificates: index(t)},
	}
	tests := []struct {
		name   string
		client *tls.Config
		refuse string
		alert  string
		want   func(s tls.ConnectionState) bool
	}{
		{name: "newest", client: &tls.Config{ServerName: "a.com"}, want: func(s tls.ConnectionState) bool {
			return s.Version == tls.VersionTLS13 && s.PeerCertificates[0].Subject.CommonName == "ec"
		}},
		{name: "any case", client: &tls.Config{ServerName: "A.Com"}, want: func(s tls.ConnectionState) bool { return s.Version == tls.VersionTLS13 }},
		{name: "1.2", client: &tls.Config{ServerName: "a.com", MaxVersion: tls.VersionTLS12}, want: func(s tls.ConnectionState) bool {
			return s.Version == tls.VersionTLS12 && strings.Contains(tls.CipherSuiteName(s.CipherSuite), "GCM")
		}},
		{
			name: "a client of RSA alone", client: &tls.Config{ServerName: "a.com", MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}},
			want: func(s tls.ConnectionState) bool { return s.PeerCertificates[0].Subject.CommonName == "rsa" },
		},
		{
			name: "protocol", client: &tls.Config{ServerName: "a.com", NextProtos: []string{"h2", "http/1.1"}},
			want: func(s tls.ConnectionState) bool { return s.NegotiatedProtocol == "http/1.1" },
		},
		{name: "no protocol in common", client: &tls.Config{ServerName: "a.com", NextProtos: []string{"h2"}}, refuse: handshake.ReasonFailed, alert: "no application protocol"},
		{name: "1.1", client: &tls.Config{ServerName: "a.com", MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, refuse: handshake.ReasonVersion, alert: "protocol version not supported"},
		{name: "1.2 where 1.3 is needed", client: &tls.Config{ServerName: "new.com", MaxVersion: tls.VersionTLS12}, refuse: handshake.ReasonVersion, alert: "protocol version not supported"},
		{name: "1.2 is the most", client: &tls.Config{ServerName: "old.com"}, want: func(s tls.ConnectionState) bool { return s.Version == tls.VersionTLS12 }},
		{
			name: "CBC", client: &tls.Config{ServerName: "a.com", MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256}},
			refuse: handshake.ReasonFailed, alert: "handshake failure",
		},
		{
			name: "the suite that is left", client: &tls.Config{ServerName: "suite", MaxVersion: tls.VersionTLS12},
			want: func(s tls.ConnectionState) bool {
				return s.CipherSuite == tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
			},
		},
		{name: "unknown name", client: &tls.Config{ServerName: "x.com"}, refuse: handshake.ReasonUnknownName, alert: "unrecognized name"},
		{name: "no name", client: &tls.Config{}, refuse: handshake.ReasonUnknownName, alert: "unrecognized name"},
		{name: "a name that is too long", client: &tls.Config{ServerName: strings.Repeat("a.", 128) + "com"}, refuse: handshake.ReasonUnknownName, alert: "unrecognized name"},
		{name: "no certificate", client: &tls.Config{ServerName: "bare.com"}, refuse: handshake.ReasonNoCertificate, alert: "unrecognized name"},
		{name: "no certificate, 1.2", client: &tls.Config{ServerName: "bare.com", MaxVersion: tls.VersionTLS12}, refuse: handshake.ReasonNoCertificate, alert: "unrecognized name"},
		{name: "the client refuses", client: &tls.Config{ServerName: "a.com", VerifyConnection: func(tls.ConnectionState) error { return io.ErrNoProgress }}, refuse: handshake.ReasonClientAlert, alert: io.ErrNoProgress.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.client.InsecureSkipVerify = true
			near, far := connected(t)
			state, refusal, err := shakeOver(near, far, chooser, tt.client)
			if tt.refuse != "" {
				if refusal == nil || refusal.Reason != tt.refuse {
					t.Errorf("refused as %v, want %s", refusal, tt.refuse)
				}
				if err == nil || !strings.Contains(err.Error(), tt.alert) {
					t.Errorf("the client sees %v, want %s", err, tt.alert)
				}
				return
			}
			if err != nil || refusal != nil {
				t.Fatal(err, refusal)
			}
			if !tt.want(state) {
				t.Errorf("version %x, suite %s, protocol %q, certificate %s", state.Version,
					tls.CipherSuiteName(state.CipherSuite), state.NegotiatedProtocol, state.PeerCertificates[0].Subject)
			}
		})
	}
}

// TestResumption: a session is resumed on the terminator it was begun on, whatever became of its
// certificates, and on no other; and not where there is no certificate any more.
func TestResumption(t *testing.T) {
	ca := certstest.New(t)
	first, second := index(t, ca.Leaf("1", certstest.EC(t), "a.com")), index(t, ca.Leaf("2", certstest.EC(t), "a.com"))
	one := compile(t, &config.TlsSettings{})
	tests := []struct {
		name    string
		after   handshake.Choice
		resumed bool
		refuse  string
	}{
		{"unchanged", handshake.Choice{Terminator: one, Certificates: first}, true, ""},
		{"rotated", handshake.Choice{Terminator: one, Certificates: second}, true, ""},
		{"another listener", handshake.Choice{Terminator: compile(t, &config.TlsSettings{}), Certificates: first}, false, ""},
		{"certificate gone", handshake.Choice{Terminator: one, Certificates: index(t)}, false, handshake.ReasonNoCertificate},
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s/%s", tls.VersionName(version), tt.name), func(t *testing.T) {
				client := &tls.Config{
					ServerName: "a.com", RootCAs: ca.Pool(), MaxVersion: version,
					ClientSessionCache: tls.NewLRUClientSessionCache(4),
				}
				near, far := connected(t)
				if _, _, err := shakeOver(near, far, names{"a.com": {Terminator: one, Certificates: first}}, client); err != nil {
					t.Fatal(err)
				}
				near, far = connected(t)
				state, refusal, err := shakeOver(near, far, names{"a.com": tt.after}, client)
				if tt.refuse != "" {
					if refusal == nil || refusal.Reason != tt.refuse {
						t.Errorf("refused as %v, want %s", refusal, tt.refuse)
					}
					return
				}
				if err != nil || state.DidResume != tt.resumed {
					t.Errorf("resumed %v, want %v; error %v", state.DidResume, tt.resumed, err)
				}
			})
		}
	}
}

func TestTicketKeysTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := certstest.New(t)
		chooser := names{"a.com": {Terminator: compile(t, &config.TlsSettings{}), Certificates: index(t, ca.Leaf("1", certstest.EC(t), "a.com"))}}
		client := func() *tls.Config {
			return &tls.Config{
				ServerName: "a.com", RootCAs: ca.Pool(), MaxVersion: tls.VersionTLS12,
				ClientSessionCache: tls.NewLRUClientSessionCache(4),
			}
		}
		resumes := func(c *tls.Config) bool {
			state, refusal, err := shake(chooser, c)
			if err != nil {
				t.Fatal(err, refusal)
			}
			return state.DidResume
		}
		kept, forgotten := client(), client()
		if resumes(kept) || resumes(forgotten) {
			t.Fatal("resumed before there was a session")
		}
		time.Sleep(25 * time.Hour)
		if !resumes(kept) {
			t.Error("not resumed after one turn")
		}
		for range 3 { // a turn is made by the first handshake that is due
			time.Sleep(25 * time.Hour)
			resumes(client())
		}
		if resumes(forgotten) {
			t.Error("resumed by a key that should be forgotten")
		}
	})
}

// TestNotAHandshake sends what is no handshake, or too little of one.
func TestNotAHandshake(t *testing.T) {
	tests := []struct {
		name, bytes string
		want        string
		plain       bool
		close       bool
	}{
		{name: "silence", want: handshake.ReasonTimeout},
		{name: "half a record", bytes: "\x16\x03\x01\x02\x00\x01\x00", want: handshake.ReasonTimeout},
		{name: "HTTP", bytes: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", want: handshake.ReasonNotTLS, plain: true},
		{name: "HTTP/2", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", want: handshake.ReasonNotTLS, plain: true},
		{name: "SSH", bytes: "SSH-2.0-OpenSSH_9.9\r\n", want: handshake.ReasonNotTLS},
		{name: "a record too long", bytes: "\x16\x03\x01\xff\xff\x01\x00", want: handshake.ReasonFailed},
		{name: "another record first", bytes: "\x17\x03\x03\x00\x01\x00", want: handshake.ReasonNotTLS},
		{name: "a hello of nonsense", bytes: "\x16\x03\x01\x00\x08\x01\x00\x00\x04\x03\x03aa", want: handshake.ReasonFailed},
		{name: "gone", bytes: "\x16", close: true, want: handshake.ReasonClientGone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				defer near.Close()
				go func() {
					_, _ = io.WriteString(near, tt.bytes)
					if tt.close {
						near.Close()
						return
					}
					_, _ = io.Copy(io.Discard, near)
				}()
				begun := time.Now()
				_, _, refusal := handshake.Accept(far, names{})
				far.Close()
				if refusal == nil || refusal.Reason != tt.want || refusal.Plain != tt.plain {
					t.Fatalf("refused as %+v, want %s", refusal, tt.want)
				}
				if took := time.Since(begun); (tt.want == handshake.ReasonTimeout) != (took == handshake.Timeout) {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}
