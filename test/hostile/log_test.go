package hostile

import (
	"context"
	"strings"
	"testing"
)

// TestLogInjection is row E9 (CVE-2025-25294): whatever stands in what is logged, a
// request has one line of visible ASCII with the same number of quotation marks.
func TestLogInjection(t *testing.T) {
	e := newEdge(t, everything, "", echo)
	values := []string{
		"plain", `" 200 - "`, `\" \\`, `{"user":"root"}`, "\xff\xfe", "\x9b31m", "caf\xc3\xa9", "\xe2\x80\xa8", "%0d%0a",
		"${jndi:ldap://x}", "%REQ(COOKIE)%", "a\tb", strings.Repeat("x", 8000),
		"a\x1b[2Jb", "a\nb", "a\rb", "a\x00b", // refused; the line is written nevertheless
	}
	lines := 0
	for _, value := range values {
		for _, raw := range []string{
			"GET / HTTP/1.1\r\nHost: a.example\r\nUser-Agent: " + value + "\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: " + value + "\r\nX-Request-Id: " + value + "\r\n\r\n",
			"GET /?" + value + " HTTP/1.1\r\nHost: a.example\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n",
			value + " / HTTP/1.1\r\nHost: a.example\r\n\r\n",
		} {
			e.send(t, raw)
			lines++
		}
	}
	if err := e.access.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	got := strings.SplitAfter(e.log.String(), "\n")
	if got[len(got)-1] != "" || len(got)-1 != lines {
		t.Fatalf("%d lines for %d requests", len(got)-1, lines)
	}
	quotes := strings.Count(got[0], `"`)
	for _, line := range got[:lines] {
		if i := strings.IndexFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
			t.Errorf("byte %#x in %q", line[i], line)
		}
		if strings.Count(line, `"`) != quotes {
			t.Errorf("quotation marks in %q", line)
		}
	}
}
