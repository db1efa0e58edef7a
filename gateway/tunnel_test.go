package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway"
	"github.com/fairlead-mesh/fairlead/gateway/telemetry"
)

// testTime bounds every wait of a test: it is hit only by a failure.
const testTime = 20 * time.Second

const tunnelConfig = `
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
  http: {forward: {backends: [{backend: "outbound|80||a", weight: 1}]}}
`

// logBuffer is an access log in memory.
type logBuffer struct{ bytes.Buffer }

func (*logBuffer) Close() error { return nil }

// ends are the two ends of a tunnel through a gateway.
type ends struct {
	t       *testing.T
	gateway *gateway.Gateway
	access  *telemetry.AccessLog
	log     *logBuffer

	drain sync.Once

	client *net.TCPConn
	fromUs *bufio.Reader // what the client reads
	origin *net.TCPConn
	atEnd  *bufio.Reader // what the origin reads
}

// openTunnel upgrades a connection. Early bytes come in one write with the heads.
func openTunnel(t *testing.T, earlyUp, earlyDown string) *ends {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	e := &ends{t: t, log: new(logBuffer)}
	e.access = telemetry.NewAccessLog(e.log, telemetry.AccessLogOptions{Log: slog.New(slog.DiscardHandler)})
	e.gateway = gateway.New(telemetry.NewRegistry(telemetry.Options{}), gateway.Options{
		Log: slog.New(slog.DiscardHandler), DrainTimeout: testTime, AccessLog: e.access,
	})
	port, oport := freePort(t), fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	ack := e.gateway.Apply(t.Context(), delta(t, "1", tunnelConfig, "OPORT", oport, "ORIGIN", l.Addr().String(), "PORT", port))
	if len(ack.Rejected) > 0 {
		t.Fatal(ack.Rejected)
	}
	e.client = dialTCP(t, "127.0.0.1:"+port)
	e.fromUs = bufio.NewReader(e.client)
	t.Cleanup(func() {
		e.client.Close()
		if e.origin != nil {
			e.origin.Close()
		}
		e.end(context.Background())
	})
	write(t, e.client, "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"+earlyUp)
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	e.origin = accepted.(*net.TCPConn)
	bound(t, e.origin)
	e.atEnd = bufio.NewReader(e.origin)
	req, err := http.ReadRequest(e.atEnd)
	if err != nil || req.Header.Get("Upgrade") != "websocket" {
		t.Fatal(req, err)
	}
	write(t, e.origin, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"+earlyDown)
	res, err := http.ReadResponse(e.fromUs, req)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(res, err)
	}
	return e
}

func dialTCP(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	bound(t, c)
	return c.(*net.TCPConn)
}

func bound(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(testTime)); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, w io.Writer, s string) {
	t.Helper()
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
}

// expect reads exactly what it wants.
func expect(t *testing.T, r io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != want {
		t.Fatalf("got %q, %v; want %q", got, err, want)
	}
}

// wantEnd reads to the end, be it an end or a reset, and fails if it is only a timeout.
func wantEnd(t *testing.T, r io.Reader) string {
	t.Helper()
	rest, err := io.ReadAll(r)
	if nerr, ok := errors.AsType[net.Error](err); ok && nerr.Timeout() {
		t.Fatalf("not ended after %q", rest)
	}
	return string(rest)
}

func closeWrite(t *testing.T, c *net.TCPConn) {
	t.Helper()
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
}

// end drains the gateway, once.
func (e *ends) end(ctx context.Context) { e.drain.Do(func() { e.gateway.Drain(ctx) }) }

// logged ends the gateway and returns the tunnel's line in the access log.
func (e *ends) logged() string {
	e.t.Helper()
	e.end(context.Background())
	if err := e.access.Close(e.t.Context()); err != nil {
		e.t.Fatal(err)
	}
	return e.log.String()
}

