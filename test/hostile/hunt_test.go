package hostile

import (
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/wire/wiretest"
)

// inner is the request that smugglers hide.
const inner = "GET /blockedz HTTP/1.1\r\nHost: secret.internal\r\n\r\n"

// TestTreasure hunts with every generator, and with paths under every normalisation that
// promises anything: PATH_NORMALIZATION_NONE promises nothing to origins that normalise.
func TestTreasure(t *testing.T) {
	for mode, inputs := range map[string][]iter.Seq[string]{
		"BASE":                     {mutatedTargets(), mutatedHosts(), mutatedFields(), smuggled(), corpus()},
		"MERGE_SLASHES":            {mutatedTargets()},
		"DECODE_AND_MERGE_SLASHES": {mutatedTargets()},
	} {
		t.Run(mode, func(t *testing.T) {
			v := newVault(t, "path_normalization: PATH_NORMALIZATION_"+mode)
			n := 0
			for _, sequence := range inputs {
				for raw := range sequence {
					n++
					v.wantSafe(t, raw, v.send(t, raw))
				}
			}
			if n < 10_000 {
				t.Errorf("only %d inputs", n)
			}
			t.Logf("%d inputs", n)
			v.wantOpen(t)
		})
	}
}

// wantOpen makes sure that the hunt was for something: the routes do lead somewhere.
func (v vault) wantOpen(t *testing.T) {
	t.Helper()
	for _, path := range []string{
		"/content/x", "/content-exact", "/content-a/b", "/content-z", "/pub/x", "/staticx",
		"/files/x", "/rx/x", "/full/x", "/content-case/x",
	} {
		got, _ := replies(v.send(t, get(path, "public.example")), "GET")
		if len(got) != 1 || got[0].status != 200 {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

// mutatedTargets climb out of every route with every spelling of "../".
func mutatedTargets() iter.Seq[string] {
	starts := []string{
		"/content", "/content/", "/content/x", "/content-exact", "/content-a/", "/content-", "/content-case/",
		"/pub", "/pub/", "/static", "/files/", "/rx", "/rx/", "/del/", "/full/", "/old/", "/moved/", "/", "",
	}
	dots := []string{
		"..", "%2e%2e", ".%2E", "%2e.", "..;", "..;x=y", "%2e%2e;", "..%3b", ";/..", "..%00", "...", ".x.",
		"..%20", "..%09", "%252e%252e", "%c0%ae%c0%ae", "%e0%80%ae.", "%uff0e.", ".", "x..", "..#", "..?",
	}
	slashes := []string{
		"/", "%2f", "%2F", `\`, "%5c", "//", "/./", "/;/", "%252f", "%c0%af", "%2f/", `\/`, "/%2e/", "/x/../",
	}
	return func(yield func(string) bool) {
		for _, start := range starts {
			for _, d := range dots {
				for _, s := range slashes {
					for times := 1; times <= 2; times++ {
						target := start + strings.Repeat(d+s, times) + "blockedz"
						if !yield(get(target, "public.example")) {
							return
						}
					}
				}
			}
		}
		for _, target := range []string{
			"/blockedz", "//blockedz", "/%62lockedz", "/blockedz/", "/blockedz;x", "/blockedz?x", "/BLOCKEDZ",
			`\blockedz`, "blockedz", "/content?/../blockedz", "/content#/../../blockedz", "/content/%23/../../blockedz",
			"//public.example/blockedz", "///blockedz", "/.//blockedz", "/content%2f..%2f..%2fblockedz",
			"http://public.example/blockedz", "http://public.example//blockedz", "http://public.example/content/../blockedz",
			"http:///blockedz", "http:/blockedz", "HTTP://PUBLIC.EXAMPLE/content/..%2fblockedz", "*", "*/blockedz",
			"http://public.example\\blockedz", "http://public.example?/../blockedz", "public.example:80",
		} {
			for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS", "CONNECT", "TRACE", "get", "PROPFIND"} {
				if !yield(method + strings.TrimPrefix(get(target, "public.example"), "GET")) {
					return
				}
			}
		}
	}
}

// mutatedHosts look for the treasure's host.
func mutatedHosts() iter.Seq[string] {
	hosts := []string{
		"secret.internal", "SECRET.INTERNAL", "secret.internal.", "secret.internal:80", "public.example@secret.internal",
		"secret.internal@public.example", "secret.internal#public.example", "secret.internal/public.example",
		"public.example, secret.internal", "public.example secret.internal", "secret.internal\\public.example",
		"public.example\r\nHost: secret.internal", "secret.internal\r\nHost: public.example",
		"public.example\r\n secret.internal", "public.example\tsecret.internal", "public.example\x00secret.internal",
		"secret.internal?public.example", "secret.internal:80@public.example", "secret.internal%00public.example",
		"secret.internal.public.example:0", "[secret.internal]", "secret%2einternal", "public.example:secret.internal",
	}
	return func(yield func(string) bool) {
		for _, host := range hosts {
			for _, target := range []string{
				"/content/x", "/blockedz", "http://secret.internal/content/x", "http://public.example/content/x",
				"http://secret.internal@public.example/content/x", "http://public.example@secret.internal/content/x",
				"http://public.example:80@secret.internal/content/x", `http://secret.internal\@public.example/content/x`,
				"http://public.example#@secret.internal/content/x", "//secret.internal/content/x",
				"https://secret.internal/content/x", "secret.internal/content/x",
			} {
				if !yield(get(target, host)) || !yield(get(target, "public.example")) ||
					!yield("GET "+target+" HTTP/1.0\r\nHost: "+host+"\r\n\r\n") ||
					!yield("GET "+target+" HTTP/1.0\r\n\r\n") {
					return
				}
			}
		}
	}
}

// mutatedFields are those that some servers believe more than the request line.
func mutatedFields() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, name := range []string{
			"X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "X-HTTP-Host-Override", "Forwarded", "X_Forwarded_Host",
			"X-Original-URL", "X-Rewrite-URL", "X-Original-Url", "x-rewrite-url", "X-Forwarded-Path", "X-Forwarded-Uri",
			"X-Envoy-Original-Path", "Host", " Host", "Host ", "hOsT", "H\x00ost", "X-Original-URL ", "X_Original_URL",
			"Transfer-Encoding", "Content-Length", "Connection", "Upgrade",
		} {
			for _, value := range []string{
				"secret.internal", "/blockedz", "host=secret.internal", "for=1.2.3.4;host=secret.internal",
				"http://secret.internal/blockedz", "x\r\nHost: secret.internal", "x\nHost: secret.internal",
			} {
				line := name + ": " + value + "\r\n"
				for _, raw := range []string{
					"GET /content/x HTTP/1.1\r\nHost: public.example\r\n" + line + "\r\n",
					"GET /content/x HTTP/1.1\r\n" + line + "Host: public.example\r\n\r\n",
					"GET /content/x HTTP/1.1\r\nHost: public.example\r\nConnection: host, x-forwarded-host\r\n" + line + "\r\n",
					"POST /content/x HTTP/1.1\r\nHost: public.example\r\nTransfer-Encoding: chunked\r\nTrailer: " + strings.TrimSpace(name) +
						"\r\n\r\n0\r\n" + line + "\r\n",
				} {
					if !yield(raw) {
						return
					}
				}
			}
		}
	}
}

