package wire

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire/wiretest"
)

// maxSeed keeps seeds small enough for mutations to be cheap.
const maxSeed = 512

// FuzzRequestHead: verdicts do not depend on how bytes were split, the parser agrees
// with itself when shown half heads, and what is accepted survives a round trip.
func FuzzRequestHead(f *testing.F) {
	for _, c := range wiretest.Requests() {
		if len(c.Raw) < maxSeed {
			f.Add([]byte(c.Raw))
		}
	}
	f.Add([]byte(typicalRequest))
	rules := DefaultRequestRules()
	f.Fuzz(func(t *testing.T, raw []byte) {
		var h exchange.Head
		_ = ParseRequest(&h, raw, rules) // must not panic on what no scanner saw
		whole := readRequests(raw, max(len(raw), 1), rules)
		for _, step := range []int{1, 3} {
			if diff := cmp.Diff(whole, readRequests(raw, step, rules)); diff != "" {
				t.Errorf("%d bytes at a time (-whole +split):\n%s", step, diff)
			}
		}
		requestRoundTrip(t, raw, rules)
	})
}

// requestRoundTrip checks that what the writer emits for an accepted request is
// accepted and means the same.
func requestRoundTrip(t *testing.T, raw []byte, rules *Rules) {
	t.Helper()
	ex, again := exchange.Get(), exchange.Get()
	defer exchange.Put(ex)
	defer exchange.Put(again)
	var scan HeadScanner
	scan.Reset(exchange.SourceClient, &rules.Limits)
	n, err := scan.Scan(raw)
	if n == 0 || err != nil || ParseRequest(&ex.Request.Head, raw[:n], rules) != nil ||
		ParseTarget(ex, TargetRules{}) != nil {
		return
	}
	StripHopByHop(&ex.Request.Head)
	to := exchange.Forward{Path: ex.Path, Query: ex.Query, HasQuery: ex.HasQuery, Authority: ex.Authority}
	out, err := AppendRequestHead(nil, &ex.Request.Head, &to, RequestOptions{})
	if err != nil {
		t.Fatalf("%q was accepted, but cannot be written: %v", raw[:n], err)
	}
	loose := *rules // an absolute-form target may become a longer head
	loose.Fields, loose.Head = rules.Fields+3, rules.Head+1024
	if err := ParseRequest(&again.Request.Head, out, &loose); err != nil {
		t.Fatalf("%q was written as %q, which is refused: %v", raw[:n], out, err)
	}
	if err := ParseTarget(again, TargetRules{}); err != nil {
		t.Fatalf("%q was written as %q, whose target is refused: %v", raw[:n], out, err)
	}
	a, b := ex.Request.Head, again.Request.Head
	if string(a.MethodToken) != string(b.MethodToken) || a.Framing != b.Framing ||
		a.ContentLength != b.ContentLength || !bytes.EqualFold(a.Upgrade, b.Upgrade) ||
		string(ex.Host) != string(again.Host) || string(ex.Path) != string(again.Path) ||
		string(ex.Query) != string(again.Query) || ex.HasQuery != again.HasQuery {
		t.Errorf("%q became %q, which reads otherwise", raw[:n], out)
	}
	if diff := cmp.Diff(endToEnd(&a.Fields), endToEnd(&b.Fields)); diff != "" {
		t.Errorf("%q became %q (-read +written):\n%s", raw[:n], out, diff)
	}
}

// endToEnd lists the field lines that the writers pass on, as text.
func endToEnd(fields *exchange.Fields) (lines []string) {
	for _, f := range fields.All() {
		if !ownedFields.has(f.ID) {
			lines = append(lines, string(f.Name)+": "+string(f.Value))
		}
	}
	return lines
}

