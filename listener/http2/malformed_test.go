package http2

import (
	"slices"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// replaced returns plain with another value, or without the field if value is "".
func replaced(name, value string) []string {
	fields := slices.Clone(plain)
	at := slices.Index(fields, name)
	if value == "" {
		return slices.Delete(fields, at, at+2)
	}
	fields[at+1] = value
	return fields
}

// Row B7 of the attacks: nothing that two readers could read differently reaches a
// handler, and the connection's other streams go on.
func TestMalformed(t *testing.T) {
	tests := []struct {
		name   string
		fields []string
		reason string
		answer string // PROTOCOL_ERROR if empty
	}{
		{"uppercase name", with("X-A", "1"), "field_name_uppercase", ""},
		{"empty name", with("", "1"), "field_name_invalid", ""},
		{"colon in name", with("a:b", "1"), "field_name_invalid", ""},
		{"space in name", with("a b", "1"), "field_name_invalid", ""},
		{"line break in name", with("a\r\nb", "1"), "field_name_invalid", ""},
		{"underscore in name", with("x_user", "1"), "field_name_underscore", ""},
		{"line break in value", with("a", "1\r\nb: 2"), "control_byte", ""},
		{"line feed in value", with("a", "1\nb"), "control_byte", ""},
		{"nul in value", with("a", "1\x00"), "control_byte", ""},
		{"space around value", with("a", " 1"), "control_byte", ""},
		{"connection", with("connection", "close"), "connection_field", ""},
		{"keep-alive", with("keep-alive", "1"), "connection_field", ""},
		{"proxy-connection", with("proxy-connection", "close"), "connection_field", ""},
		{"transfer-encoding", with("transfer-encoding", "chunked"), "connection_field", ""},
		{"upgrade", with("upgrade", "websocket"), "connection_field", ""},
		{"te gzip", with("te", "gzip"), "te_invalid", ""},
		{"te list", with("te", "trailers, gzip"), "te_invalid", ""},
		{"no method", replaced(":method", ""), "pseudo_header_missing", ""},
		{"no scheme", replaced(":scheme", ""), "pseudo_header_missing", ""},
		{"no path", replaced(":path", ""), "pseudo_header_missing", ""},
		{"no authority", replaced(":authority", ""), "host_missing", ""},
		{"two methods", slices.Concat(plain, []string{":method", "GET"}), "pseudo_header_repeated", ""},
		{"two paths", slices.Concat(plain, []string{":path", "/"}), "pseudo_header_repeated", ""},
		{"two authorities", slices.Concat(plain, []string{":authority", "shop.test"}), "pseudo_header_repeated", ""},
		{"late pseudo", append([]string{"a", "1"}, plain...), "pseudo_header_late", ""},
		{"unknown pseudo", append([]string{":secret", "1"}, plain...), "pseudo_header_unknown", ""},
		{"protocol", append([]string{":protocol", "websocket"}, plain...), "pseudo_header_unknown", ""},
		{"status", append([]string{":status", "200"}, plain...), "pseudo_header_unknown", ""},
		{"method with space", replaced(":method", "GET /"), "pseudo_header_invalid", ""},
		{"method not a token", replaced(":method", "G(T"), "method_invalid", ""},
		{"method in other case", replaced(":method", "get"), "method_invalid", ""},
		{"scheme ftp", replaced(":scheme", "ftp"), "pseudo_header_invalid", ""},
		{"path without slash", replaced(":path", "index.html"), "pseudo_header_invalid", ""},
		{"path absolute", replaced(":path", "http://shop.test/"), "pseudo_header_invalid", ""},
		{"path asterisk", replaced(":path", "*"), "pseudo_header_invalid", ""},
		{"path with space", replaced(":path", "/ HTTP/1.1"), "pseudo_header_invalid", ""},
		{"path with line break", replaced(":path", "/\r\nhost: x"), "pseudo_header_invalid", ""},
		{"path with fragment", replaced(":path", "/a#b"), "pseudo_header_invalid", ""},
		{"host differs", with("host", "bank.test"), "host_target_mismatch", ""},
		{"two hosts", with("host", "shop.test", "host", "shop.test"), "host_repeated", ""},
		{"connect with path", replaced(":method", "CONNECT"), "pseudo_header_invalid", ""},
		{"length without content", with("content-length", "5"), "content_length_mismatch", ""},
		{"two lengths", with("content-length", "0", "content-length", "0"), "content_length_repeated", ""},
		{"length with sign", with("content-length", "+0"), "content_length_malformed", ""},

		{"authority with userinfo", replaced(":authority", "a@shop.test"), "host_invalid", "400"},
		{"path escapes", replaced(":path", "/../../etc"), "path_escapes_root", "400"},
		{"path nul", replaced(":path", "/%00"), "path_nul", "400"},
		{"trace", replaced(":method", "TRACE"), "method_refused", "405"},
		{"connect", []string{":method", "CONNECT", ":authority", "shop.test:443"}, "method_refused", "405"},
		{"value too long", with("a", strings.Repeat("x", 9000)), "field_too_large", "431"},
		{"too many fields", with(slices.Repeat([]string{"a", "1"}, 101)...), "field_too_many", "431"},
		{"too many crumbs", with(slices.Repeat([]string{"cookie", "a=1"}, 101)...), "field_too_many", "431"},
		{"too many bytes", with(slices.Repeat([]string{"a", strings.Repeat("x", 4000)}, 17)...), "head_too_large", "431"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var answer string
			r := newRig(t, nil, swallow)
			c := newClient(t, r.dial(t))
			c.request(1, true, tt.fields...)
			if answer = tt.answer; answer == "" {
				answer = "PROTOCOL_ERROR"
			}
			if got := c.until("1: "); got != "1: "+answer {
				t.Errorf("answer %q, want %q", got, answer)
			}
			if got := r.server.Refusals(tt.reason); got != 1 || r.calls.Load() != 0 {
				t.Errorf("counted %d as %s, handled %d", got, tt.reason, r.calls.Load())
			}
			c.request(3, true, plain...)
			if got := c.until("3: "); got != "3: 200" {
				t.Errorf("the next request: %q", got)
			}
		})
	}
}

