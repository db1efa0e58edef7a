package wire

import (
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// head builds a head with these fields: name, value, name, value.
func head(h exchange.Head, fields ...string) *exchange.Head {
	for i := 0; i < len(fields); i += 2 {
		h.Fields.Add([]byte(fields[i]), []byte(fields[i+1]))
	}
	return &h
}

func forward(path, authority string) exchange.Forward {
	return exchange.Forward{Path: []byte(path), Authority: []byte(authority)}
}

func TestAppendRequestHead(t *testing.T) {
	get := exchange.Head{Method: exchange.MethodGet, ContentLength: -1}
	other := exchange.Head{MethodToken: []byte("PURGE"), ContentLength: -1}
	put := func(f exchange.Framing, n int64) exchange.Head {
		return exchange.Head{Method: exchange.MethodPut, Framing: f, ContentLength: n}
	}
	query := forward("/a", "b:1")
	query.HasQuery = true
	upgrade := get
	upgrade.Upgrade = []byte("websocket")
	for _, c := range []struct {
		name string
		head *exchange.Head
		to   exchange.Forward
		opt  RequestOptions
		want string
	}{
		{
			"owned fields come from the facts",
			head(get, "host", "evil", "Content-Length", "9", "Transfer-Encoding", "x", "Connection", "x", "X", "y"),
			forward("/a", "b"), RequestOptions{}, "GET /a HTTP/1.1\r\nHost: b\r\nX: y\r\n\r\n",
		},
		{"empty query", &get, query, RequestOptions{}, "GET /a? HTTP/1.1\r\nHost: b:1\r\n\r\n"},
		{"other method", &other, forward("/", "b"), RequestOptions{}, "PURGE / HTTP/1.1\r\nHost: b\r\n\r\n"},
		{
			"length", head(put(exchange.FramingLength, 0)), forward("/", "b"), RequestOptions{},
			"PUT / HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n",
		},
		{
			"stream of unknown length", head(put(exchange.FramingStream, -1)), forward("/", "b"), RequestOptions{},
			"PUT / HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n",
		},
		{
			"stream of known length", head(put(exchange.FramingStream, 7)), forward("/", "b"), RequestOptions{},
			"PUT / HTTP/1.1\r\nHost: b\r\nContent-Length: 7\r\n\r\n",
		},
		{
			"upgrade", &upgrade, forward("/", "b"), RequestOptions{Close: true},
			"GET / HTTP/1.1\r\nHost: b\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
		},
		{
			"close and trailers", &get, forward("/", "b"), RequestOptions{Close: true, AcceptTrailers: true},
			"GET / HTTP/1.1\r\nHost: b\r\nConnection: close, te\r\nTE: trailers\r\n\r\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := AppendRequestHead([]byte("kept"), c.head, &c.to, c.opt)
			if err != nil || string(got) != "kept"+c.want {
				t.Errorf("%q (%v), want %q", got, err, c.want)
			}
		})
	}
}

// TestWritersRefuse holds the writers to "nothing outside the grammar": whatever a
// filter or a configuration put there.
func TestWritersRefuse(t *testing.T) {
	get := exchange.Head{Method: exchange.MethodGet, ContentLength: -1}
	token := func(s string) exchange.Head { return exchange.Head{MethodToken: []byte(s)} }
	query := forward("/", "b")
	query.HasQuery, query.Query = true, []byte("a b")
	upgrade := get
	upgrade.Upgrade = []byte("x\r\nY: z")
	closing := get
	closing.Framing = exchange.FramingClose
	unknown := get
	unknown.Framing = exchange.FramingLength
	for _, c := range []struct {
		name   string
		head   *exchange.Head
		to     exchange.Forward
		reason string
	}{
		{"method empty", head(token("")), forward("/", "b"), "emit_method"},
		{"method with space", head(token("GET /x")), forward("/", "b"), "emit_method"},
		{"path empty", &get, forward("", "b"), "emit_target"},
		{"path relative", &get, forward("a", "b"), "emit_target"},
		{"path with space", &get, forward("/a HTTP/1.1", "b"), "emit_target"},
		{"path with CRLF", &get, forward("/a\r\nX: y", "b"), "emit_target"},
		{"path with query", &get, forward("/a?b", "b"), "emit_target"},
		{"path with fragment", &get, forward("/a#b", "b"), "emit_target"},
		{"path not ASCII", &get, forward("/\xc3\xa9", "b"), "emit_target"},
		{"asterisk with GET", &get, forward("*", "b"), "emit_target"},
		{"query with space", &get, query, "emit_target"},
		{"authority empty", &get, forward("/", ""), "emit_authority"},
		{"authority with CRLF", &get, forward("/", "b\r\nX: y"), "emit_authority"},
		{"name empty", head(get, "", "x"), forward("/", "b"), "emit_field_name"},
		{"name with colon", head(get, "X: y\r\nZ", "x"), forward("/", "b"), "emit_field_name"},
		{"value with CRLF", head(get, "X", "y\r\nZ: z"), forward("/", "b"), "emit_field_value"},
		{"value with LF", head(get, "X", "y\nZ: z"), forward("/", "b"), "emit_field_value"},
		{"value with NUL", head(get, "X", "yyyyyyyyyyyyyyy\x00"), forward("/", "b"), "emit_field_value"},
		{"value with DEL", head(get, "X", "\x7f"), forward("/", "b"), "emit_field_value"},
		{"value with space at end", head(get, "X", "y "), forward("/", "b"), "emit_field_value"},
		{"upgrade with CRLF", &upgrade, forward("/", "b"), "emit_field_value"},
		{"until close", &closing, forward("/", "b"), "emit_framing"},
		{"length unknown", &unknown, forward("/", "b"), "emit_framing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := AppendRequestHead([]byte("kept"), c.head, &c.to, RequestOptions{})
			if err == nil || err.Reason != c.reason || err.Kind != exchange.KindInternal {
				t.Errorf("%v, want %s", err, c.reason)
			}
			if string(got) != "kept" {
				t.Errorf("wrote %q", got)
			}
		})
	}
}

