package hostile

import (
	"net"
	"strings"
	"testing"
)

// cve is a vulnerability of another proxy or server, and what must happen here.
type cve struct {
	name string // after the number, if it has several tests
	// raw is what the client sends, on a connection of its own.
	raw string
	// answer is the origin's, if not an ordinary one.
	answer answer
	// status and reason are the first response's; no reason: it is passed on.
	status int
	reason string
	// inBody: the fault is in the content, when the head has gone upstream.
	inBody bool
	// upstream is every message that the origin must see, "METHOD target host".
	upstream []string
	// check looks further.
	check func(t *testing.T, back string, upstream []*message)
}

const (
	publicPost = "POST /content/x HTTP/1.1\r\nHost: public.example\r\n"
	publicGet  = "GET /content/x HTTP/1.1\r\nHost: public.example\r\n"
)

var seen = []string{"GET /content/x public.example"}

// TestCVE has a test for each vulnerability that reached other gateways by HTTP/1.1
// framing, parsing, paths, hosts or identity fields. Everywhere the treasure is hidden
// as well, so that what is smuggled has something to find.
func TestCVE(t *testing.T) {
	for number, tests := range cves() {
		for _, tt := range tests {
			name := number
			if tt.name != "" {
				name += "/" + tt.name
			}
			t.Run(name, func(t *testing.T) { tt.run(t) })
		}
	}
}

func (tt *cve) run(t *testing.T) {
	v := vault{newEdge(t, shapes, "", func(m *message, c net.Conn) bool {
		switch {
		case asksForTreasure(m):
			return respond(c, m.method, treasure)
		case tt.answer != nil:
			return tt.answer(m, c)
		}
		return echo(m, c)
	})}
	back := v.send(t, tt.raw)
	got, _ := replies(back, "GET")
	if len(got) != 1 || got[0].status != tt.status {
		t.Fatalf("answered %.300q, want %d", back, tt.status)
	}
	if strings.Contains(back, treasure) {
		t.Error("the treasure came back")
	}
	refused := v.refusals(t)
	if tt.reason == "" && len(refused) > 0 || tt.reason != "" && refused[tt.reason] != 1 {
		t.Errorf("refused for %v, want %q", refused, tt.reason)
	}
	if tt.reason != "" && !got[0].close {
		t.Error("the refusal does not end the connection")
	}
	arrived := v.wantUpstream(t, tt.upstream...)
	if n := v.bytes.Load(); tt.reason != "" && !tt.inBody && n > 0 {
		t.Errorf("%d bytes went upstream", n)
	}
	if tt.check != nil {
		tt.check(t, back, arrived)
	}
}

// raw is an answer of these bytes, after which the origin ends the connection.
func rawAnswer(response string) answer {
	return func(_ *message, c net.Conn) bool {
		_, _ = c.Write([]byte(response)) // the gateway may have given up on it
		return false
	}
}

// absent returns a check that no message has one of these fields.
func absent(names ...string) func(*testing.T, string, []*message) {
	return func(t *testing.T, _ string, upstream []*message) {
		for _, m := range upstream {
			for _, name := range names {
				if v := m.get(name); v != nil {
					t.Errorf("upstream has %s: %q", name, v)
				}
			}
		}
	}
}

func refusedPost(fields, body, reason string) []cve {
	return []cve{{raw: publicPost + fields + "\r\n" + body, status: 400, reason: reason}}
}

func refusedGet(target, reason string) cve {
	return cve{raw: get(target, "public.example"), status: 400, reason: reason}
}

