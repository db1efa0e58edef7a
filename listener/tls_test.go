package listener

import (
	"bytes"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/tls/certs"
	"github.com/fairlead-mesh/fairlead/tls/certs/certstest"
	"github.com/fairlead-mesh/fairlead/tls/handshake"
)

// always chooses the same.
type always handshake.Choice

func (a always) ChooseTLS(string) (handshake.Choice, bool) { return handshake.Choice(a), true }

func TestTLS(t *testing.T) {
	ca := certstest.New(t)
	certificate, err := certs.Parse(ca.Leaf("c", certstest.EC(t), "a.com"))
	if err != nil {
		t.Fatal(err)
	}
	settings, err := handshake.Compile(&config.TlsSettings{}, []string{"http/1.1"})
	if err != nil {
		t.Fatal(err)
	}
	terminator := handshake.NewTerminator(settings)
	tests := []struct {
		name    string
		client  *tls.Config
		certs   []*certs.Certificate
		served  bool
		counted string
	}{
		{"served", &tls.Config{ServerName: "A.com", RootCAs: ca.Pool()}, []*certs.Certificate{certificate}, true, ""},
		{"refused", &tls.Config{ServerName: "a.com", RootCAs: ca.Pool()}, nil, false, handshake.ReasonNoCertificate},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			near, far := net.Pipe()
			var log bytes.Buffer
			var served *Conn
			layer := &TLS{
				Stats: NewStats(), Log: slog.New(slog.NewTextHandler(&log, nil)),
				Serve: func(c *Conn) {
					served = c
					_, _ = io.WriteString(c.Stream, "hello")
				},
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer far.Close()
				layer.Accept(NewConn(far, 443, nil), always{Terminator: terminator, Certificates: certs.NewIndex(tt.certs)})
			}()
			conn := tls.Client(near, tt.client)
			_, err := io.ReadFull(conn, make([]byte, len("hello")))
			near.Close()
			<-done
			if (err == nil) != tt.served || (served != nil) != tt.served {
				t.Fatalf("served %v, want %v; error %v", served != nil, tt.served, err)
			}
			if tt.served && (served.Scheme != exchange.SchemeHTTPS || served.SNI != "a.com") {
				t.Errorf("scheme %v, server name %q", served.Scheme, served.SNI)
			}
			for reason, n := range layer.Stats.Refusals() {
				if strings.HasPrefix(reason, "tls_") && (n == 1) != (reason == tt.counted) {
					t.Errorf("%s counted %d times", reason, n)
				}
			}
			if log.Len() > 0 {
				t.Errorf("a stranger fills the log: %s", log.String())
			}
		})
	}
}