// FuzzResponseHead: as FuzzRequestHead, for responses.
func FuzzResponseHead(f *testing.F) {
	for _, c := range wiretest.Responses() {
		if len(c.Raw) < maxSeed {
			f.Add([]byte(c.Raw), c.Method == "HEAD")
		}
	}
	f.Add([]byte(typicalResponse), false)
	rules := DefaultResponseRules()
	f.Fuzz(func(t *testing.T, raw []byte, toHead bool) {
		method := exchange.MethodGet
		if toHead {
			method = exchange.MethodHead
		}
		var h exchange.Head
		_ = ParseResponse(&h, raw, method, rules)
		whole := readResponse(raw, method.String(), max(len(raw), 1))
		for _, step := range []int{1, 3} {
			if diff := cmp.Diff(whole, readResponse(raw, method.String(), step)); diff != "" {
				t.Errorf("%d bytes at a time (-whole +split):\n%s", step, diff)
			}
		}
		responseRoundTrip(t, raw, method, rules)
	})
}

func responseRoundTrip(t *testing.T, raw []byte, method exchange.Method, rules *Rules) {
	t.Helper()
	var scan HeadScanner
	scan.Reset(exchange.SourceUpstream, &rules.Limits)
	n, err := scan.Scan(raw)
	var a, b exchange.Head
	if n == 0 || err != nil || ParseResponse(&a, raw[:n], method, rules) != nil {
		return
	}
	StripHopByHop(&a)
	out, err := AppendResponseHead(nil, &a, ResponseOptions{Version: exchange.HTTP11})
	if err != nil {
		t.Fatalf("%q was accepted, but cannot be written: %v", raw[:n], err)
	}
	loose := *rules
	loose.Fields, loose.Head = rules.Fields+3, rules.Head+1024
	if err := ParseResponse(&b, out, method, &loose); err != nil {
		t.Fatalf("%q was written as %q, which is refused: %v", raw[:n], out, err)
	}
	if a.Status != b.Status || a.Framing != b.Framing || a.ContentLength != b.ContentLength ||
		!bytes.EqualFold(a.Upgrade, b.Upgrade) {
		t.Errorf("%q became %q, which reads otherwise", raw[:n], out)
	}
	if diff := cmp.Diff(endToEnd(&a.Fields), endToEnd(&b.Fields)); diff != "" {
		t.Errorf("%q became %q (-read +written):\n%s", raw[:n], out, diff)
	}
}

// FuzzChunked: any split of the input gives the same content, the same trailers and
// the same refusal; and content survives being chunked again.
func FuzzChunked(f *testing.F) {
	for _, c := range wiretest.Requests() {
		if head, body, ok := bytes.Cut([]byte(c.Raw), []byte("\r\n\r\n")); ok && len(body) < maxSeed &&
			bytes.Contains(head, []byte("Transfer-Encoding: chunked")) {
			f.Add(body, uint8(3))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, step uint8) {
		whole := readChunked(raw, max(len(raw), 1))
		for _, n := range []int{1, int(step) + 1} {
			if diff := cmp.Diff(whole, readChunked(raw, n)); diff != "" {
				t.Fatalf("%d bytes at a time (-whole +split):\n%s", n, diff)
			}
		}
		if !whole.Done || len(whole.Content) == 0 {
			return
		}
		out := AppendChunkHeader(nil, len(whole.Content))
		out = AppendChunkEnd(append(out, whole.Content...))
		out = AppendLastChunk(out, nil)
		if again := readChunked(out, len(out)); !again.Done || again.Content != whole.Content {
			t.Errorf("%q read back as %+v", out, again)
		}
	})
}

// chunkedResult is what came of reading a chunked body.
type chunkedResult struct {
	Content  string
	Trailers []string
	Dropped  int
	Done     bool
	Rest     int // bytes after the body
	Reason   string
}

