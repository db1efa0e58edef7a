package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

const secret = "c2VjcmV0" // inside the key below

func testOptions() Options {
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "answer"}, func() float64 { return 42 }))
	return Options{
		Config: func() []*config.Resource {
			return []*config.Resource{
				config.Wrap(&config.Route{Name: "b"}), config.Wrap(&config.Route{Name: "a"}), config.Wrap(&config.Gateway{Name: "a"}),
				config.Wrap(&config.Certificate{Name: "c", KeyPem: []byte(secret)}),
			}
		},
		Rejected: func() []config.Rejection {
			return []config.Rejection{
				{Name: config.Name{Kind: config.KindRoute, Name: "r"}, Reason: "name: not set", Origin: &config.Origin{Kind: "HTTPRoute", Name: "shop", Generation: 3}},
				{Name: config.Name{Kind: config.KindListener, Name: "l"}, Reason: "port: taken"},
			}
		},
		Ready:   func() (bool, string) { return true, "" },
		Level:   new(slog.LevelVar),
		Metrics: metrics,
		Version: "v1.2.3",
	}
}

// ask sends a request to the handler as if it came over a connection to 10.0.0.5:15000.
func ask(s *Server, method, target string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "127.0.0.1:15000"
	maps.Copy(r.Header, header)
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	local := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 5), Port: 15000}
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(local)))
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestPages(t *testing.T) {
	s := New(testOptions())
	tests := []struct {
		name, method, target string
		status               int
		contentType          string
		body                 string // the whole of it, or with "…" at the end its beginning
	}{
		{"live", "GET", "/healthz/live", 200, typeText, "live\n"},
		{"ready", "GET", "/healthz/ready", 200, typeText, "ready\n"},
		{"metrics", "GET", "/metrics", 200, "", "# HELP answer \n# TYPE answer gauge\nanswer 42\n"},
		{"metrics-where-istio-has-them", "GET", "/stats/prometheus", 200, "", "# HELP answer \n# TYPE answer gauge\nanswer 42\n"},
		{"config", "GET", "/config", 200, typeYAML, "certificate:\n  name: c\n  # key_pem: redacted, 8 bytes\n---\ngateway:\n  name: a\n---\nroute:\n  name: a\n---\nroute:\n  name: b\n"},
		{"config-of-kind", "GET", "/config?kind=route", 200, typeYAML, "route:\n  name: a\n---\nroute:\n  name: b\n"},
		{"config-by-name", "GET", "/config?name=a", 200, typeYAML, "gateway:\n  name: a\n---\nroute:\n  name: a\n"},
		{"config-of-nothing", "GET", "/config?kind=policy&name=a", 200, typeYAML, ""},
		{"config-of-unknown-kind", "GET", "/config?kind=cluster", 400, typeText, "kind \"cluster\": not one of certificate, endpoint, backend, gateway, listener, route, policy\n"},
		{"config-read-only", "POST", "/config", 405, typeText, "Method Not Allowed\n"},
		{"rejected", "GET", "/config/rejected", 200, typeYAML, `- kind: listener
  name: l
  reason: 'port: taken'
- kind: route
  name: r
  reason: 'name: not set'
  origin:
    kind: HTTPRoute
    name: shop
    generation: 3
`},
		{"rejected-format", "GET", "/config/rejected?format=xml", 400, typeText, "format \"xml\": not yaml or json\n"},
		{"level", "GET", "/logging", 200, typeText, "level: info\n"},
		{"level-not-set-by-get", "GET", "/logging?level=debug", 200, typeText, "level: info\n"},
		{"level-unknown", "POST", "/logging?level=loud", 400, typeText, "level \"loud\": not one of debug, info, warn, error\n"},
		{"level-by-delete", "DELETE", "/logging", 405, typeText, "Method Not Allowed\n"},
		{"version", "GET", "/version", 200, typeText, "fairlead v1.2.3 go…"},
		{"profiles", "GET", "/debug/pprof/", 200, "text/html; charset=utf-8", "<html>…"},
		{"profile", "GET", "/debug/pprof/goroutine?debug=1", 200, typeText, "goroutine profile: …"},
		{"profile-by-post", "POST", "/debug/pprof/goroutine", 405, typeText, "Method Not Allowed\n"},
		{"symbol-by-post", "POST", "/debug/pprof/symbol", 405, typeText, "Method Not Allowed\n"},
		{"head", "HEAD", "/healthz/ready", 200, typeText, "…"},
		{"no-way-to-stop-it", "POST", "/quitquitquit", 404, typeText, "404 page not found\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := ask(s, tt.method, tt.target, nil)
			if w.Code != tt.status || tt.contentType != "" && w.Header().Get("Content-Type") != tt.contentType {
				t.Errorf("%d %s, want %d %s", w.Code, w.Header().Get("Content-Type"), tt.status, tt.contentType)
			}
			beginning, cut := strings.CutSuffix(tt.body, "…")
			if got := w.Body.String(); got != tt.body && (!cut || !strings.HasPrefix(got, beginning)) {
				t.Errorf("body:\n%s\nwant:\n%s", got, tt.body)
			}
		})
	}
}

func TestRejectedAsJSON(t *testing.T) {
	w := ask(New(testOptions()), "GET", "/config/rejected?format=json", nil)
	var got []map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"kind": "listener", "name": "l", "reason": "port: taken"},
		{"kind": "route", "name": "r", "reason": "name: not set", "origin": map[string]any{"kind": "HTTPRoute", "name": "shop", "generation": 3.0}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	options := testOptions()
	options.Rejected = func() []config.Rejection { return nil }
	for format, want := range map[string]string{"json": "[]\n", "yaml": "[]\n"} {
		if got := ask(New(options), "GET", "/config/rejected?format="+format, nil).Body.String(); got != want {
			t.Errorf("%s of nothing: %q", format, got)
		}
	}
}

