package http1

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire/wiretest"
	"github.com/fairlead-mesh/fairlead/listener"
)

// scriptConn sends what it is given, in pieces, and keeps what comes back.
type scriptConn struct {
	loopConn
	in, out bytes.Buffer
	piece   int
}

func (s *scriptConn) Read(p []byte) (int, error) {
	return s.in.Read(p[:min(len(p), s.piece)])
}

func (s *scriptConn) Write(p []byte) (int, error) { return s.out.Write(p) }

// FuzzServe sends anything to a server. Whatever comes back is a sequence of responses
// that a client can tell apart, one for each request the handler saw and at most one
// refusal after them, which ends the connection; and no path leaves the root.
func FuzzServe(f *testing.F) {
	for _, c := range wiretest.Requests() {
		if len(c.Raw) < 2<<10 {
			f.Add([]byte(c.Raw), byte(200))
		}
	}
	var seen, lost int
	server, _ := newServer(f, func(ex *exchange.Exchange) {
		seen++
		if p := string(ex.Path); p != "*" && (p[0] != '/' || strings.Contains(p, "/../")) {
			panic("path " + p)
		}
		if _, err := readAll(ex.Request.Body); err != nil {
			lost++
			return
		}
		answer(ex)
	})
	var settings atomic.Pointer[listener.Settings]
	settings.Store(newSettings(f, nil))
	f.Fuzz(func(t *testing.T, raw []byte, piece byte) {
		seen, lost = 0, 0
		conn := &scriptConn{piece: int(piece) + 1}
		conn.in.Write(raw)
		server.Serve(listener.NewConn(conn, 80, &settings))
		if n := server.Stats.Panics.Load(); n != 0 {
			t.Fatalf("panicked on %q", raw)
		}
		r := bufio.NewReader(&conn.out)
		answers, refusals := 0, 0
		for {
			if _, err := r.Peek(1); err != nil {
				break
			}
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatalf("answer %d to %q: %v", answers, raw, err)
			}
			switch {
			case res.StatusCode == 100:
				continue
			case refusals > 0:
				t.Fatalf("an answer after a refusal, to %q", raw)
			case res.StatusCode == 200:
				answers++
			case res.StatusCode < 400 || !res.Close:
				t.Fatalf("status %d, close %v, to %q", res.StatusCode, res.Close, raw)
			default:
				refusals++
			}
			// A HEAD's answer has no content, and only a recorded method would say so:
			// the server says nothing after it that looks like content.
			if next, _ := r.Peek(5); string(next) == "hello" {
				_, _ = io.Copy(io.Discard, res.Body)
			} else if res.StatusCode >= 400 {
				_, _ = io.Copy(io.Discard, io.LimitReader(r, res.ContentLength))
			}
		}
		if answers != seen-lost {
			t.Fatalf("%d answers to %d requests in %q", answers, seen-lost, raw)
		}
	})
}
