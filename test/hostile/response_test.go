package hostile

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/wire/wiretest"
)

// attack is what an origin answers, and what the client of that request may see.
type attack struct {
	name, method, raw string
	ends              bool // the origin ends the connection after it
	reset             bool // and does so with a reset

	// status is the client's answer; 0: 502 or 503.
	status int
	// broken: the client must be able to tell that the content is not whole. If the
	// fault was seen early enough, a 502 is as good.
	broken bool
	// body is the content of a good answer.
	body string
	// dropped: the gateway must end the origin's connection by itself.
	dropped bool
}

// TestResponses is row A16: whatever an origin answers, its client gets a 502 or sees the
// break, the connection is not used again, and the next requests of that client and of
// others get their own answers.
func TestResponses(t *testing.T) {
	var under atomic.Pointer[attack]
	dropped := make(chan struct{}, 1)
	e := newEdge(t, everything, "", func(m *message, c net.Conn) bool {
		if m.target != "/hostile" {
			return echo(m, c)
		}
		current := under.Load()
		_, _ = io.WriteString(c, current.raw) // the gateway may give up on it early
		switch {
		case current.reset:
			_ = c.(*net.TCPConn).SetLinger(0)
			return false
		case current.ends:
			return false
		case current.dropped:
			_, _ = io.Copy(io.Discard, c) // ends by an end or a reset
			dropped <- struct{}{}
			return false
		}
		return true
	})
	innocent := newClient(t, e)
	for i, tt := range attacks() {
		t.Run(tt.name, func(t *testing.T) {
			under.Store(&tt)
			victim := newClient(t, e)
			_, _ = fmt.Fprintf(victim, "%s /hostile HTTP/1.1\r\nHost: a.example\r\n\r\n", tt.method)
			got, err := readReply(victim.r, tt.method)
			tt.judge(t, got, err)
			if tt.dropped {
				select {
				case <-dropped:
				case <-time.After(patience):
					t.Error("the origin's connection was not ended")
				}
			}
			next := fmt.Sprintf("/next-%d", i)
			innocent.t = t
			if body := innocent.get(next); body != "seen "+next {
				t.Errorf("another client got %q", body)
			}
			if err == nil && got.err == nil && !got.close {
				if body := victim.get(next); body != "seen "+next {
					t.Errorf("the next request got %q", body)
				}
			}
		})
	}
}

func (tt *attack) judge(t *testing.T, got reply, err error) {
	t.Helper()
	failed := err == nil && (got.status == 502 || got.status == 503)
	switch {
	case tt.broken:
		if !failed && err == nil && got.err == nil {
			t.Errorf("looks whole: %d %.100q", got.status, got.body)
		}
	case tt.status == 0:
		if !failed {
			t.Errorf("answered %d %.100q, %v, want 502", got.status, got.body, err)
		}
	case err != nil || got.err != nil || got.status != tt.status || got.body != tt.body:
		t.Errorf("answered %d %.100q, %v, %v, want %d %q", got.status, got.body, err, got.err, tt.status, tt.body)
	}
}

func attacks() (all []attack) {
	for _, c := range wiretest.Responses() {
		a := attack{name: c.Name, method: c.Method, raw: c.Raw, ends: c.Want.Closes}
		switch {
		case c.Want.Code == 101: // not asked for
			a.dropped = true
		case c.Want.Code == 103:
			a.raw += "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
			a.status, a.body = 200, "hello"
		case c.Want.Status == 0:
			a.status, a.body = c.Want.Code, c.Want.Body
		default:
			a.dropped, a.broken = true, c.Want.InBody
		}
		all = append(all, a)
	}
	const ok, hello = "HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n\r\nhello"
	early := "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
	return append(
		all,
		attack{name: "informational_flood", method: "GET", raw: strings.Repeat(early, 10_000) + ok + hello, dropped: true},
		attack{name: "stray_response", method: "GET", raw: ok + hello + ok + hello, status: 200, body: "hello", dropped: true},
		attack{name: "stray_byte", method: "GET", raw: ok + hello + "x", status: 200, body: "hello", dropped: true},
		attack{
			name: "split_by_field", method: "GET", status: 200, dropped: true,
			raw: ok + "Content-Length: 0\r\nX: a\r\n\r\n" + ok + hello,
		},
		attack{name: "head_with_content", method: "HEAD", raw: ok + hello, status: 200, dropped: true},
		attack{name: "no_content_with_content", method: "GET", raw: "HTTP/1.1 204 No Content\r\n\r\nhello", status: 204, dropped: true},
		attack{name: "not_modified_with_content", method: "GET", raw: "HTTP/1.1 304 Not Modified\r\n" + hello, status: 304, dropped: true},
		attack{name: "length_truncated", method: "GET", raw: ok + "Content-Length: 6\r\n\r\nhello", ends: true, broken: true},
		attack{name: "chunked_truncated", method: "GET", raw: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", ends: true, broken: true},
		attack{name: "chunk_truncated", method: "GET", raw: ok + "Transfer-Encoding: chunked\r\n\r\n9\r\nhello", ends: true, broken: true},
		attack{name: "last_chunk_truncated", method: "GET", raw: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", ends: true, broken: true},
		attack{name: "trailer_bad", method: "GET", raw: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX y\r\n\r\n", dropped: true, broken: true},
		attack{name: "head_truncated", method: "GET", raw: ok + "Content-Le", ends: true},
		attack{name: "nothing", method: "GET", ends: true},
		attack{name: "reset", method: "GET", ends: true, reset: true},
	)
}

// TestOriginsReset: content whose end is the connection's must not look whole if that end
// was a reset.
func TestOriginsReset(t *testing.T) {
	e := newEdge(t, everything, "", func(_ *message, c net.Conn) bool {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\nhello")
		_ = c.(*net.TCPConn).SetLinger(0)
		return false
	})
	for _, version := range []string{"1.0", "1.1"} {
		c := e.dial(t)
		if _, err := fmt.Fprintf(c, "GET / HTTP/%s\r\nHost: a.example\r\n\r\n", version); err != nil {
			t.Fatal(err)
		}
		got, err := readReply(bufio.NewReader(c), "GET")
		if err == nil && got.err == nil && got.status == 200 {
			t.Errorf("HTTP/%s: looks whole: %q", version, got.body)
		}
	}
}