func TestReadinessSaysWhyNot(t *testing.T) {
	options := testOptions()
	options.Ready = func() (bool, string) { return false, "no configuration yet" }
	w := ask(New(options), "GET", "/healthz/ready", nil)
	if w.Code != 503 || w.Body.String() != "not ready: no configuration yet\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestSetLevel(t *testing.T) {
	var log bytes.Buffer
	options := testOptions()
	options.Log = slog.New(slog.NewTextHandler(&log, nil))
	s := New(options)
	for _, method := range []string{"POST", "PUT"} {
		options.Level.Set(slog.LevelInfo)
		w := ask(s, method, "/logging?level=debug", nil)
		if w.Code != 200 || w.Body.String() != "level: debug\n" || options.Level.Level() != slog.LevelDebug {
			t.Errorf("%s: %d %q, level %v", method, w.Code, w.Body, options.Level.Level())
		}
	}
	if n := strings.Count(log.String(), `msg="log level changed" old=INFO new=DEBUG`); n != 2 {
		t.Errorf("%d of 2 changes logged:\n%s", n, log.String())
	}
}

func TestIndexListsWhatIsThere(t *testing.T) {
	s := New(testOptions())
	index := ask(s, "GET", "/", nil).Body.String()
	for line := range strings.Lines(index) {
		path, _, _ := strings.Cut(line, " ")
		if strings.HasPrefix(path, "/debug/pprof/") {
			continue // profiles take their time
		}
		if w := ask(s, "GET", path, nil); w.Code != 200 {
			t.Errorf("%s is listed and answers %d", path, w.Code)
		}
	}
	if n := strings.Count(index, "\n"); n != 11 {
		t.Errorf("%d lines:\n%s", n, index)
	}
	bare := New(Options{})
	if got := ask(bare, "GET", "/", nil).Body.String(); strings.Contains(got, "/config") || strings.Contains(got, "/metrics") {
		t.Errorf("lists what it has not:\n%s", got)
	}
	if w := ask(bare, "GET", "/config", nil); w.Code != 404 {
		t.Errorf("config of nothing: %d", w.Code)
	}
}

func TestGuard(t *testing.T) {
	options := testOptions()
	options.Hosts = []string{"edge-admin.istio-system.svc"}
	s := New(options)
	host := func(h string) http.Header { return http.Header{"Host": {h}} }
	tests := []struct {
		name, method string
		header       http.Header
		status       int
	}{
		{"localhost", "GET", host("localhost:15000"), 200},
		{"localhost-upper-case", "GET", host("LOCALHOST"), 200},
		{"loopback", "GET", host("127.8.9.1"), 200},
		{"loopback-v6", "GET", host("[::1]:15000"), 200},
		{"mapped-loopback", "GET", host("[::ffff:127.0.0.1]:15000"), 200},
		{"bound-address", "GET", host("10.0.0.5:15000"), 200},
		{"named-in-options", "GET", host("edge-admin.istio-system.svc:15000"), 200},
		{"other-address", "GET", host("10.0.0.6:15000"), 421},
		{"rebound-name", "GET", host("evil.example"), 421},
		{"name-like-localhost", "GET", host("localhost.evil.example"), 421},
		{"rebound-post", "POST", host("evil.example:15000"), 421},
		{"post-by-program", "POST", nil, 200},
		{"post-by-own-page", "POST", http.Header{"Origin": {"http://127.0.0.1:15000"}}, 200},
		{"post-by-other-page", "POST", http.Header{"Origin": {"http://evil.example"}}, 403},
		{"post-by-null-origin", "POST", http.Header{"Origin": {"null"}}, 403},
		{"post-cross-site", "POST", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"get-cross-site", "GET", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"get-typed-in", "GET", http.Header{"Sec-Fetch-Site": {"none"}}, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			options.Level.Set(slog.LevelInfo)
			w := ask(s, tt.method, "/logging?level=error", tt.header)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
			if changed := options.Level.Level() == slog.LevelError; changed != (tt.method == "POST" && tt.status == 200) {
				t.Errorf("level changed: %v", changed)
			}
			if w.Header().Get("Access-Control-Allow-Origin") != "" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("header %v", w.Header())
			}
		})
	}
}

func TestHostOfNoRequest(t *testing.T) {
	for _, host := range []string{"", ":", "[", "]", "[]:80", "[localhost", "a:b:c", "127.0.0.1.evil", "0"} {
		if hostAllowed(host, nil, nil) {
			t.Errorf("%q is allowed", host)
		}
	}
}

func TestNoSecrets(t *testing.T) {
	s := New(testOptions())
	for _, target := range []string{"/config", "/config?kind=certificate", "/config/rejected", "/"} {
		if strings.Contains(ask(s, "GET", target, nil).Body.String(), secret) {
			t.Errorf("%s shows the key", target)
		}
	}
}

func TestServeUntilContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- New(testOptions()).Serve(ctx, l) }()
	client := &http.Client{Timeout: 10 * time.Second}
	res, err := client.Get("http://" + l.Addr().String() + "/healthz/ready")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || string(body) != "ready\n" {
		t.Errorf("%q, %v", body, err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
	if _, err := client.Get("http://" + l.Addr().String() + "/"); err == nil {
		t.Error("still serves")
	}
}

func TestListenAndServeNamesTheAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = New(Options{}).ListenAndServe(t.Context(), l.Addr().String())
	if err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := New(Options{}).Serve(ctx, l); err != nil {
		t.Errorf("serve after the end: %v", err)
	}
}
