package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway"
	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/telemetry"
	"github.com/fairlead-mesh/fairlead/tls/certs/certstest"
)

// secureEdge is a gateway with HTTPS listeners, and those who speak to it.
type secureEdge struct {
	*gateway.Gateway
	t       testing.TB
	metrics *telemetry.Registry
	port    string
	ca      *certstest.Authority
	version int
	drain   sync.Once
}

func startSecure(t testing.TB, options gateway.Options) *secureEdge {
	t.Helper()
	metrics := telemetry.NewRegistry(telemetry.Options{})
	options.Log, options.DrainTimeout = slog.New(slog.DiscardHandler), testTime
	e := &secureEdge{Gateway: gateway.New(metrics, options), t: t, metrics: metrics, port: freePort(t), ca: certstest.New(t)}
	t.Cleanup(e.end)
	return e
}

// end drains.
func (e *secureEdge) end() { e.drain.Do(func() { e.Drain(context.Background()) }) }

// apply applies resources, PORT being the port, and certificates. It fails if one is refused.
func (e *secureEdge) apply(text string, certificates ...*config.Certificate) {
	e.t.Helper()
	if ack := e.try(text, certificates...); len(ack.Rejected) > 0 {
		e.t.Fatal(ack.Rejected)
	}
}

func (e *secureEdge) try(text string, certificates ...*config.Certificate) config.Ack {
	e.t.Helper()
	e.version++
	var d config.Delta
	if text != "" {
		d = delta(e.t, "", text, "PORT", e.port)
	}
	d.Version = strconv.Itoa(e.version)
	for _, c := range certificates {
		d.Changed = append(d.Changed, config.Wrap(c))
	}
	return e.Apply(e.t.Context(), d)
}

// config is a client's that trusts the authority.
func (e *secureEdge) config(name string) *tls.Config {
	return &tls.Config{ServerName: name, RootCAs: e.ca.Pool()}
}

func (e *secureEdge) address() string { return "127.0.0.1:" + e.port }

// dial shakes hands.
func (e *secureEdge) dial(c *tls.Config) (*tls.Conn, error) {
	raw, err := (&net.Dialer{}).DialContext(e.t.Context(), "tcp", e.address())
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, c)
	if err := conn.HandshakeContext(e.t.Context()); err != nil {
		_, _ = io.Copy(io.Discard, raw) // to its end: a refusal is counted by then
		raw.Close()
		return nil, err
	}
	return conn, nil
}

// ask sends one request on a connection and returns the answer.
func ask(t testing.TB, conn io.ReadWriter, host, path string) (*http.Response, string) {
	t.Helper()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// refused returns what is counted under a reason.
func (e *secureEdge) refused(reason string) int {
	e.t.Helper()
	families, err := e.metrics.Gatherer().Gather()
	if err != nil {
		e.t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "fairlead_requests_refused_total" && m.GetLabel()[0].GetValue() == reason {
				return int(m.GetCounter().GetValue())
			}
		}
	}
	return -1
}

// four are the listeners of the conformance test for misdirected requests, and routes that say
// where a request went.
const four = `
gateway: {name: g}
---
listener: {name: g/any, gateway: g, address: 127.0.0.1, port: PORT, protocol: PROTOCOL_HTTPS, tls: {mode: MODE_TERMINATE, certificates: [c]}}
---
listener: {name: g/second, gateway: g, address: 127.0.0.1, port: PORT, protocol: PROTOCOL_HTTPS, hostnames: [second.org], tls: {mode: MODE_TERMINATE, certificates: [c]}}
---
listener: {name: g/wild, gateway: g, address: 127.0.0.1, port: PORT, protocol: PROTOCOL_HTTPS, hostnames: ["*.wild.org"], tls: {mode: MODE_TERMINATE, certificates: [c]}}
---
listener: {name: g/fourth, gateway: g, address: 127.0.0.1, port: PORT, protocol: PROTOCOL_HTTPS, hostnames: [fourth.wild.org], tls: {mode: MODE_TERMINATE, certificates: [c]}}
---
route: {name: r1, attachments: [{listener: g/any, hostnames: [example.org]}], http: {direct_response: {status: 200, body: any}}}
---
route: {name: r2, attachments: [{listener: g/second}], http: {direct_response: {status: 200, body: second}}}
---
route: {name: r3, attachments: [{listener: g/wild}], http: {direct_response: {status: 200, body: wild}}}
---
route: {name: r4, attachments: [{listener: g/fourth}], http: {direct_response: {status: 200, body: fourth}}}
`

