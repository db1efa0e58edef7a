package hostile

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// treasure is what no route permits: the page /blockedz of any host, and every page of
// the host secret.internal.
const treasure = "hidden treasure"

// shapes are routes of every kind, all of them to places below /content of public.example.
const shapes = `
route:
  name: segment
  attachments: [{listener: g/http, hostnames: [public.example]}]
  http:
    matches: [{path: {segment_prefix: /content}}]
    forward: {backends: [{backend: origin, weight: 1}]}
---
route:
  name: exact
  attachments: [{listener: g/http, hostnames: [public.example]}]
  http:
    matches: [{path: {exact: /content-exact}}]
    forward: {backends: [{backend: origin, weight: 1}]}
---
route:
  name: regex
  attachments: [{listener: g/http, hostnames: [public.example]}]
  http:
    matches: [{path: {regex: "/content-[a-z]+/.*"}}]
    forward: {backends: [{backend: origin, weight: 1}]}
---
route:
  name: string-prefix
  attachments: [{listener: g/http, hostnames: [public.example]}]
  http:
    matches: [{path: {prefix: /content-}}]
    forward: {backends: [{backend: origin, weight: 1}]}
---
route:
  name: case
  attachments: [{listener: g/http, hostnames: [public.example]}]
  http:
    matches: [{path: {segment_prefix: /Content-Case, ignore_case: true}}]
    filters: [{rewrite: {path: {replace_prefix: /content/case}}}]
    forward: {backends: [{backend: origin, weight: 1}]}
---
route:
  name: rewrite-segment
  attachments: [{listener: g/http, hostnames: [public.example]}]
  http:
    matches: [{path: {segment_prefix: /pub}}]
    filters: [{rewrite: {path: {replace_prefix: /content}}}]
    forward: {backends: [{backend: origin, weight: 1}]}
---
route:
  name: rewrite-string
  attachments: [{listener: g/http, hostnames: [public.example]}]
  http:
    matches: [{path: {prefix: /static}}]
    filters: [{rewrite: {path: {replace_prefix: /content/}}}]
    forward: {backends: [{backend: origin, weight: 1}]}
---
route:
  name: rewrite-string-slash
  attachments: [{listener: g/http, hostnames: [public.example]}]
  http:
    matches: [{path: {prefix: /files/}}]
    filters: [{rewrite: {path: {replace_prefix: /content/}}}]
    forward: {backends: [{backend: origin, weight: 1}]}
---
route:
  name: rewrite-regex
  attachments: [{listener: g/http, hostnames: [public.example]}]
  http:
    matches: [{path: {regex: "/rx.*"}}]
    filters: [{rewrite: {path: {regex: {pattern: "^/rx(.*)$", substitution: '/content/\1'}}}}]
    forward: {backends: [{backend: origin, weight: 1}]}
---
route:
  name: rewrite-delete
  attachments: [{listener: g/http, hostnames: [public.example]}]
  http:
    matches: [{path: {segment_prefix: /del}}]
    filters: [{rewrite: {path: {regex: {pattern: "x", substitution: ""}}}}]
    forward: {backends: [{backend: origin, weight: 1}]}
---
route:
  name: full
  attachments: [{listener: g/http, hostnames: [public.example]}]
  http:
    matches: [{path: {segment_prefix: /full}}]
    filters: [{rewrite: {path: {replace_full: /content/full}}}]
    forward: {backends: [{backend: origin, weight: 1}]}
---
route:
  name: redirect
  attachments: [{listener: g/http, hostnames: [public.example]}]
  http:
    matches: [{path: {segment_prefix: /old}}]
    redirect: {path: {replace_prefix: /content}}
---
route:
  name: redirect-root
  attachments: [{listener: g/http, hostnames: [public.example]}]
  http:
    matches: [{path: {segment_prefix: /moved}}]
    redirect: {path: {replace_prefix: /}}
---
route:
  name: wildcard
  attachments: [{listener: g/http, hostnames: ["*.public.example"]}]
  http:
    matches: [{path: {segment_prefix: /content}}]
    forward: {backends: [{backend: origin, weight: 1}]}
---
route:
  name: host-rewrite
  attachments: [{listener: g/http, hostnames: [other.example]}]
  http:
    matches: [{path: {segment_prefix: /content}}]
    filters: [{rewrite: {authority: public.example}}]
    forward: {backends: [{backend: origin, weight: 1}]}
`

