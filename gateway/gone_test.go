package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway"
	"github.com/fairlead-mesh/fairlead/gateway/telemetry"
)

// An origin that takes its time is let go when the client has given up.
func TestClientGoneWhileTheOriginThinks(t *testing.T) {
	const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n"
	tests := []struct {
		name, request string
		begin         string // what the origin sends before it falls silent
		want          string
	}{
		{"no answer yet", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "", `" 0 DC downstream_remote_disconnect`},
		{"nor to a large body", post + strings.Repeat("x", 20000), "", `" 0 DC downstream_remote_disconnect`},
		{"within the content", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", `" 200 DC downstream_remote_disconnect`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			log := new(logBuffer)
			access := telemetry.NewAccessLog(log, telemetry.AccessLogOptions{Log: slog.New(slog.DiscardHandler)})
			g := gateway.New(telemetry.NewRegistry(telemetry.Options{}), gateway.Options{
				Log: slog.New(slog.DiscardHandler), DrainTimeout: testTime, AccessLog: access,
			})
			port := freePort(t)
			g.Apply(t.Context(), delta(t, "1", tunnelConfig, "OPORT", fmt.Sprint(l.Addr().(*net.TCPAddr).Port), "ORIGIN", l.Addr().String(), "PORT", port))
			c := dialTCP(t, "127.0.0.1:"+port)
			write(t, c, tt.request)
			origin, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer origin.Close()
			bound(t, origin)
			r := bufio.NewReader(origin)
			req, err := http.ReadRequest(r)
			if err != nil {
				t.Fatal(err)
			}
			write(t, origin, tt.begin)
			if len(tt.begin) > 0 {
				expect(t, c, "HTTP/1.1 200 OK")
			}
			c.Close()
			if req.ContentLength > 0 {
				wantEnd(t, req.Body)
			}
			wantEnd(t, r)
			g.Drain(context.Background())
			if err := access.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := log.String(); !strings.Contains(got, tt.want) || strings.Count(got, "\n") != 1 {
				t.Errorf("access log %q, want %q", got, tt.want)
			}
		})
	}
}