func cves() map[string][]cve {
	const both = "Content-Length: 6\r\n"
	hidden := "0\r\n\r\n" + inner
	all := map[string][]cve{
		// HAProxy took a vertical tab before "chunked" for no coding and used the length.
		"CVE-2019-18277": refusedPost(both+"Transfer-Encoding:\x0bchunked\r\n", hidden, "control_byte"),
		// Go took a name with a space before its colon for the name.
		"CVE-2019-16276": refusedPost("Transfer-Encoding : chunked\r\n"+both, hidden, "space_before_colon"),
		// Go accepted codings it did not know beside chunked.
		"CVE-2022-1705": refusedPost("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", hidden, "transfer_encoding_repeated"),
		// HAProxy kept a name's length in one byte: a long one wrapped and hid a second length.
		"CVE-2021-40346": {{
			raw:    publicPost + "Content-Length0" + strings.Repeat("a", 255) + ":\r\nContent-Length: 60\r\n\r\n" + inner,
			status: 431, reason: "field_name_too_long",
		}},
		// HAProxy dropped every field after one with an empty name.
		"CVE-2023-25725": refusedPost(": x\r\nTransfer-Encoding: chunked\r\n", hidden, "field_name_invalid"),
		// HAProxy forwarded an empty Content-Length, which some origins read as 0.
		"CVE-2023-40225": refusedPost("Content-Length:\r\n", inner, "content_length_malformed"),
		// Pingora took HTTP/1.0 and lists of codings for bodies that end with the connection.
		"CVE-2026-2835": {
			{
				name: "http10", raw: strings.Replace(publicPost, "1.1", "1.0", 1) + "Transfer-Encoding: chunked\r\n\r\n" + hidden,
				status: 400, reason: "transfer_encoding_http10",
			},
			{
				name: "list", raw: publicPost + "Transfer-Encoding: identity, chunked\r\n\r\n" + hidden,
				status: 400, reason: "transfer_encoding_unsupported",
			},
		},
		// Go's chunk reader took LF alone for the end of a chunk-size line.
		"CVE-2025-22871": {{
			raw:    publicPost + "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n" + hidden,
			status: 400, reason: "bare_lf", inBody: true,
		}},
		// Go read chunk extensions without a limit: a byte of content for kilobytes of them.
		"CVE-2023-39326": {{
			raw: publicPost + "Transfer-Encoding: chunked\r\n\r\n" +
				strings.Repeat("1;"+strings.Repeat("a", 3000)+"\r\nx\r\n", 10) + hidden,
			status: 400, reason: "chunk_extensions_too_large", inBody: true,
		}},
		// HAProxy routed by what stood behind "#" and some servers cut there.
		"CVE-2023-45539": {refusedGet("/content/x#/../../blockedz", "target_fragment")},
		// Traefik and Go let Connection name the fields that the proxy itself had set.
		"CVE-2024-45410": refusedPost("Connection: X-Forwarded-Host, X-Forwarded-For\r\nContent-Length: 0\r\n", "", "connection_names_protected_field"),
		"CVE-2026-29054": refusedPost("Connection: close, X-Real-Ip\r\nContent-Length: 0\r\n", "", "connection_names_protected_field"),
		// HTTP/2 in crumbs: a field each, past every limit that counts bytes only.
		"CVE-2026-47774": {{
			raw: publicGet + strings.Repeat("Cookie: a\r\n", 101) + "\r\n", status: 431, reason: "field_too_many",
		}},
		// gRPC matched policies against paths without a slash, which no rule mentioned.
		"CVE-2026-33186": {refusedGet("content/x", "target_invalid")},
		// Go's ReverseProxy passed parameters on that it could not parse itself.
		"CVE-2022-2880": {refusedGet("/content/x?a=%zz&b=1", "query_invalid")},
		// Envoy Gateway's log took JSON from User-Agent: TestLogInjection.
	}
	for _, more := range []map[string][]cve{connectionCVEs(), upgradeCVEs(), pathCVEs(), identityCVEs()} {
		for number, tests := range more {
			all[number] = append(all[number], tests...)
		}
	}
	return all
}

// connectionCVEs are about what comes before and after a message.
func connectionCVEs() map[string][]cve {
	return map[string][]cve{
		// Go's client left the connection in an unknown state when an answer came in
		// place of "100 Continue". Here the gateway answers it, and the origin never sees it.
		"CVE-2024-24791": {{
			raw:    publicPost + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello" + publicGet + "\r\n",
			status: 200, upstream: []string{"POST /content/x public.example", "GET /content/x public.example"},
			check: absent("Expect"),
		}},
		// Traefik put connections that had carried CONNECT back into its pool.
		"CVE-2026-71324": {{
			raw:    "CONNECT secret.internal:80 HTTP/1.1\r\nHost: public.example\r\n\r\n" + inner,
			status: 405, reason: "method_refused",
		}},
		// Envoy sent on what followed CONNECT before the origin had agreed.
		"CVE-2025-64763": {{
			raw:    "CONNECT public.example:80 HTTP/1.1\r\nHost: public.example:80\r\nContent-Length: 5\r\n\r\nhello" + inner,
			status: 405, reason: "method_refused",
		}},
		// Go joined continuation lines at a cost that grew with their square.
		"CVE-2025-61724": {{
			raw: publicGet + "\r\n", answer: rawAnswer("HTTP/1.1 200 OK\r\n" + strings.Repeat("a:\r\n", 100_000) + "\r\n"),
			status: 502, upstream: seen,
		}},
		// Go's ReverseProxy dropped parameters past a number: filter and origin saw others.
		"CVE-2026-39825": {{
			raw:    get("/content/x?"+strings.Repeat("a&", 3000)+"b=c", "public.example"),
			status: 200, upstream: []string{"GET /content/x?" + strings.Repeat("a&", 3000) + "b=c public.example"},
		}},
	}
}

