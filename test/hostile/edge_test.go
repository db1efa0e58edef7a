package hostile

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway"
	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/telemetry"
)

// patience bounds a wait for something that must happen. Passing it is a failure; no
// verdict depends on how much of it is used.
const patience = 20 * time.Second

// edge is a whole gateway between sockets, and its origin.
type edge struct {
	*origin
	gateway *gateway.Gateway
	metrics *telemetry.Registry
	address string
	log     *logBuffer
	access  *telemetry.AccessLog
}

// everything routes every request to the origin as it is.
const everything = `
route:
  name: everything
  attachments: [{listener: g/http}]
  http:
    forward: {backends: [{backend: origin, weight: 1}]}
`

// base has a gateway, HTTP settings to be filled in, and the origin.
const base = `
gateway: {name: g}
---
listener: {name: g/http, gateway: g, address: 127.0.0.1, port: PORT, protocol: PROTOCOL_HTTP, http: {SETTINGS}}
---
backend: {name: origin, endpoint_set: origin}
---
endpoint: {name: origin/0, set: origin, address: 127.0.0.1, port: ORIGIN}
---
`

// newEdge starts a gateway with these routes in front of an origin that answers so.
// Settings are the listener's HttpSettings in the YAML form, without braces.
func newEdge(t testing.TB, routes, settings string, a answer) *edge {
	t.Helper()
	o := newOrigin(t, a)
	metrics := telemetry.NewRegistry(telemetry.Options{})
	e := &edge{origin: o, metrics: metrics, log: new(logBuffer)}
	e.access = telemetry.NewAccessLog(e.log, telemetry.AccessLogOptions{Linger: time.Millisecond})
	e.gateway = gateway.New(metrics, gateway.Options{
		Log: slog.New(slog.DiscardHandler), DrainTimeout: patience, AccessLog: e.access,
	})
	text := strings.NewReplacer(
		"ORIGIN", strconv.Itoa(int(o.addr.Port())), "SETTINGS", settings,
	).Replace(base + routes)
	e.listen(t, text)
	t.Cleanup(func() {
		e.gateway.Drain(context.Background())
		_ = e.access.Close(context.Background()) // its writer cannot block
	})
	return e
}

// listen applies the configuration on a port that is free. Another process may take the
// port between the look and the binding: then the next one is tried.
func (e *edge) listen(t testing.TB, text string) {
	t.Helper()
	for range 10 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		l.Close()
		rs, err := config.UnmarshalYAML([]byte(strings.ReplaceAll(text, "PORT", port)))
		if err != nil {
			t.Fatal(err)
		}
		ack := e.gateway.Apply(t.Context(), config.Delta{Version: port, Changed: rs})
		if len(ack.Rejected) == 0 {
			e.address = "127.0.0.1:" + port
			return
		}
		if ack.Rejected[0].Name.Kind != config.KindListener {
			t.Fatal(ack.Rejected)
		}
	}
	t.Fatal("no port could be bound")
}

// dial is connect for as long as the test runs.
func (e *edge) dial(t testing.TB) *net.TCPConn {
	t.Helper()
	c := e.connect(t)
	t.Cleanup(func() { c.Close() })
	return c
}

// connect opens a connection whose waits are bounded.
func (e *edge) connect(t testing.TB) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", e.address)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// send writes raw on a connection of its own, ends that direction and returns all that
// comes back. The gateway must end the connection.
func (e *edge) send(t testing.TB, raw string) string {
	t.Helper()
	c := e.connect(t)
	defer c.Close()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.WriteString(c, raw) // a refusal may come, and the connection end, before all is sent
		_ = c.CloseWrite()
	}()
	var back bytes.Buffer
	if _, err := back.ReadFrom(io.LimitReader(c, 1<<24)); isTimeout(err) {
		t.Errorf("no end of the connection after %d bytes for %.200q", back.Len(), raw)
	}
	<-sent
	_ = c.SetLinger(0) // leaves no port in TIME_WAIT; there is nothing to lose any more
	return back.String()
}

func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded)
}

// reply is a response as a client read it.
type reply struct {
	status int
	header http.Header
	close  bool
	body   string
	err    error // the body broke off
}

// replies reads the final responses to requests of these methods; it returns fewer if
// the connection ends, and what comes after them.
func replies(back string, methods ...string) (all []reply, rest string) {
	r := bufio.NewReader(strings.NewReader(back))
	for _, method := range methods {
		p, err := readReply(r, method)
		if err != nil {
			break
		}
		all = append(all, p)
	}
	after, _ := r.Peek(r.Buffered())
	return all, string(after)
}

func readReply(r *bufio.Reader, method string) (reply, error) {
	for {
		res, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return reply{}, err
		}
		if res.StatusCode < 200 && res.StatusCode != 101 {
			continue
		}
		var body strings.Builder
		_, err = io.Copy(&body, io.LimitReader(res.Body, 1<<24))
		return reply{res.StatusCode, res.Header, res.Close, body.String(), err}, nil
	}
}

// refusals returns the counters of refused requests, from what Prometheus would scrape,
// without those at zero.
func (e *edge) refusals(t testing.TB) map[string]int {
	t.Helper()
	families, err := e.metrics.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]int)
	for _, family := range families {
		if family.GetName() != "fairlead_requests_refused_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			if n := int(m.GetCounter().GetValue()); n > 0 {
				found[m.GetLabel()[0].GetValue()] = n
			}
		}
	}
	return found
}

// wantUpstream compares the messages that have arrived since the last look with
// "METHOD target host" lines.
func (e *edge) wantUpstream(t testing.TB, want ...string) []*message {
	t.Helper()
	whole, _ := e.take()
	var got []string
	for _, m := range whole {
		got = append(got, m.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("upstream: %q, want %q", got, want)
	}
	return whole
}

// logBuffer is what the access log writes to.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.text.Len() > 1<<24 {
		b.text.Reset() // a fuzzer runs for long
	}
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// get is a plain request of an innocent client.
func get(path, host string) string {
	return fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host)
}