// smuggled hide a request in the content of another, under framings that two parsers
// could read differently.
func smuggled() iter.Seq[string] {
	length := func(n int) string { return fmt.Sprintf("Content-Length: %d\r\n", n) }
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(inner), inner)
	framings := []string{
		"", length(0), length(len(inner)), length(4), "Transfer-Encoding: chunked\r\n",
		length(len(inner)) + "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\n" + length(4),
		"Transfer-Encoding: xchunked\r\n" + length(4), "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
		"Transfer-Encoding : chunked\r\n" + length(4), "Transfer-Encoding:\vchunked\r\n" + length(4),
		"X: y\nTransfer-Encoding: chunked\r\n" + length(4), "Transfer-Encoding:\n chunked\r\n" + length(4),
		"Content-Length: +5\r\n", "Content-Length: 0\r\n" + length(len(inner)), "Content-Length: 0, 5\r\n",
		"Content-Length: 4294967296\r\n", "Content-Length: 18446744073709551616\r\n", "Content-Length : 0\r\n",
		"Expect: 100-continue\r\n" + length(len(inner)), "Expect: x 100-continue\r\n" + length(len(inner)),
		"Connection: Upgrade\r\nUpgrade: websocket\r\n", "Connection: Upgrade\r\nUpgrade: h2c\r\n",
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 99\r\n", "Connection: close, content-length\r\n" + length(4),
		"Connection: Upgrade\r\nUpgrade: websocket\r\n" + length(len(inner)), "Content_Length: 4\r\n",
	}
	bodies := []string{
		inner, chunked, "0\r\n\r\n" + inner, "0\r\nX: y\r\n\r\n" + inner, "0;\n\r\n\r\n" + inner,
		"5;a\nb\r\nhello\r\n0\r\n\r\n" + inner, "0\n\r\n" + inner, "0\r\n" + inner, "2\r\nxx45\r\n0\r\n\r\n" + inner,
		"4\r\nxxxx" + inner, "0x0\r\n\r\n" + inner, "00000000000000000\r\n\r\n" + inner, "-1\r\n" + inner, "\r\n" + inner,
		"0;a=\"\r\n\r\n" + inner + "\"\r\n\r\n", "0\r\rX\n\r\n" + inner, "10000000000000000\r\n" + inner,
	}
	return func(yield func(string) bool) {
		for _, method := range []string{"GET", "POST", "OPTIONS"} {
			for _, framing := range framings {
				for _, body := range bodies {
					head := method + " /content/x HTTP/1.1\r\nHost: public.example\r\n" + framing + "\r\n"
					if !yield(head+body) || !yield(strings.Replace(head, "1.1", "1.0", 1)+body) {
						return
					}
				}
			}
		}
	}
}

// corpus is wiretest's, turned towards the treasure: the host and path that are routed,
// the hidden request for content, and one more behind it.
func corpus() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, c := range wiretest.Requests() {
			if len(c.Raw) > 64<<10 {
				continue
			}
			raw := strings.ReplaceAll(c.Raw, "a.example", "public.example")
			raw = strings.ReplaceAll(raw, " / HTTP", " /content/x HTTP")
			hidden := strings.ReplaceAll(raw, "hello", inner)
			hidden = strings.ReplaceAll(hidden, "Length: 5", fmt.Sprintf("Length: %d", len(inner)))
			hidden = strings.ReplaceAll(hidden, "\r\n5\r\n", fmt.Sprintf("\r\n%x\r\n", len(inner)))
			if !yield(raw+inner) || !yield(hidden) || !yield(hidden+inner) {
				return
			}
		}
	}
}
