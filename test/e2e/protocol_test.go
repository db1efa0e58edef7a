package e2e

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/test/harness"
)

// behind runs an appliance that sends everything to one origin.
func behind(t testing.TB, o *harness.Origin) *harness.Appliance {
	t.Helper()
	return start(t, gatewayYAML("edge", "http 80"), harness.Service("one", o),
		routeYAML("r", "", "  - backendRefs: [{name: one, port: 80}]\n"))
}

// scripted is an origin that reads a head, passes it on, and answers as the test says.
func scripted(t testing.TB, answer func(head string, p *harness.Peer) error) (*harness.Origin, <-chan string) {
	t.Helper()
	heads := make(chan string, 100)
	return harness.Serve(t, "scripted", func(p *harness.Peer) {
		for {
			head, err := p.ReadHead()
			if err != nil {
				return
			}
			heads <- head
			if answer(head, p) != nil {
				return
			}
		}
	}), heads
}

// always is a scripted origin that gives one answer.
func always(t testing.TB, answer string) (*harness.Origin, <-chan string) {
	t.Helper()
	return scripted(t, func(_ string, p *harness.Peer) error {
		_, err := io.WriteString(p, answer)
		return err
	})
}

func TestKeepAliveAndPipelining(t *testing.T) {
	o := harness.Echo(t, "one")
	a := behind(t, o)
	c := a.Dial(t, 80)
	for i := range 100 {
		c.Send(get("", fmt.Sprintf("/%d", i)).Bytes())
		if got := c.Next("GET"); got.Status != 200 || got.Echo.Target != fmt.Sprintf("/%d", i) || got.Close {
			t.Fatalf("request %d: %+v", i, got)
		}
	}
	var all strings.Builder
	for i := range 50 {
		r := harness.Request{Target: fmt.Sprintf("/%d", i), Method: []string{"GET", "POST"}[i%2]}
		if r.Method == "POST" {
			r.Body = strings.Repeat("b", i)
		}
		all.WriteString(r.Bytes())
	}
	c.Send(all.String())
	for i := range 50 {
		if got := c.Next("GET"); got.Echo.Target != fmt.Sprintf("/%d", i) || i%2 == 1 && len(got.Echo.Body) != i {
			t.Fatalf("pipelined request %d: %+v", i, got)
		}
	}
	if n := o.Accepted(); n != 1 {
		t.Errorf("the origin saw %d connections for requests that came one after another, want 1", n)
	}
	c.Send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if got := c.Next("GET"); got.Status != 200 || !got.Close {
		t.Errorf("Connection: close is answered %d, close %v", got.Status, got.Close)
	}
	if rest, err := c.Ended(); rest != "" || err != nil {
		t.Errorf("after Connection: close: %q, %v", rest, err)
	}
}

