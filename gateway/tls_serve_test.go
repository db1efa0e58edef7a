package gateway_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway"
	"github.com/fairlead-mesh/fairlead/tls/certs/certstest"
)

// freeOffset returns what to add to two ports so that nobody listens on either.
func freeOffset(t testing.TB, a, b int) int {
	t.Helper()
	for range 100 {
		first, err := strconv.Atoi(freePort(t))
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", first-a+b))
		if err == nil {
			l.Close()
			return first - a
		}
	}
	t.Fatal("no two ports are free")
	return 0
}

// TestSameRoutesBothWays has one route on HTTP and on HTTPS, and redirects from both.
func TestSameRoutesBothWays(t *testing.T) {
	offset := freeOffset(t, 80, 443)
	e := startSecure(t, gateway.Options{PortOffset: offset})
	e.port = strconv.Itoa(offset + 443)
	o := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("X-Forwarded-Proto"), " ", r.Header.Get("X-Forwarded-Port"))
	}))
	t.Cleanup(o.Close)
	_, oport, _ := net.SplitHostPort(o.Listener.Addr().String())
	text := strings.NewReplacer("OPORT", oport).Replace(`
gateway: {name: g}
---
listener: {name: g/h, gateway: g, address: 127.0.0.1, port: 80, protocol: PROTOCOL_HTTP}
---
listener: {name: g/s, gateway: g, address: 127.0.0.1, port: 443, protocol: PROTOCOL_HTTPS, tls: {mode: MODE_TERMINATE, certificates: [c]}}
---
backend: {name: b, endpoint_set: b}
---
endpoint: {name: b/0, set: b, address: 127.0.0.1, port: OPORT}
---
route: {name: r, attachments: [{listener: g/h}, {listener: g/s}], http: {forward: {backends: [{backend: b, weight: 1}]}}}
---
route: {name: old, attachments: [{listener: g/h}, {listener: g/s}], http: {matches: [{path: {exact: /old}}], redirect: {path: {replace_full: /new}}}}
---
route: {name: up, attachments: [{listener: g/h}], http: {matches: [{path: {exact: /up}}], redirect: {scheme: https}}}
`)
	e.apply(text, e.ca.Leaf("c", certstest.EC(t), "a.com"))
	secure, err := e.dial(e.config("a.com"))
	if err != nil {
		t.Fatal(err)
	}
	defer secure.Close()
	plain, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", fmt.Sprint("127.0.0.1:", offset+80))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	tests := []struct {
		name           string
		conn           io.ReadWriter
		path           string
		body, location string
	}{
		{"http", plain, "/", "http 80", ""},
		{"https", secure, "/", "https 443", ""},
		{"https, the same connection", secure, "/", "https 443", ""},
		{"http redirects", plain, "/old", "", "http://a.com/new"},
		{"https redirects", secure, "/old", "", "https://a.com/new"},
		{"http to https", plain, "/up", "", "https://a.com/up"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, body := ask(t, tt.conn, "a.com", tt.path)
			if body != tt.body || resp.Header.Get("Location") != tt.location {
				t.Errorf("%d %q, Location %q", resp.StatusCode, body, resp.Header.Get("Location"))
			}
		})
	}
}

// TestNotTLS sends a port of TLS what is none, and sees that others are served meanwhile.
func TestNotTLS(t *testing.T) {
	e := startSecure(t, gateway.Options{})
	e.apply(one, e.ca.Leaf("c", certstest.EC(t), "a.com"))
	tests := []struct {
		name, bytes, want string
	}{
		{"HTTP", "GET / HTTP/1.1\r\nHost: a.com\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n"},
		{"HTTP with content", "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: 4000\r\n\r\n" + strings.Repeat("x", 4000), "HTTP/1.1 400 Bad Request\r\n"},
		{"noise", "\x00\xff\x13\x37 noise, and more of it", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", e.address())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, tt.bytes); err != nil {
				t.Fatal(err)
			}
			if tt.want != "" {
				_ = conn.(*net.TCPConn).CloseWrite()
			}
			answer, _ := io.ReadAll(conn) // bytes may be left unread: a reset is an end too
			if !strings.HasPrefix(string(answer), tt.want) || tt.want == "" && len(answer) > 0 {
				t.Errorf("answered %q", answer)
			}
			if err := e.oneRequest(e.config("a.com")); err != nil {
				t.Errorf("another client: %v", err)
			}
		})
	}
	if n := e.refused("tls_not_tls"); n != 3 {
		t.Errorf("%d counted", n)
	}
}

// TestSecureDrain: large content both ways on a kept connection, and a drain that lets it end.
func TestSecureDrain(t *testing.T) {
	e := startSecure(t, gateway.Options{})
	release, arrived := make(chan struct{}), make(chan struct{})
	o := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(arrived)
			<-release
		}
		_, _ = io.Copy(w, r.Body)
	}))
	t.Cleanup(o.Close)
	_, oport, _ := net.SplitHostPort(o.Listener.Addr().String())
	e.apply(strings.Replace(one, "direct_response: {status: 200, body: here}", "forward: {backends: [{backend: b, weight: 1}]}", 1)+
		"---\nbackend: {name: b, endpoint_set: b}\n---\nendpoint: {name: b/0, set: b, address: 127.0.0.1, port: "+oport+"}\n",
		e.ca.Leaf("c", certstest.EC(t), "a.com"))
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: e.ca.Pool()}, MaxConnsPerHost: 1,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, e.address())
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	post := func(path string) error {
		resp, err := (&http.Client{Transport: transport}).Post("https://a.com"+path, "text/plain", bytes.NewReader(content))
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		back, err := io.ReadAll(resp.Body)
		if err == nil && !bytes.Equal(back, content) {
			err = fmt.Errorf("%d bytes came back of %d", len(back), len(content))
		}
		return err
	}
	for range 3 {
		if err := post("/"); err != nil {
			t.Fatal(err)
		}
	}
	idle, err := e.dial(e.config("a.com"))
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	late := make(chan error, 1)
	go func() { late <- post("/slow") }()
	<-arrived
	drained := make(chan struct{})
	go func() { defer close(drained); e.end() }()
	if _, err := idle.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("an idle connection ends with %v, want close_notify", err)
	}
	close(release)
	if err := <-late; err != nil {
		t.Errorf("the request under way: %v", err)
	}
	<-drained
}
