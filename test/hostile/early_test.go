package hostile

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// TestEarlyAnswer is row A4: the origin answers before it has read the content. Whatever
// of the content was not sent on may never be taken for requests, by either side.
func TestEarlyAnswer(t *testing.T) {
	for _, tt := range []struct{ name, framing, body string }{
		{"length", fmt.Sprintf("Content-Length: %d\r\n", 5000*len(inner)), strings.Repeat(inner, 5000)},
		{"length_small", fmt.Sprintf("Content-Length: %d\r\n", len(inner)), inner},
		{"length_truncated", fmt.Sprintf("Content-Length: %d\r\n", 9000*len(inner)), strings.Repeat(inner, 5000)},
		{"chunked", "Transfer-Encoding: chunked\r\n", strings.Repeat(fmt.Sprintf("%x\r\n%s\r\n", len(inner), inner), 5000) + "0\r\n\r\n"},
		{"chunked_truncated", "Transfer-Encoding: chunked\r\n", strings.Repeat(fmt.Sprintf("%x\r\n%s\r\n", len(inner), inner), 5000)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEdge(t, everything, "", func(m *message, c net.Conn) bool {
				return m.method == "POST" || echo(m, c) // a POST has its answer
			})
			e.setEarly(func(m *message, c net.Conn) {
				if m.method == "POST" {
					respond(c, m.method, "early")
				}
			})
			innocent := newClient(t, e)
			for i := range 20 {
				back := e.send(t, "POST /x HTTP/1.1\r\nHost: a.example\r\n"+tt.framing+"\r\n"+tt.body)
				if n := strings.Count(back, "HTTP/1.1 "); n > 1 {
					t.Errorf("%d answers to one request: %.500q", n, back)
				}
				path := fmt.Sprintf("/%d", i)
				if got := innocent.get(path); got != "seen "+path {
					t.Errorf("another client got %q", got)
				}
			}
			whole, partial := e.take()
			for _, m := range append(whole, partial...) {
				if m.host() != "a.example" {
					t.Errorf("upstream: %s", m)
				}
			}
		})
	}
}

// TestTruncatedContent: a client that ends within its content gets no half answer, and
// the origin never takes what came for all of it.
func TestTruncatedContent(t *testing.T) {
	e := newEdge(t, everything, "", echo)
	for _, framing := range []string{
		"Content-Length: 6\r\n\r\nhello",
		"Content-Length: 600000\r\n\r\nhello",
		"Transfer-Encoding: chunked\r\n\r\n6\r\nhello",
		"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n",
	} {
		back := e.send(t, "POST / HTTP/1.1\r\nHost: a.example\r\n"+framing)
		got, _ := replies(back, "POST")
		if back != "" && (len(got) != 1 || got[0].status < 400) {
			t.Errorf("%q was answered %.300q", framing, back)
		}
		e.wantUpstream(t)
	}
}

// TestRedirectOfAsterisk is row E11: a redirect of "OPTIONS *" still names our host.
func TestRedirect(t *testing.T) {
	e := newEdge(t, `
route:
  name: redirect
  attachments: [{listener: g/http}]
  http: {redirect: {port: 80}}
`, "", echo)
	for _, tt := range []struct{ method, target, location string }{
		{"GET", "/x", "http://a.example/x"},
		{"GET", "//evil.example/x", "http://a.example//evil.example/x"},
		{"GET", `/\evil.example`, "http://a.example//evil.example"},
		{"GET", "/%0d%0aSet-Cookie:%20a=b", "http://a.example/%0d%0aSet-Cookie:%20a=b"},
		{"GET", "/x?y=//evil.example", "http://a.example/x?y=//evil.example"},
		{"OPTIONS", "*", "http://a.example/"},
	} {
		got, _ := replies(e.send(t, tt.method+strings.TrimPrefix(get(tt.target, "a.example"), "GET")), tt.method)
		if len(got) != 1 || got[0].status != 302 || got[0].header.Get("Location") != tt.location {
			t.Errorf("%s %s: %+v, want Location: %s", tt.method, tt.target, got, tt.location)
		}
	}
}