func TestChunkedBothWays(t *testing.T) {
	bodies := make(chan *http.Request, 1)
	o := harness.Serve(t, "chunked", func(p *harness.Peer) {
		r, err := http.ReadRequest(p.Reader)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Header.Set("Body", string(body))
		bodies <- r
		fmt.Fprint(p, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n0\r\nX-Sum: abc\r\n\r\n")
	})
	a := behind(t, o)
	c := a.Dial(t, 80)
	c.Send("POST / HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\nTrailer: X-Check\r\n\r\n3\r\nabc\r\n")
	c.Send("a\r\n0123456789\r\n0\r\nX-Check: 1\r\n\r\n")
	r := harness.Receive(t, "the request", bodies)
	if got := r.Header.Get("Body"); got != "abc0123456789" {
		t.Errorf("the origin got %q", got)
	}
	if got := r.Trailer.Get("X-Check"); got != "1" {
		t.Errorf("the origin got the trailer %q, want 1", got)
	}
	got := c.Next("POST")
	if got.Body != "hello, world" || got.Trailer.Get("X-Sum") != "abc" {
		t.Errorf("the client got %q with trailers %v", got.Body, got.Trailer)
	}
}

func TestExpectContinue(t *testing.T) {
	o, heads := scripted(t, func(head string, p *harness.Peer) error {
		if strings.HasPrefix(head, "POST /no") {
			io.WriteString(p, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno") //nolint:errcheck // the client notices
			return io.EOF
		}
		if _, err := io.WriteString(p, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return err
		}
		body := make([]byte, 4)
		if _, err := io.ReadFull(p, body); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n%s", body)
		return err
	})
	a := behind(t, o)
	c := a.Dial(t, 80)
	c.Send("POST /yes HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
	if got := c.Head(); !strings.HasPrefix(got, "HTTP/1.1 100 ") {
		t.Fatalf("first comes %q, want 100", got)
	}
	c.Send("body")
	if got := c.Next("POST"); got.Status != 200 || got.Body != "body" {
		t.Fatalf("%+v", got)
	}
	harness.Receive(t, "the head", heads)

	c = a.Dial(t, 80)
	c.Send("POST /no HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
	for {
		head := c.Head()
		if strings.HasPrefix(head, "HTTP/1.1 100 ") {
			c.Send("body") // the gateway may ask for it by itself; RFC 9110 §10.1.1
			continue
		}
		if !strings.HasPrefix(head, "HTTP/1.1 403 ") {
			t.Errorf("refused with %q, want the origin's 403", head)
		}
		break
	}
}

func TestResponsesWithoutContent(t *testing.T) {
	answers := map[string]string{
		"HEAD /":        "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n",
		"HEAD /chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"GET /204":      "HTTP/1.1 204 No Content\r\n\r\n",
		"GET /304":      "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 9\r\n\r\n",
		"GET /empty":    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	}
	o, _ := scripted(t, func(head string, p *harness.Peer) error {
		line, _, _ := strings.Cut(head, " HTTP/1.1")
		_, err := io.WriteString(p, answers[line])
		return err
	})
	a := behind(t, o)
	c := a.Dial(t, 80) // one connection: content that is not there, or is there too much, shows in the next answer
	for range 3 {
		for line, answer := range answers {
			method, target, _ := strings.Cut(line, " ")
			c.Send(harness.Request{Method: method, Target: target}.Bytes())
			head := c.Head()
			if want, _, _ := strings.Cut(answer, "\r\n"); !strings.HasPrefix(head, want+"\r\n") {
				t.Fatalf("%s: %q, want %q", line, head, want)
			}
			if line == "HEAD /" && !strings.Contains(strings.ToLower(head), "content-length: 12345\r\n") {
				t.Errorf("HEAD lost its Content-Length: %q", head)
			}
			if strings.Contains(line, "204") && strings.Contains(strings.ToLower(head), "content-length") {
				t.Errorf("204 with Content-Length: %q", head)
			}
		}
	}
	if n := o.Accepted(); n != 1 {
		t.Errorf("%d connections to the origin, want 1", n)
	}
}

func TestInterimResponses(t *testing.T) {
	o, _ := always(t, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"+
		"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	a := behind(t, o)
	c := a.Dial(t, 80)
	for range 2 {
		c.Send(get("", "/").Bytes())
		head := c.Head()
		if !strings.HasPrefix(head, "HTTP/1.1 103 ") || !strings.Contains(head, "</a.css>; rel=preload\r\n") {
			t.Fatalf("first comes %q, want 103 with Link", head)
		}
		if head = c.Head(); !strings.HasPrefix(head, "HTTP/1.1 102 ") {
			t.Fatalf("then comes %q, want 102", head)
		}
		if got := c.Next("GET"); got.Status != 200 || got.Body != "ok" {
			t.Fatalf("at last %+v", got)
		}
	}
}

func TestUpgrade(t *testing.T) {
	o, heads := scripted(t, func(head string, p *harness.Peer) error {
		if !strings.Contains(strings.ToLower(head), "upgrade: websocket") {
			_, err := io.WriteString(p, "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")
			return err
		}
		// The first bytes come along with the head, as fast servers do it.
		if _, err := io.WriteString(p, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: k\r\n\r\nhello "); err != nil {
			return err
		}
		if _, err := io.Copy(p, p.Reader); err != nil { // until the client ends its direction
			return err
		}
		io.WriteString(p, "bye") //nolint:errcheck // the client notices
		return io.EOF
	})
	a := behind(t, o)
	c := a.Dial(t, 80)
	c.Send("GET /chat HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\n\r\nearly ")
	head := c.Head()
	if !strings.HasPrefix(head, "HTTP/1.1 101 ") || !strings.Contains(strings.ToLower(head), "\r\nupgrade: websocket\r\n") {
		t.Fatalf("%q, want 101", head)
	}
	if got := harness.Receive(t, "the head", heads); !strings.Contains(strings.ToLower(got), "sec-websocket-key: k\r\n") {
		t.Errorf("the origin got %q", got)
	}
	want := "hello early "
	if got := readString(t, c, len(want)); got != want {
		t.Fatalf("first bytes %q, want %q", got, want)
	}
	for i := range 100 {
		message := fmt.Sprintf("%d %s", i, strings.Repeat("x", i*100))
		c.Send(message)
		if got := readString(t, c, len(message)); got != message {
			t.Fatalf("message %d comes back as %.60q", i, got)
		}
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if rest, err := c.Ended(); rest != "bye" || err != nil {
		t.Errorf("after half-close: %q, %v; want bye", rest, err)
	}
}

func TestUpgradeRefusedByOrigin(t *testing.T) {
	o, _ := always(t, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
	a := behind(t, o)
	got := a.Do(t, get("", "/", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: k", "Sec-WebSocket-Version: 13"))
	if got.Status != 403 || got.Body != "no" {
		t.Errorf("%d %q, want the origin's 403", got.Status, got.Body)
	}
}

func readString(t *testing.T, c *harness.Client, n int) string {
	t.Helper()
	b := make([]byte, n)
	if got, err := io.ReadFull(c.Reader, b); err != nil {
		t.Fatalf("%q, then %v", b[:got], err)
	}
	return string(b)
}

func TestHopByHop(t *testing.T) {
	o, heads := always(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"+
		"Proxy-Authenticate: Basic\r\nX-Kept: 1\r\n\r\nok")
	a := behind(t, o)
	got := a.Do(t, get("", "/", "Connection: keep-alive, X-Secret", "X-Secret: 1", "Keep-Alive: timeout=9", "Proxy-Connection: keep-alive",
		"Proxy-Authorization: Basic abc", "TE: trailers, deflate", "X-Kept: 1"))
	head := strings.ToLower(harness.Receive(t, "the head", heads))
	// What is ours to say on our own hop: that we take trailers (RFC 9110 §10.1.4).
	head = strings.Replace(head, "connection: te\r\nte: trailers\r\n", "", 1)
	for _, name := range []string{"x-secret", "keep-alive", "proxy-connection", "proxy-authorization", "connection", "te", "upgrade"} {
		if strings.Contains(head, "\r\n"+name+":") {
			t.Errorf("%s reached the origin: %q", name, head)
		}
	}
	if !strings.Contains(head, "\r\nx-kept: 1\r\n") {
		t.Errorf("the origin got %q without X-Kept", head)
	}
	fields(t, "the client's", got.Header, []string{"X-Hop:", "Keep-Alive:", "X-Kept: 1"})
}

func TestForwardingFields(t *testing.T) {
	a := behind(t, harness.Echo(t, "one"))
	seen := map[string]bool{}
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	for range 10 {
		got := a.Do(t, get("shop.example", "/", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil",
			"X-Real-IP: 1.2.3.4", "Forwarded: for=1.2.3.4", "X-Request-Id: forged", "X-Envoy-Internal: true", "X-Forwarded-Client-Cert: forged"))
		fields(t, "the origin's", got.Echo.Header, []string{
			"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: shop.example", "X-Forwarded-Port: 80",
			"Forwarded:", "X-Envoy-Internal:", "X-Forwarded-Client-Cert:",
		})
		id := got.Echo.Header.Get("X-Request-Id")
		if !uuid.MatchString(id) || seen[id] {
			t.Errorf("X-Request-Id %q is no new UUID", id)
		}
		seen[id] = true
	}
}

func TestOriginDiesInContent(t *testing.T) {
	tests := []struct{ name, answer string }{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"},
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n"},
		{"in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nonly this"},
		{"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\nzz\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, _ := scripted(t, func(_ string, p *harness.Peer) error {
				io.WriteString(p, tt.answer) //nolint:errcheck // the client notices
				return io.EOF
			})
			a := behind(t, o)
			c := a.Dial(t, 80)
			c.Send(get("", "/").Bytes())
			got, err := c.TryNext("GET")
			if err == nil {
				t.Errorf("%d with %q is taken for whole", got.Status, got.Body)
			} else if strings.Contains(err.Error(), "timeout") {
				t.Errorf("the end is not passed on: %v", err)
			}
			if d := cmp.Diff("only this", got.Body); d != "" {
				t.Errorf("what did arrive: %s", d)
			}
		})
	}
}

func TestOriginDiesBeforeContent(t *testing.T) {
	for name, answer := range map[string]string{"nothing": "", "half a head": "HTTP/1.1 200 OK\r\nContent-", "garbage": "220 smtp.example ESMTP\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			o, _ := scripted(t, func(_ string, p *harness.Peer) error {
				io.WriteString(p, answer) //nolint:errcheck // the client notices
				return io.EOF
			})
			a := behind(t, o)
			got := a.Do(t, get("", "/"))
			if got.Status != 502 && got.Status != 503 {
				t.Errorf("%d %q, want 502 or 503", got.Status, got.Body)
			}
		})
	}
}

func TestEarlyResponseToUpload(t *testing.T) {
	o, _ := scripted(t, func(_ string, p *harness.Peer) error {
		io.WriteString(p, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\nConnection: close\r\n\r\ntoo much") //nolint:errcheck // the client notices
		return io.EOF
	})
	a := behind(t, o)
	for range 20 {
		c := a.Dial(t, 80)
		c.Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			piece := make([]byte, 64<<10)
			for range 100 {
				if _, err := c.Write(piece); err != nil {
					return
				}
			}
		}()
		got := c.Next("POST")
		if got.Status != 413 || got.Body != "too much" {
			t.Fatalf("%d %q, want the origin's 413", got.Status, got.Body)
		}
		c.Close()
		harness.Receive(t, "the end of the upload", sent)
	}
}