func TestMisdirected(t *testing.T) {
	e := startSecure(t, gateway.Options{})
	e.apply(four, e.ca.Leaf("c", certstest.EC(t), "example.org"))
	tests := []struct {
		sni, host string
		status    int
		body      string
	}{
		{"example.org", "example.org", 200, "any"},
		{"example.org", "second.org", 421, ""},
		{"example.org", "unknown.org", 404, ""},
		{"second.org", "second.org", 200, "second"},
		{"second.org", "SECOND.org:443", 200, "second"},
		{"SECOND.org", "second.org", 200, "second"},
		{"second.org", "example.org", 421, ""},
		{"second.org", "unknown.org", 421, ""},
		{"third.wild.org", "third.wild.org", 200, "wild"},
		{"third.wild.org", "fifth.wild.org", 200, "wild"},
		{"third.wild.org", "fourth.wild.org", 421, ""},
		{"third.wild.org", "second.org", 421, ""},
		{"third.wild.org", "unknown.org", 421, ""},
		{"fourth.wild.org", "fourth.wild.org", 200, "fourth"},
		{"fourth.wild.org", "fifth.wild.org", 421, ""},
		{"unknown.org", "example.org", 200, "any"},
		{"unknown.org", "unknown.org", 404, ""},
		{"", "example.org", 200, "any"},
		{"", "second.org", 421, ""},
	}
	for _, tt := range tests {
		t.Run(tt.sni+" "+tt.host, func(t *testing.T) {
			conn, err := e.dial(&tls.Config{ServerName: tt.sni, InsecureSkipVerify: true})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			resp, body := ask(t, conn, tt.host, "/")
			if resp.StatusCode != tt.status || tt.body != "" && body != tt.body {
				t.Errorf("%d %q, want %d %q", resp.StatusCode, body, tt.status, tt.body)
			}
		})
	}
}

// TestServerNamesApart: listeners that answer to every Host and are told apart by SNI alone, as
// Istio's servers are.
func TestServerNamesApart(t *testing.T) {
	e := startSecure(t, gateway.Options{})
	e.apply(`
gateway: {name: g}
---
listener: {name: g/a, gateway: g, address: 127.0.0.1, port: PORT, protocol: PROTOCOL_HTTPS, tls: {mode: MODE_TERMINATE, certificates: [a], sni_hosts: [a.com]}}
---
listener: {name: g/b, gateway: g, address: 127.0.0.1, port: PORT, protocol: PROTOCOL_HTTPS, tls: {mode: MODE_TERMINATE, certificates: [b], sni_hosts: ["*.b.com"]}}
---
route: {name: ra, attachments: [{listener: g/a}], http: {direct_response: {status: 200, body: a}}}
---
route: {name: rb, attachments: [{listener: g/b}], http: {direct_response: {status: 200, body: b}}}
`, e.ca.Leaf("a", certstest.EC(t), "a.com"), e.ca.Leaf("b", certstest.EC(t), "*.b.com"))
	for sni, want := range map[string]string{"a.com": "a", "x.b.com": "b"} {
		conn, err := e.dial(e.config(sni))
		if err != nil {
			t.Fatal(err)
		}
		if _, body := ask(t, conn, "whatever.org", "/"); body != want {
			t.Errorf("%s is served by %q", sni, body)
		}
		conn.Close()
	}
	for _, sni := range []string{"b.com", "c.com", ""} {
		if conn, err := e.dial(&tls.Config{ServerName: sni, InsecureSkipVerify: true}); err == nil {
			conn.Close()
			t.Errorf("%q is served", sni)
		}
	}
	if n := e.refused("tls_unknown_name"); n != 3 {
		t.Errorf("%d handshakes counted as refused", n)
	}
}

const one = `
gateway: {name: g}
---
listener: {name: g/s, gateway: g, address: 127.0.0.1, port: PORT, protocol: PROTOCOL_HTTPS, tls: {mode: MODE_TERMINATE, certificates: [c]}}
---
route: {name: r, attachments: [{listener: g/s}], http: {direct_response: {status: 200, body: here}}}
`