func TestAppendResponseHead(t *testing.T) {
	response := func(status int, f exchange.Framing, n int64) exchange.Head {
		return exchange.Head{Status: status, Framing: f, ContentLength: n}
	}
	switching := response(101, exchange.FramingNone, -1)
	switching.Upgrade = []byte("websocket")
	now, old := exchange.HTTP11, exchange.HTTP10
	for _, c := range []struct {
		name string
		head *exchange.Head
		opt  ResponseOptions
		want string // "!reason" for a refusal
	}{
		{
			"length", head(response(200, exchange.FramingLength, 5), "Connection", "x", "X", "y"),
			ResponseOptions{Version: now}, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\n",
		},
		{
			"chunked", head(response(404, exchange.FramingChunked, -1)), ResponseOptions{Version: now, Close: true},
			"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
		},
		{
			"until close", head(response(200, exchange.FramingClose, -1)), ResponseOptions{Version: now},
			"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
		},
		{
			"old client", head(response(200, exchange.FramingLength, 0)), ResponseOptions{Version: old},
			"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
		},
		{
			"not modified", head(response(304, exchange.FramingNone, 9)), ResponseOptions{Version: now},
			"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
		},
		{"no content", head(response(204, exchange.FramingNone, 0)), ResponseOptions{Version: now}, "HTTP/1.1 204 No Content\r\n\r\n"},
		{"early hints", head(response(103, exchange.FramingNone, -1), "Link", "x"), ResponseOptions{Version: now, Close: true}, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"},
		{"switching", &switching, ResponseOptions{Version: now}, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"},
		{"unregistered", head(response(299, exchange.FramingNone, -1)), ResponseOptions{Version: now}, "HTTP/1.1 299 \r\n\r\n"},
		{"status 0", head(response(0, exchange.FramingNone, -1)), ResponseOptions{Version: now}, "!emit_status"},
		{"status 600", head(response(600, exchange.FramingNone, -1)), ResponseOptions{Version: now}, "!emit_status"},
		{"chunked for an old client", head(response(200, exchange.FramingChunked, -1)), ResponseOptions{Version: old}, "!emit_framing"},
		{"length with 204", head(response(204, exchange.FramingLength, 5)), ResponseOptions{Version: now}, "!emit_framing"},
		{"coding with 304", head(response(304, exchange.FramingChunked, -1)), ResponseOptions{Version: now}, "!emit_framing"},
		{"length with 100", head(response(100, exchange.FramingLength, 5)), ResponseOptions{Version: now}, "!emit_framing"},
		{"101 to nothing", head(response(101, exchange.FramingNone, -1)), ResponseOptions{Version: now}, "!emit_framing"},
		{"length unknown", head(response(200, exchange.FramingLength, -1)), ResponseOptions{Version: now}, "!emit_framing"},
		{"stream", head(response(200, exchange.FramingStream, -1)), ResponseOptions{Version: now}, "!emit_framing"},
		{"split location", head(response(302, exchange.FramingLength, 0), "Location", "/x\r\nSet-Cookie: a=b"), ResponseOptions{Version: now}, "!emit_field_value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := AppendResponseHead(nil, c.head, c.opt)
			got := string(b)
			if err != nil {
				got += "!" + err.Reason
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestAppendSmallThings(t *testing.T) {
	var trailers exchange.Fields
	trailers.Add([]byte("Grpc-Status"), []byte("0"))
	trailers.Add([]byte("X-Bad"), []byte("a\r\nb"))
	for _, c := range []struct{ name, got, want string }{
		{"chunk", string(AppendChunkEnd(append(AppendChunkHeader(nil, 31), "x"...))), "1f\r\nx\r\n"},
		{"last chunk", string(AppendLastChunk(nil, nil)), "0\r\n\r\n"},
		{"trailers", string(AppendLastChunk(nil, &trailers)), "0\r\nGrpc-Status: 0\r\n\r\n"},
		{"first via", string(AppendVia(nil, nil, exchange.HTTP11, "fairlead")), "1.1 fairlead"},
		{"second via", string(AppendVia(nil, []byte("1.1 x"), exchange.HTTP2, "fairlead")), "1.1 x, 2 fairlead"},
		{"via of an old client", string(AppendVia(nil, nil, exchange.HTTP10, "y")), "1.0 y"},
		{"phrase", StatusPhrase(503), "Service Unavailable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("%q, want %q", c.got, c.want)
			}
		})
	}
	if _, err := AppendField(nil, []byte("X Y"), nil); err == nil {
		t.Error("a bad name was written")
	}
	if _, err := AppendField(nil, []byte("X"), []byte("a\n")); err == nil {
		t.Error("a bad value was written")
	}
	if b, err := AppendField(nil, []byte("X"), []byte("a\tb")); err != nil || string(b) != "X: a\tb\r\n" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestReasons(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range Reasons() {
		if name == "" || seen[name] {
			t.Errorf("reason %q is empty or stands twice", name)
		}
		seen[name] = true
	}
	if a, b := bareLF.from(exchange.SourceClient), bareLF.from(exchange.SourceClient); a != b {
		t.Error("the same refusal is two errors")
	}
}
