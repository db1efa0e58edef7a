package wire

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2/hpack"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// decoded is a field section as another implementation reads it.
func decoded(t testing.TB, section []byte) (lines []string) {
	t.Helper()
	fields, err := hpack.NewDecoder(0, nil).DecodeFull(section)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		line := f.Name + ": " + f.Value
		if f.Sensitive {
			line += " (never indexed)"
		}
		lines = append(lines, line)
	}
	return lines
}

func headOf(status int, length int64, fields ...string) *exchange.Head {
	h := &exchange.Head{Status: status, ContentLength: length}
	for i := 0; i < len(fields); i += 2 {
		h.Fields.Add([]byte(fields[i]), []byte(fields[i+1]))
	}
	return h
}

func TestAppendHTTP2Response(t *testing.T) {
	long := strings.Repeat("v", 5000)
	tests := []struct {
		name   string
		head   *exchange.Head
		want   []string
		reason string
	}{
		{"indexed status", headOf(404, -1), []string{":status: 404"}, ""},
		{"other status", headOf(503, 0), []string{":status: 503", "content-length: 0"}, ""},
		{"no length with 204", headOf(204, 0), []string{":status: 204"}, ""},
		{
			"names in lower case", headOf(200, -1, "Content-Type", "text/plain", "X-Long-Name", long),
			[]string{":status: 200", "content-type: text/plain", "x-long-name: " + long},
			"",
		},
		{
			"of a connection", headOf(200, -1, "Connection", "close", "Transfer-Encoding", "chunked", "Keep-Alive", "1", "A", ""),
			[]string{":status: 200", "a: "},
			"",
		},
		{
			"secret", headOf(200, -1, "Set-Cookie", "a=1"),
			[]string{":status: 200", "set-cookie: a=1 (never indexed)"},
			"",
		},
		{"switching protocols", headOf(101, -1), nil, "emit_status"},
		{"no status", headOf(0, -1), nil, "emit_status"},
		{"name", headOf(200, -1, "a b", "1"), nil, "emit_field_name"},
		{"value", headOf(200, -1, "a", "1\r\nb: 2"), nil, "emit_field_value"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			section, refusal := AppendHTTP2Response(nil, tt.head)
			if refusal != nil {
				if refusal.Reason != tt.reason || len(section) > 0 {
					t.Errorf("refused: %s, %d bytes; want %q", refusal.Reason, len(section), tt.reason)
				}
				return
			}
			if diff := cmp.Diff(tt.want, decoded(t, section)); diff != "" || tt.reason != "" {
				t.Errorf("want refusal %q (-want +got):\n%s", tt.reason, diff)
			}
		})
	}
}

func TestAppendHTTP2Trailers(t *testing.T) {
	h := headOf(0, -1, "Grpc-Status", "0", "Content-Length", "5", "X-Sum", "1", "Bad Name", "1")
	want := []string{"grpc-status: 0", "x-sum: 1"}
	if diff := cmp.Diff(want, decoded(t, AppendHTTP2Trailers(nil, &h.Fields))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFrameHeader(t *testing.T) {
	want := FrameHeader{Length: 1<<24 - 1, Type: FrameGoAway, Flags: FlagPadded, Stream: MaxWindow}
	b := AppendFrameHeader(nil, want)
	b[5] |= 0x80 // reserved
	if diff := cmp.Diff(want, ParseFrameHeader(b)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A head that is taken can be written to an origin of HTTP/1.1, and says there what it
// said here.
func FuzzHTTP2Head(f *testing.F) {
	for _, lines := range [][]string{
		{":method", "GET", ":scheme", "https", ":authority", "shop.test", ":path", "/a?b"},
		{":method", "OPTIONS", ":scheme", "http", ":path", "*", "host", "shop.test", "cookie", "a", "cookie", "b"},
		{":method", "POST", ":scheme", "http", ":authority", "[::1]:80", ":path", "/", "content-length", "5", "te", "trailers"},
	} {
		var b bytes.Buffer
		enc := hpack.NewEncoder(&b)
		for i := 0; i < len(lines); i += 2 {
			if err := enc.WriteField(hpack.HeaderField{Name: lines[i], Value: lines[i+1]}); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(b.Bytes(), false)
	}
	rules := DefaultRequestRules()
	f.Fuzz(func(t *testing.T, section []byte, ended bool) {
		ex := exchange.Get()
		defer exchange.Put(ex)
		var head HTTP2Head
		head.Begin(&ex.Request.Head, rules)
		dec := hpack.NewDecoder(4096, func(f hpack.HeaderField) { head.Field(f.Name, f.Value) })
		if _, err := dec.Write(section); err != nil || dec.Close() != nil {
			return
		}
		if head.End(ended) != nil || ParseTarget(ex, TargetRules{}) != nil {
			return
		}
		StripHopByHop(&ex.Request.Head)
		to := exchange.Forward{Path: ex.Path, Query: ex.Query, HasQuery: ex.HasQuery, Authority: ex.Authority}
		written, refusal := AppendRequestHead(nil, &ex.Request.Head, &to, RequestOptions{})
		if refusal != nil {
			t.Fatalf("taken, but not written: %v", refusal)
		}
		var again exchange.Head
		if refusal := ParseRequest(&again, written, rules); refusal != nil &&
			refusal.Reason != "field_too_large" && refusal.Reason != "head_too_large" &&
			refusal.Reason != "target_too_long" && refusal.Reason != "field_too_many" {
			t.Fatalf("written, but not read again: %v\n%q", refusal, written)
		}
	})
}