func readChunked(raw []byte, step int) (r chunkedResult) {
	p := peer{in: raw, step: step, rules: DefaultRequestRules()}
	body, done, err := p.chunked(exchange.SourceClient)
	if err != nil {
		return chunkedResult{Content: string(body), Reason: err.Reason}
	}
	r = chunkedResult{Content: string(body), Done: done, Dropped: p.body.DroppedTrailers(), Rest: len(p.in)}
	if fields := p.body.Trailers(); fields != nil {
		for _, f := range fields.All() {
			r.Trailers = append(r.Trailers, string(f.Name)+": "+string(f.Value))
		}
	}
	return r
}

// FuzzNormalizePath: the result is a path, does not grow, is a fixed point, and holds
// nothing that its mode removes.
func FuzzNormalizePath(f *testing.F) {
	for _, p := range []string{
		"/", "/a/b", "/a/../b", "/%2e%2e/x", `/a\..\b`, "/a//b", "/a%2f%5Cb", "/..;/x",
		"/%c0%ae", "/a%2f..", "//..//x", "/a/./", "/%41%2541", "/a/..%2f..%2f", "/.%2e;",
	} {
		for mode := range NormalizeNone + 1 {
			f.Add([]byte(p), uint8(mode))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, m uint8) {
		mode := Normalization(m % 4)
		before := string(raw)
		path, err := NormalizePath(nil, raw, mode)
		if string(raw) != before {
			t.Fatalf("the input was changed to %q", raw)
		}
		if err != nil {
			return
		}
		if len(path) == 0 || path[0] != '/' || len(path) > len(raw) {
			t.Fatalf("%q became %q", raw, path)
		}
		if !allIn(path, classPath) {
			t.Errorf("%q became %q, with a byte that no path has", raw, path)
		}
		again, err := NormalizePath(nil, path, mode)
		if err != nil || string(again) != string(path) {
			t.Errorf("%q became %q, and that %q (%v)", raw, path, again, err)
		}
		if mode == NormalizeNone {
			if string(path) != before {
				t.Errorf("%q became %q without normalisation", raw, path)
			}
			return
		}
		checkNormal(t, path, mode)
	})
}

