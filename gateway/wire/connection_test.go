package wire

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire/wiretest"
)

// parsed returns the head of a request with these field lines.
func parsed(t *testing.T, fields string, rules *Rules) *exchange.Head {
	t.Helper()
	var h exchange.Head
	raw := "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"
	if err := ParseRequest(&h, []byte(raw), rules); err != nil {
		t.Fatal(err)
	}
	return &h
}

func TestStripHopByHop(t *testing.T) {
	for _, c := range []struct {
		name, fields string
		want         []string
		trailers     bool
	}{
		{"nothing", "X: y\r\n", []string{"Host: a", "X: y"}, false},
		{
			"all known", "Connection: keep-alive\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nTE: gzip\r\n" +
				"Upgrade: h2c\r\nHTTP2-Settings: x\r\nProxy-Authorization: x\r\nProxy-Authenticate: x\r\nX: y\r\n",
			[]string{"Host: a", "X: y"}, false,
		},
		{
			"named", "X-A: 1\r\nConnection: x-a, close\r\nX-B: 2\r\nx-A: 3\r\nConnection: X-B\r\nX-C: 4\r\n",
			[]string{"Host: a", "X-C: 4"}, false,
		},
		{"named known", "Connection: Accept\r\nAccept: x\r\n", []string{"Host: a"}, false},
		{"named, not there", "Connection: X-Z\r\nX: y\r\n", []string{"Host: a", "X: y"}, false},
		{"trailers wanted", "TE: gzip;q=0.5, Trailers\r\n", []string{"Host: a"}, true},
		{"trailer announced", "Trailer: X\r\n", []string{"Host: a", "Trailer: X"}, false},
		{"expect kept only with content", "Expect: 100-continue\r\n", []string{"Host: a"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := parsed(t, c.fields, DefaultRequestRules())
			if got := StripHopByHop(h); got != c.trailers {
				t.Errorf("accepts trailers: %v", got)
			}
			var got []string
			for _, f := range h.Fields.All() {
				got = append(got, string(f.Name)+": "+string(f.Value))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUpgradeAndExpect(t *testing.T) {
	other := DefaultRequestRules()
	other.Upgrades = []string{"websocket", "x-tunnel"}
	for _, c := range []struct {
		name, fields string
		rules        *Rules
		upgrade      string
	}{
		{"websocket", "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n", DefaultRequestRules(), "WebSocket"},
		{"not allowed", "Connection: Upgrade\r\nUpgrade: x-tunnel\r\n", DefaultRequestRules(), ""},
		{"allowed", "Connection: Upgrade\r\nUpgrade: x-tunnel\r\n", other, "x-tunnel"},
		{"not named", "Upgrade: websocket\r\n", DefaultRequestRules(), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if h := parsed(t, c.fields, c.rules); string(h.Upgrade) != c.upgrade {
				t.Errorf("upgrade %q, want %q", h.Upgrade, c.upgrade)
			}
		})
	}
	h := parsed(t, "Expect: 100-continue\r\nContent-Length: 5\r\n", DefaultRequestRules())
	if !h.ExpectContinue || StripHopByHop(h) || !h.Fields.Has(exchange.FieldExpect) {
		t.Error("an expectation with content was lost")
	}
}

func TestUnderscoresAllowed(t *testing.T) {
	rules := DefaultRequestRules()
	rules.Underscores = true
	if h := parsed(t, "X_User: y\r\n", rules); h.Fields.Len() != 2 {
		t.Errorf("%d fields", h.Fields.Len())
	}
}

func TestLooseQuery(t *testing.T) {
	for _, query := range []string{"x=100%", "x=%u0441", `x="<>"`} {
		for _, loose := range []bool{false, true} {
			ex := exchange.Get()
			ex.Request.Target = []byte("/?" + query)
			ex.Request.Fields.Add([]byte("Host"), []byte("a"))
			err := ParseTarget(ex, TargetRules{LooseQuery: loose})
			if (err == nil) != loose {
				t.Errorf("%q, loose %v: %v", query, loose, err)
			}
			exchange.Put(ex)
		}
	}
}

func TestForbiddenTrailersAreDropped(t *testing.T) {
	for _, line := range wiretest.ForbiddenTrailers() {
		name, _, _ := strings.Cut(line, ":")
		t.Run(name, func(t *testing.T) {
			got := readChunked([]byte("0\r\n"+line+"\r\nX-Sum: 1\r\n\r\n"), 1)
			want := chunkedResult{Trailers: []string{"X-Sum: 1"}, Dropped: 1, Done: true}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var fields exchange.Fields
			name, value, _ := strings.Cut(line, ": ")
			fields.Add([]byte(name), []byte(value))
			if out := AppendLastChunk(nil, &fields); string(out) != "0\r\n\r\n" {
				t.Errorf("written: %q", out)
			}
		})
	}
}

// TestChunkedReaderReuse checks that nothing of one body is left for the next.
func TestChunkedReaderReuse(t *testing.T) {
	var c ChunkedReader
	rules := DefaultRequestRules()
	for range 3 {
		c.Reset(exchange.SourceClient, rules)
		if _, _, err := c.Next([]byte("x")); err == nil {
			t.Fatal("a bad size was taken")
		}
		if _, _, err := c.Next([]byte("0\r\n\r\n")); err == nil {
			t.Fatal("a reader that refused went on")
		}
		c.Reset(exchange.SourceClient, rules)
		raw := []byte("0\r\nX: y\r\n\r\nrest")
		for !c.Done() {
			_, n, err := c.Next(raw)
			if err != nil {
				t.Fatal(err)
			}
			raw = raw[n:]
		}
		if c.Trailers().Len() != 1 || string(raw) != "rest" || c.DroppedTrailers() != 0 {
			t.Errorf("%d trailers, %q left", c.Trailers().Len(), raw)
		}
	}
}