func TestCertificateComesAndGoes(t *testing.T) {
	e := startSecure(t, gateway.Options{})
	served := func() string {
		conn, err := e.dial(e.config("a.com"))
		if err != nil {
			return ""
		}
		defer conn.Close()
		ask(t, conn, "a.com", "/")
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	e.apply(one)
	if served() != "" || e.refused("tls_no_certificate") != 1 {
		t.Error("a listener without its certificate is served, or not counted")
	}
	first := e.ca.Leaf("c", certstest.EC(t), "a.com")
	e.apply("", first)
	before := served()
	e.apply("", e.ca.Leaf("c", certstest.EC(t), "a.com"))
	after := served()
	if before == "" || after == "" || before == after {
		t.Errorf("certificate %s, then %s", before, after)
	}
	broken := config.Certificate{Name: "c", ChainPem: first.GetChainPem(), KeyPem: e.ca.Leaf("x", certstest.EC(t)).GetKeyPem()}
	ack := e.try("", &broken)
	if len(ack.Rejected) != 1 || ack.Rejected[0].Reason != "key_pem: is not the key of the first certificate in chain_pem" {
		t.Errorf("rejected %v", ack.Rejected)
	}
	if served() != after {
		t.Error("the last good certificate is not served")
	}
	e.Apply(t.Context(), config.Delta{Version: "gone", Removed: []config.Name{{Kind: config.KindCertificate, Name: "c"}}})
	if served() != "" {
		t.Error("a certificate that is gone is served")
	}
}

// TestRotation changes the certificate 200 times while clients shake hands and ask. None may
// fail.
func TestRotation(t *testing.T) {
	e := startSecure(t, gateway.Options{})
	keys := e.ca.Leaf("c", certstest.EC(t), "a.com")
	e.apply(one, keys)
	var stop atomic.Bool
	var done atomic.Int64
	var clients sync.WaitGroup
	for i := range 4 {
		client := e.config("a.com")
		if i%2 == 0 {
			client.ClientSessionCache = tls.NewLRUClientSessionCache(4)
		}
		clients.Go(func() {
			for !stop.Load() {
				if err := e.oneRequest(client); err != nil {
					t.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	for range 200 {
		e.apply("", e.ca.Leaf("c", certstest.EC(t), "a.com"))
		for before := done.Load(); done.Load() == before && !t.Failed(); {
			if err := e.oneRequest(e.config("a.com")); err != nil {
				t.Error(err)
			}
		}
	}
	stop.Store(true)
	clients.Wait()
	t.Logf("%d requests over 200 rotations", done.Load())
}

func (e *secureEdge) oneRequest(client *tls.Config) error {
	conn, err := e.dial(client)
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: a.com\r\nConnection: close\r\n\r\n")
	answer, err := io.ReadAll(conn)
	if err == nil && !bytes.HasSuffix(answer, []byte("\r\n\r\nhere")) {
		err = fmt.Errorf("answered %q", answer)
	}
	return err
}

// TestResumptionAcrossSnapshots: a change of certificates, of routes and of other listeners leaves
// a listener's sessions alone; a change of its own settings ends them.
func TestResumptionAcrossSnapshots(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			e := startSecure(t, gateway.Options{})
			e.apply(one, e.ca.Leaf("c", certstest.EC(t), "a.com"))
			client := e.config("a.com")
			client.MaxVersion, client.ClientSessionCache = version, tls.NewLRUClientSessionCache(4)
			resumes := func() bool {
				conn, err := e.dial(client)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				ask(t, conn, "a.com", "/")
				return conn.ConnectionState().DidResume
			}
			if resumes() {
				t.Fatal("resumed nothing")
			}
			e.apply(one+`
---
listener: {name: g/other, gateway: g, address: 127.0.0.1, port: PORT, protocol: PROTOCOL_HTTPS, hostnames: [other.com], tls: {mode: MODE_TERMINATE, certificates: [c]}}
---
route: {name: r2, attachments: [{listener: g/s}], http: {matches: [{path: {exact: /x}}], direct_response: {status: 204}}}
`, e.ca.Leaf("c", certstest.EC(t), "a.com"))
			if !resumes() {
				t.Error("not resumed after a change that is no business of the listener")
			}
			e.apply(strings.Replace(one, "certificates: [c]", "certificates: [c], cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]", 1))
			if resumes() {
				t.Error("resumed on other settings")
			}
		})
	}
}
