package gateway_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway"
	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/telemetry"
)

// resources is a configuration in its YAML form, with PORT and ORIGIN filled in.
func delta(t testing.TB, version, text string, replace ...string) config.Delta {
	t.Helper()
	rs, err := config.UnmarshalYAML([]byte(strings.NewReplacer(replace...).Replace(text)))
	if err != nil {
		t.Fatal(err)
	}
	return config.Delta{Version: version, Changed: rs}
}

// freePort returns a port nobody listens on.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// origin is a server that answers with who it is and what it was asked.
func origin(t testing.TB, name string) netip.AddrPort {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Origin", name)
		fmt.Fprintf(w, "%s %s %s %s", name, r.Method, r.Host, r.RequestURI)
		for _, h := range []string{"X-Req", "X-Gone"} {
			if v := r.Header.Get(h); v != "" {
				fmt.Fprintf(w, " %s=%s", h, v)
			}
		}
	}))
	t.Cleanup(s.Close)
	return netip.MustParseAddrPort(s.Listener.Addr().String())
}

func start(t testing.TB) *gateway.Gateway {
	t.Helper()
	g := gateway.New(telemetry.NewRegistry(telemetry.Options{}), gateway.Options{
		Log: slog.New(slog.DiscardHandler), DrainTimeout: 5 * time.Second,
	})
	t.Cleanup(func() { g.Drain(context.Background()) })
	return g
}

const basic = `
gateway: {name: g}
---
listener: {name: g/http, gateway: g, address: 127.0.0.1, port: PORT, protocol: PROTOCOL_HTTP}
---
backend: {name: "outbound|80||a", endpoint_set: "a|80"}
---
endpoint: {name: "a|80/ORIGIN", set: "a|80", address: 127.0.0.1, port: OPORT}
---
route:
  name: r
  attachments: [{listener: g/http}]
  http:
    matches: [{path: {segment_prefix: /a}}]
    filters:
    - rewrite: {path: {replace_prefix: /}}
    - request_headers: {set: [{name: X-Req, value: "1"}], remove: [X-Gone]}
    - response_headers: {add: [{name: X-Resp, value: "2"}]}
    forward: {backends: [{backend: "outbound|80||a", weight: 1}]}
---
route:
  name: redirect
  attachments: [{listener: g/http}]
  http:
    matches: [{path: {exact: /old}}]
    redirect: {status: 301, path: {replace_full: /new}}
---
route:
  name: direct
  attachments: [{listener: g/http}]
  http:
    matches: [{path: {exact: /teapot}}]
    direct_response: {status: 418, body: tea}
---
route:
  name: broken
  attachments: [{listener: g/http}]
  http:
    matches: [{path: {exact: /broken}}]
    forward: {backends: [{failure: {status: 500, reason: x}, weight: 1}]}
---
route:
  name: unknown
  attachments: [{listener: g/http}]
  http:
    matches: [{path: {exact: /unknown}}]
    forward: {backends: [{backend: none, weight: 1}]}
`

var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func get(t testing.TB, url string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Gone", "here")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func TestServe(t *testing.T) {
	o, port := origin(t, "a"), freePort(t)
	g := start(t)
	ack := g.Apply(t.Context(), delta(t, "1", basic, "OPORT", fmt.Sprint(o.Port()), "ORIGIN", o.String(), "PORT", port))
	if len(ack.Rejected) > 0 {
		t.Fatal(ack.Rejected)
	}
	host := "127.0.0.1:" + port
	tests := []struct {
		path   string
		status int
		body   string
		header string
	}{
		{"/a", 200, "a GET " + host + " / X-Req=1", "X-Resp: 2"},
		{"/a/x?y=z", 200, "a GET " + host + " /x?y=z X-Req=1", "X-Origin: a"},
		{"/ab", 404, "", ""},
		{"/old?q=1", 301, "", "Location: http://" + host + "/new?q=1"},
		{"/teapot", 418, "tea", "Content-Type: text/plain"},
		{"/broken", 500, "the backend of this route is not valid\n", ""},
		{"/unknown", 503, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			resp, body := get(t, "http://"+host+tt.path)
			if resp.StatusCode != tt.status || body != tt.body {
				t.Errorf("%d %q, want %d %q", resp.StatusCode, body, tt.status, tt.body)
			}
			if name, want, ok := strings.Cut(tt.header, ": "); ok && resp.Header.Get(name) != want {
				t.Errorf("%s: %q, want %q", name, resp.Header.Get(name), want)
			}
		})
	}
}