// vault is an edge whose origin hides the treasure. It reads requests as leniently as
// servers do: it is found if any reading of the request asks for it.
type vault struct{ *edge }

func newVault(t testing.TB, settings string) vault {
	t.Helper()
	return vault{newEdge(t, shapes, settings, func(m *message, c net.Conn) bool {
		if asksForTreasure(m) {
			return respond(c, m.method, treasure)
		}
		return respond(c, m.method, "nothing to see")
	})}
}

// wantSafe is oracle C over everything since the last call, and oracle A.
func (v vault) wantSafe(t testing.TB, raw, back string) {
	t.Helper()
	if strings.Contains(back, treasure) {
		t.Errorf("the treasure came back for %.500q", raw)
	}
	whole, partial := v.take()
	for _, m := range append(whole, partial...) {
		if asksForTreasure(m) {
			t.Errorf("%.500q became %s with fields %q", raw, m, m.fields)
		}
	}
	v.wantClean(t)
}

// asksForTreasure reports whether a server could find a request for the treasure in m.
func asksForTreasure(m *message) bool {
	host := strings.ToLower(m.host())
	if strings.Contains(host, "secret") {
		return true
	}
	for _, name := range []string{
		"X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "X-HTTP-Host-Override", "Forwarded",
	} {
		for _, v := range m.get(name) {
			if strings.Contains(strings.ToLower(v), "secret") {
				return true
			}
		}
	}
	paths := slices.Concat([]string{m.target}, m.get("X-Original-URL"), m.get("X-Rewrite-URL"))
	for _, p := range paths {
		for read := range 16 {
			if strings.HasPrefix(lenient(p, read), "/blockedz") {
				return true
			}
		}
	}
	return false
}

// Ways in which servers read paths, combined as bits.
const (
	readsEscapes   = 1 << iota // decodes before it looks at segments
	readsBackslash             // takes "\" for "/"
	readsParams                // cuts ";x" off segments
	readsOneOfMany             // takes several "/" for one
)

// lenient returns the path that a server sees in a target.
func lenient(target string, read int) string {
	path, _, _ := strings.Cut(target, "?")
	if read&readsEscapes != 0 {
		path = unescape(path)
	}
	if read&readsBackslash != 0 {
		path = strings.ReplaceAll(path, `\`, "/")
	}
	var out []string
	for i, segment := range strings.Split(path, "/") {
		if read&readsParams != 0 {
			segment, _, _ = strings.Cut(segment, ";")
		}
		switch {
		case i == 0 || segment == "." || segment == "" && read&readsOneOfMany != 0:
		case segment == "..":
			out = out[:max(0, len(out)-1)]
		default:
			out = append(out, segment)
		}
	}
	return "/" + strings.ToLower(strings.Join(out, "/"))
}

// unescape decodes what is a triplet and cuts at NUL, as C does.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				c, i = byte(n), i+2
			}
		}
		if c == 0 {
			break
		}
		b.WriteByte(c)
	}
	return b.String()
}

// TestOracleSees proves the oracle itself: each of these is a way to the treasure for
// some server.
func TestOracleSees(t *testing.T) {
	for _, target := range []string{
		"/blockedz", "/content/../blockedz", "/content/%2e%2e/blockedz", "/content/..%2fblockedz",
		`/content/..\blockedz`, "/content/..%5cblockedz", "/content/..;x/blockedz", "//blockedz",
		"/content/%2e%2e%3b%2fblockedz", "/blockedz;x?y", "/BLOCKEDZ", "/blockedz%00.png",
		"/content/x/..//../blockedz", "/./blockedz", "/content/.;/..;a=b/blockedz",
	} {
		if !asksForTreasure(&message{target: target, fields: []field{{"Host", "public.example"}}}) {
			t.Errorf("%s is not seen", target)
		}
	}
	for _, target := range []string{"/content/blockedz", "/content/a/../b", "/content/blockedz/..;"} {
		if asksForTreasure(&message{target: target, fields: []field{{"Host", "public.example"}}}) {
			t.Errorf("%s is no treasure", target)
		}
	}
}