func TestTunnel(t *testing.T) {
	message := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB
	tests := []struct {
		name               string
		earlyUp, earlyDown string
		run                func(t *testing.T, e *ends)
		wantLog            string // response code, flag, …, received, sent
	}{
		{"both ways", "", "", func(t *testing.T, e *ends) {
			for i := range 3 {
				write(t, e.client, fmt.Sprint("ping", i))
				expect(t, e.atEnd, fmt.Sprint("ping", i))
				write(t, e.origin, fmt.Sprint("pong!", i))
				expect(t, e.fromUs, fmt.Sprint("pong!", i))
			}
			closeWrite(t, e.client)
			wantEnd(t, e.atEnd)
			closeWrite(t, e.origin)
			wantEnd(t, e.fromUs)
		}, "101 - via_upstream - \"-\" 15 18"},
		{"early bytes", "early up ", "early down ", func(t *testing.T, e *ends) {
			expect(t, e.atEnd, "early up ")
			expect(t, e.fromUs, "early down ")
			write(t, e.client, "late")
			expect(t, e.atEnd, "late")
			closeWrite(t, e.client)
			wantEnd(t, e.atEnd)
			write(t, e.origin, "after the client's end")
			closeWrite(t, e.origin)
			if got := wantEnd(t, e.fromUs); got != "after the client's end" {
				t.Errorf("after the client's end: %q", got)
			}
		}, "101 - via_upstream - \"-\" 13 33"},
		{"the origin ends its direction first", "", "", func(t *testing.T, e *ends) {
			write(t, e.origin, "bye")
			closeWrite(t, e.origin)
			if got := wantEnd(t, e.fromUs); got != "bye" {
				t.Errorf("before the origin's end: %q", got)
			}
			write(t, e.client, "after the origin's end")
			closeWrite(t, e.client)
			if got := wantEnd(t, e.atEnd); got != "after the origin's end" {
				t.Errorf("after the origin's end: %q", got)
			}
		}, "101 - via_upstream - \"-\" 22 3"},
		{"1 MiB at once both ways", "", "", func(t *testing.T, e *ends) {
			sums := make(chan string, 2)
			for _, end := range []struct {
				w *net.TCPConn
				r io.Reader
			}{{e.client, e.fromUs}, {e.origin, e.atEnd}} {
				go func() {
					_, _ = io.WriteString(end.w, message)
					_ = end.w.CloseWrite()
				}()
				go func() {
					h := sha256.New()
					n, err := io.Copy(h, end.r)
					sums <- fmt.Sprintf("%d %v %x", n, err, h.Sum(nil))
				}()
			}
			want := fmt.Sprintf("%d %v %x", len(message), nil, sha256.Sum256([]byte(message)))
			for range 2 {
				if got := <-sums; got != want {
					t.Errorf("%s, want %s", got, want)
				}
			}
		}, "101 - via_upstream - \"-\" 1048576 1048576"},
		{"the origin dies", "", "", func(t *testing.T, e *ends) {
			if err := e.origin.SetLinger(0); err != nil {
				t.Fatal(err)
			}
			e.origin.Close()
			wantEnd(t, e.fromUs)
		}, "101 - via_upstream - \"-\" 0 0"},
		{"the client dies", "", "", func(t *testing.T, e *ends) {
			if err := e.client.SetLinger(0); err != nil {
				t.Fatal(err)
			}
			e.client.Close()
			wantEnd(t, e.atEnd)
		}, "101 - via_upstream - \"-\" 0 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := openTunnel(t, tt.earlyUp, tt.earlyDown)
			tt.run(t, e)
			if got := e.logged(); !strings.Contains(got, tt.wantLog) {
				t.Errorf("access log %q, want %q", got, tt.wantLog)
			}
		})
	}
}

func TestTunnelLivesUntilTheDrainDeadline(t *testing.T) {
	e := openTunnel(t, "", "")
	ctx, deadline := context.WithCancel(t.Context())
	drained := make(chan struct{})
	go func() {
		e.end(ctx)
		close(drained)
	}()
	for ready := true; ready; { // the drain has begun when it says so
		ready, _ = e.gateway.Ready()
	}
	write(t, e.client, "ping")
	expect(t, e.atEnd, "ping")
	write(t, e.origin, "pong")
	expect(t, e.fromUs, "pong")
	deadline()
	wantEnd(t, e.fromUs)
	wantEnd(t, e.atEnd)
	<-drained
	if err := e.access.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := e.log.String(); !strings.Contains(got, "101 - via_upstream - \"-\" 4 4") {
		t.Errorf("access log %q", got)
	}
}

// An origin that does not answer an upgrade with one answers an ordinary request.
func TestUpgradeDeclined(t *testing.T) {
	o, port := origin(t, "a"), freePort(t)
	g := start(t)
	g.Apply(t.Context(), delta(t, "1", tunnelConfig, "OPORT", fmt.Sprint(o.Port()), "ORIGIN", o.String(), "PORT", port))
	c := dialTCP(t, "127.0.0.1:"+port)
	defer c.Close()
	r := bufio.NewReader(c)
	for range 2 {
		write(t, c, "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != 200 || string(body) != "a GET a /chat" {
			t.Errorf("%d %q %v", res.StatusCode, body, err)
		}
	}
}