func TestContentLength(t *testing.T) {
	tests := []struct {
		name    string
		content string
		want    string
	}{
		{"short", "1234", "1: PROTOCOL_ERROR"},
		{"long", "123456", "1: PROTOCOL_ERROR"},
		{"right", "12345", "1: 200"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, nil, swallow)
			c := newClient(t, r.dial(t))
			c.request(1, false, with("content-length", "5")...)
			if err := c.fr.WriteData(1, true, []byte(tt.content)); err != nil {
				t.Fatal(err)
			}
			if got := c.until("1: "); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// What is odd but right is served, as one would have it.
func TestServed(t *testing.T) {
	tests := []struct {
		name   string
		fields []string
		id     exchange.FieldID
		want   string
	}{
		{"host as well", with("host", "SHOP.test"), exchange.FieldHost, "SHOP.test"},
		{"host alone", append(replaced(":authority", ""), "host", "shop.test"), exchange.FieldHost, "shop.test"},
		{"crumbs", with("cookie", "a=1", "cookie", "b=2"), exchange.FieldCookie, "a=1; b=2"},
		{"te trailers", with("te", "trailers"), exchange.FieldTE, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seen := make(chan string, 1)
			r := newRig(t, nil, func(ex *exchange.Exchange) {
				value, _ := ex.Request.Fields.Get(tt.id)
				if string(ex.Host) != "shop.test" {
					t.Errorf("host %q", ex.Host)
				}
				seen <- string(value)
				swallow(ex)
			})
			c := newClient(t, r.dial(t))
			c.request(1, true, tt.fields...)
			if got := c.until("1: "); got != "1: 200" {
				t.Fatal(got)
			}
			if got := <-seen; got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