func checkNormal(t *testing.T, path []byte, mode Normalization) {
	t.Helper()
	for segment := range bytes.SplitSeq(path, []byte("/")) {
		if s := string(segment); s == "." || s == ".." {
			t.Errorf("%q has a dot segment", path)
		}
	}
	low := bytes.ToLower(path)
	for _, never := range []string{`\`, "%2e", "%00", "%7e", "%41"} {
		if bytes.Contains(low, []byte(never)) {
			t.Errorf("%q has %s", path, never)
		}
	}
	if mode != NormalizeBase && bytes.Contains(path, []byte("//")) {
		t.Errorf("%q has two slashes", path)
	}
	if mode == NormalizeDecodeAndMergeSlashes &&
		(bytes.Contains(low, []byte("%2f")) || bytes.Contains(low, []byte("%5c"))) {
		t.Errorf("%q has an encoded slash", path)
	}
}

// FuzzTarget: the facts of an accepted target are well-formed.
func FuzzTarget(f *testing.F) {
	for _, c := range wiretest.Requests() {
		if c.Row != "A10" && c.Row != "E1" {
			continue
		}
		if req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader([]byte(c.Raw)))); err == nil {
			f.Add([]byte(req.RequestURI), []byte(req.Host))
		}
	}
	f.Fuzz(func(t *testing.T, target, host []byte) {
		ex := exchange.Get()
		defer exchange.Put(ex)
		ex.Request.Version, ex.Request.Method = exchange.HTTP11, exchange.MethodGet
		ex.Request.Target = target
		ex.Request.Fields.Add([]byte("Host"), host)
		if ParseTarget(ex, TargetRules{}) != nil {
			return
		}
		if len(ex.Path) == 0 || ex.Path[0] != '/' || !cleanTarget(ex.Path) || bytes.IndexByte(ex.Path, '?') >= 0 {
			t.Errorf("path %q", ex.Path)
		}
		if !cleanTarget(ex.Query) {
			t.Errorf("query %q", ex.Query)
		}
		if string(bytes.ToLower(ex.Host)) != string(ex.Host) || bytes.HasSuffix(ex.Host, []byte(".")) {
			t.Errorf("host %q", ex.Host)
		}
		if a, ok := ParseAuthority(ex.Host); !ok || string(a.Host) != string(ex.Host) || a.Port != 0 {
			t.Errorf("host %q reads as %+v", ex.Host, a)
		}
		if a, ok := ParseAuthority(ex.Authority); !ok || a.Port != ex.AuthorityPort {
			t.Errorf("authority %q reads as %+v", ex.Authority, a)
		}
	})
}

// FuzzAgainstNetHTTP: every request that is accepted here is accepted by net/http
// with the same method, target, host and port, field values in order, framing,
// content and bytes left over. So what net/http refuses, or reads otherwise, is never
// forwarded. One exception: net/http refuses some names in the Trailer field, which
// says nothing of how the message is read.
func FuzzAgainstNetHTTP(f *testing.F) {
	for _, c := range wiretest.Requests() {
		if len(c.Raw) < maxSeed {
			f.Add([]byte(c.Raw))
		}
	}
	f.Add([]byte(typicalRequest))
	rules := DefaultRequestRules()
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 4<<10 {
			return // net/http has other limits
		}
		p := peer{in: raw, step: max(len(raw), 1), rules: rules}
		head, err := p.head(exchange.SourceClient)
		if err != nil || head == nil {
			return
		}
		ex := exchange.Get()
		defer exchange.Put(ex)
		h := &ex.Request.Head
		if ParseRequest(h, head, rules) != nil || ParseTarget(ex, TargetRules{}) != nil ||
			h.Fields.Has(exchange.FieldTrailer) {
			return
		}
		body, whole, err := p.content(h, exchange.SourceClient)
		if err != nil || !whole {
			return
		}
		comparePeers(t, raw, ex, string(body), len(p.in))
	})
}

// comparePeers reads raw with net/http and compares.
func comparePeers(t *testing.T, raw []byte, ex *exchange.Exchange, body string, rest int) {
	t.Helper()
	in := bytes.TrimPrefix(raw, []byte("\r\n")) // http.Server skips none, but tolerates it elsewhere
	reader := bufio.NewReaderSize(bytes.NewReader(in), len(in)+16)
	req, err := http.ReadRequest(reader)
	if err != nil {
		t.Fatalf("net/http refuses %q: %v", raw, err)
	}
	content, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatalf("net/http refuses the body of %q: %v", raw, err)
	}
	h := &ex.Request.Head
	authority, ok := ParseAuthority([]byte(req.Host))
	if !ok || !bytes.EqualFold(authority.Host, ex.Host) || authority.Port != ex.AuthorityPort {
		t.Errorf("%q: host %q %d, net/http %q", raw, ex.Host, ex.AuthorityPort, req.Host)
	}
	if req.Method != string(h.MethodToken) || req.RequestURI != string(h.Target) {
		t.Errorf("%q: %q %q, net/http %q %q", raw, h.MethodToken, h.Target, req.Method, req.RequestURI)
	}
	if string(content) != body || reader.Buffered() != rest {
		t.Errorf("%q: body %q and %d left, net/http %q and %d", raw, body, rest, content, reader.Buffered())
	}
	if chunked := slices.Equal(req.TransferEncoding, []string{"chunked"}); chunked != (h.Framing == exchange.FramingChunked) {
		t.Errorf("%q: framing %v, net/http %v", raw, h.Framing, req.TransferEncoding)
	}
	ours := http.Header{}
	for _, f := range h.Fields.All() {
		if f.ID != exchange.FieldHost && f.ID != exchange.FieldTransferEncoding {
			ours.Add(string(f.Name), string(f.Value))
		}
	}
	for name, values := range ours {
		if !slices.Equal(values, req.Header[name]) {
			t.Errorf("%q: %s %q, net/http %q", raw, name, values, req.Header[name])
		}
	}
}