func upgradeCVEs() map[string][]cve {
	const websocket = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	return map[string][]cve{
		// Envoy relayed upgrades to h2c, inside which requests passed no route.
		"CVE-2024-23326": {{
			raw:    publicGet + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n" + inner,
			status: 200, upstream: seen, check: absent("Upgrade", "HTTP2-Settings", "Connection"),
		}},
		// Pingora sent on what followed an upgrade before there was a 101.
		"CVE-2026-2833": {
			{name: "refused_upgrade", raw: publicGet + websocket + "\r\n" + inner, status: 200, upstream: seen},
			{
				name: "with_content", raw: publicGet + websocket + "Content-Length: 5\r\n\r\nhello" + inner,
				status: 400, reason: "upgrade_with_body",
			},
		},
		// A 101 that nobody asked for opened a tunnel.
		"CVE-2026-58055": {
			{
				name: "unasked", raw: publicGet + "\r\n" + inner, status: 502, upstream: seen,
				answer: rawAnswer("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
			},
			{
				name: "other_protocol", raw: publicGet + websocket + "\r\n" + inner, status: 502, upstream: seen,
				answer: rawAnswer("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"),
			},
		},
	}
}

// pathCVEs are row E1: what was matched, and what the origin was asked for.
func pathCVEs() map[string][]cve {
	notFound := func(target string) cve { return cve{raw: get(target, "public.example"), status: 404} }
	return map[string][]cve{
		// Traefik matched "%2e%2e" as a name.
		"CVE-2025-47952": {notFound("/content/%2e%2e/blockedz")},
		// Traefik matched before, and the origin after, "%2f" was decoded.
		"CVE-2025-66490": {refusedGet("/content/..%2fblockedz", "path_encoded_dot_segment")},
		// Traefik's StripPrefix left dot segments that its matcher had not seen.
		"CVE-2026-40912": {
			notFound("/pub/.%2E/blockedz"),
			{name: "at_prefix", raw: get("/static../blockedz", "public.example"), status: 400},
		},
		"CVE-2026-48020": {notFound(`/content\..\blockedz`)},
		// Envoy left "..;x", which servlet containers take for "..".
		"CVE-2026-73551": {refusedGet("/content/..;x/blockedz", "path_dot_segment_params")},
		// Traefik built redirects with the client's X-Forwarded-Prefix.
		"CVE-2024-52003": {{
			raw:    "GET /moved//evil.example/x HTTP/1.1\r\nHost: public.example\r\nX-Forwarded-Prefix: //evil.example\r\n\r\n",
			status: 302, check: wantOwnLocation,
		}},
	}
}

func wantOwnLocation(t *testing.T, back string, _ []*message) {
	got, _ := replies(back, "GET")
	location := got[0].header.Get("Location")
	if !strings.HasPrefix(location, "http://public.example:") && !strings.HasPrefix(location, "http://public.example/") {
		t.Errorf("Location: %q", location)
	}
}

// identityCVEs are rows E3 and E4: fields that say who the client is.
func identityCVEs() map[string][]cve {
	underscore := func(name string) []cve {
		return refusedPost(name+": admin\r\nContent-Length: 0\r\n", "", "field_name_underscore")
	}
	return map[string][]cve{
		// oauth2-proxy, Traefik: X_Forwarded_User passed where X-Forwarded-User was removed.
		"CVE-2025-64484": underscore("X_Forwarded_User"),
		"CVE-2026-33433": underscore("X-Auth_User"),
		"CVE-2026-54763": underscore("X_Forwarded-User"),
	}
}
