package wire

import (
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// typicalRequest is what a browser or a service client sends: 8 fields, 300 bytes.
const typicalRequest = "GET /api/v1/orders/4711?expand=items&lang=en HTTP/1.1\r\n" +
	"Host: shop.example.com\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n" +
	"Accept: application/json\r\n" +
	"Accept-Encoding: gzip, br\r\n" +
	"Connection: keep-alive\r\n" +
	"Cookie: session=0123456789abcdef\r\n" +
	"X-Request-Id: 6f2a7c1e-3d5b\r\n" +
	"Referer: https://shop.example.com/\r\n\r\n"

const typicalResponse = "HTTP/1.1 200 OK\r\n" +
	"Date: Fri, 20 Nov 2026 10:00:00 GMT\r\n" +
	"Server: origin\r\n" +
	"Content-Type: application/json\r\n" +
	"Content-Length: 1234\r\n" +
	"Cache-Control: no-store\r\n\r\n"

// readTypical does all that is done with a request's head on the way in.
func readTypical(ex *exchange.Exchange, scan *HeadScanner, rules *Rules, raw []byte) *exchange.Error {
	scan.Reset(exchange.SourceClient, &rules.Limits)
	n, err := scan.Scan(raw)
	if err != nil {
		return err
	}
	if err := ParseRequest(&ex.Request.Head, raw[:n], rules); err != nil {
		return err
	}
	return ParseTarget(ex, TargetRules{})
}

func BenchmarkScanHead(b *testing.B) {
	rules, raw := DefaultRequestRules(), []byte(typicalRequest)
	var scan HeadScanner
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		scan.Reset(exchange.SourceClient, &rules.Limits)
		if _, err := scan.Scan(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseRequest(b *testing.B) {
	rules, raw := DefaultRequestRules(), []byte(typicalRequest)
	var h exchange.Head
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if err := ParseRequest(&h, raw, rules); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadRequestHead(b *testing.B) {
	rules, raw := DefaultRequestRules(), []byte(typicalRequest)
	ex := exchange.Get()
	defer exchange.Put(ex)
	var scan HeadScanner
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if err := readTypical(ex, &scan, rules, raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseResponse(b *testing.B) {
	rules, raw := DefaultResponseRules(), []byte(typicalResponse)
	var h exchange.Head
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if err := ParseResponse(&h, raw, exchange.MethodGet, rules); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendRequestHead(b *testing.B) {
	ex := exchange.Get()
	defer exchange.Put(ex)
	var scan HeadScanner
	if err := readTypical(ex, &scan, DefaultRequestRules(), []byte(typicalRequest)); err != nil {
		b.Fatal(err)
	}
	to := exchange.Forward{Path: ex.Path, Query: ex.Query, HasQuery: ex.HasQuery, Authority: ex.Authority}
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := AppendRequestHead(dst, &ex.Request.Head, &to, RequestOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendResponseHead(b *testing.B) {
	var h exchange.Head
	err := ParseResponse(&h, []byte(typicalResponse), exchange.MethodGet, DefaultResponseRules())
	if err != nil {
		b.Fatal(err)
	}
	dst := make([]byte, 0, 1024)
	opt := ResponseOptions{Version: exchange.HTTP11}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := AppendResponseHead(dst, &h, opt); err != nil {
			b.Fatal(err)
		}
	}
}

// TestGoodPathDoesNotAllocate guards the steady path of one request and response.
func TestGoodPathDoesNotAllocate(t *testing.T) {
	rules, responses := DefaultRequestRules(), DefaultResponseRules()
	request, response := []byte(typicalRequest), []byte(typicalResponse)
	chunked := []byte("5\r\nhello\r\n0\r\n\r\n")
	ex := exchange.Get()
	defer exchange.Put(ex)
	var scan HeadScanner
	var body ChunkedReader
	dst := make([]byte, 0, 2048)
	allocs := testing.AllocsPerRun(100, func() {
		if err := readTypical(ex, &scan, rules, request); err != nil {
			t.Fatal(err)
		}
		StripHopByHop(&ex.Request.Head)
		to := exchange.Forward{Path: ex.Path, Query: ex.Query, HasQuery: true, Authority: ex.Authority}
		if _, err := AppendRequestHead(dst, &ex.Request.Head, &to, RequestOptions{}); err != nil {
			t.Fatal(err)
		}
		err := ParseResponse(&ex.Response.Head, response, ex.Request.Method, responses)
		if err != nil {
			t.Fatal(err)
		}
		opt := ResponseOptions{Version: exchange.HTTP11}
		if _, err := AppendResponseHead(dst, &ex.Response.Head, opt); err != nil {
			t.Fatal(err)
		}
		body.Reset(exchange.SourceUpstream, responses)
		for in := chunked; !body.Done(); {
			_, n, err := body.Next(in)
			if err != nil {
				t.Fatal(err)
			}
			in = in[n:]
		}
		if _, err := ParseAuthority(ex.Authority); !err {
			t.Fatal("authority")
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations per request, want none", allocs)
	}
}
