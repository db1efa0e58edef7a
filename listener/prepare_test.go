package listener

import (
	"net"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// fakeStream is a connection that only has addresses.
type fakeStream struct {
	net.Conn
	peer string
}

func (f *fakeStream) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 8080} }

func (f *fakeStream) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(f.peer), Port: 999} }

func connFrom(tb testing.TB, peer string, layer *config.HttpSettings) *Conn {
	tb.Helper()
	s, err := NewSettings(layer)
	if err != nil {
		tb.Fatal(err)
	}
	var settings atomic.Pointer[Settings]
	settings.Store(s)
	return NewConn(&fakeStream{peer: peer}, 80, &settings)
}

// prepared parses a request and prepares it.
func prepared(tb testing.TB, c *Conn, raw string) (*exchange.Exchange, *exchange.Error) {
	tb.Helper()
	ex := exchange.Get()
	s := c.Settings()
	if err := wire.ParseRequest(&ex.Request.Head, []byte(raw), &s.Rules); err != nil {
		tb.Fatal(err)
	}
	return ex, Prepare(ex, s, c)
}

// lines returns the fields as "Name: value", without Host and X-Request-Id.
func lines(ex *exchange.Exchange) []string {
	var out []string
	for _, f := range ex.Request.Fields.All() {
		if f.ID != exchange.FieldHost && f.ID != exchange.FieldXRequestID {
			out = append(out, string(f.Name)+": "+string(f.Value))
		}
	}
	return out
}

func TestPrepareFields(t *testing.T) {
	trustHop := &config.HttpSettings{Forwarding: &config.ForwardingTrust{TrustedHops: 1}}
	trustBlock := &config.HttpSettings{Forwarding: &config.ForwardingTrust{TrustedCidrs: []string{"192.0.2.0/24", "10.0.0.0/8"}}}
	ours := func(peer string) []string {
		return []string{
			"X-Forwarded-For: " + peer, "X-Forwarded-Proto: http", "X-Forwarded-Host: a.example:8080",
			"X-Forwarded-Port: 80", "X-Real-IP: " + peer,
		}
	}
	tests := []struct {
		name, peer string
		layer      *config.HttpSettings
		fields     string
		want       []string
		client     string
		scheme     exchange.Scheme
	}{
		{name: "plain", peer: "192.0.2.1", fields: "A: 1\r\n", want: append([]string{"A: 1"}, ours("192.0.2.1")...), client: "192.0.2.1"},
		{name: "IPv6", peer: "2001:db8::1", want: ours("2001:db8::1"), client: "2001:db8::1"},
		{name: "IPv4-mapped", peer: "::ffff:192.0.2.1", want: ours("192.0.2.1"), client: "192.0.2.1"},
		{
			name: "stranger forges everything", peer: "192.0.2.1",
			fields: "X-Forwarded-For: 127.0.0.1\r\nX-FORWARDED-FOR: 127.0.0.2\r\nX-Forwarded-Proto: https\r\n" +
				"X-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\nX-Real-IP: 127.0.0.1\r\nForwarded: for=127.0.0.1\r\n" +
				"X-Forwarded-Client-Cert: By=x\r\nX-Forwarded-Prefix: /evil\r\nx-forwarded-ssl: on\r\n" +
				"X-Envoy-Internal: true\r\nx-envoy-peer-metadata: x\r\nX-Envoy-Peer-Metadata-Id: y\r\n" +
				"X-Envoy-Original-Path: /z\r\nX-Envoy-Upstream-Rq-Timeout-Ms: 1\r\nX-Envoyage: kept\r\n",
			want: append([]string{"X-Envoyage: kept"}, ours("192.0.2.1")...), client: "192.0.2.1",
		},
		{
			name: "stranger overrides the target", peer: "192.0.2.1",
			fields: "X-Host: evil\r\nX-HTTP-Host-Override: evil\r\nX-Original-Host: evil\r\nx-original-url: /admin\r\n" +
				"X-Rewrite-URL: /admin\r\nX-Original-URLs: kept\r\nX-Hos: kept\r\n",
			want: append([]string{"X-Original-URLs: kept", "X-Hos: kept"}, ours("192.0.2.1")...), client: "192.0.2.1",
		},
		{
			name: "hop-by-hop", peer: "192.0.2.1",
			fields: "Connection: close, x-secret\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Authorization: x\r\n",
			want:   ours("192.0.2.1"), client: "192.0.2.1",
		},
		{
			name: "trusted hop", peer: "10.0.0.9", layer: trustHop,
			fields: "X-Forwarded-For: 203.0.113.9, 198.51.100.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop\r\nX-Forwarded-Port: 443\r\n" +
				"X-Envoy-Internal: true\r\nForwarded: for=198.51.100.7\r\n",
			want: []string{
				"X-Forwarded-For: 203.0.113.9, 198.51.100.7, 10.0.0.9", "X-Forwarded-Proto: https",
				"X-Forwarded-Host: shop", "X-Forwarded-Port: 443", "X-Envoy-Internal: true",
				"Forwarded: for=198.51.100.7, for=10.0.0.9;proto=http", "X-Real-IP: 198.51.100.7",
			},
			client: "198.51.100.7", scheme: exchange.SchemeHTTPS,
		},
		{
			name: "trusted hop says nothing", peer: "10.0.0.9", layer: trustHop,
			want: []string{
				"X-Forwarded-Proto: http", "X-Forwarded-Host: a.example:8080",
				"X-Forwarded-Port: 80", "X-Real-IP: 10.0.0.9", "X-Forwarded-For: 10.0.0.9",
			},
			client: "10.0.0.9",
		},
		{
			name: "trusted block, several lines", peer: "192.0.2.1", layer: trustBlock,
			fields: "X-Forwarded-For: 127.0.0.1, 203.0.113.9\r\nX-Forwarded-For: 10.1.1.1\r\nX-Real-IP: 203.0.113.9\r\n",
			want: []string{
				"X-Forwarded-For: 127.0.0.1, 203.0.113.9, 10.1.1.1, 192.0.2.1", "X-Real-IP: 203.0.113.9",
				"X-Forwarded-Proto: http", "X-Forwarded-Host: a.example:8080", "X-Forwarded-Port: 80",
			},
			client: "203.0.113.9",
		},
		{
			name: "trusted IPv6 with Forwarded", peer: "2001:db8::1",
			layer:  &config.HttpSettings{Forwarding: &config.ForwardingTrust{TrustedCidrs: []string{"2001:db8::/32"}}},
			fields: "Forwarded: for=a\r\nForwarded: for=b\r\nX-Forwarded-For: [2001:db9::2]:80\r\nX-Real-IP: r\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: h\r\nX-Forwarded-Port: 1\r\n",
			want: []string{
				`Forwarded: for=a, for=b, for="[2001:db8::1]";proto=http`,
				"X-Forwarded-For: [2001:db9::2]:80, 2001:db8::1",
				"X-Real-IP: r", "X-Forwarded-Proto: http", "X-Forwarded-Host: h", "X-Forwarded-Port: 1",
			},
			client: "2001:db9::2",
		},
		{
			name: "outside the trusted block", peer: "172.16.0.1", layer: trustBlock,
			fields: "X-Forwarded-For: 203.0.113.9\r\n", want: ours("172.16.0.1"), client: "172.16.0.1",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := connFrom(t, tt.peer, tt.layer)
			ex, err := prepared(t, c, "GET /a?q HTTP/1.1\r\nHost: a.example:8080\r\n"+tt.fields+"\r\n")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, lines(ex)); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			if ex.Client.String() != tt.client || ex.Scheme != tt.scheme {
				t.Errorf("client %v, scheme %v", ex.Client, ex.Scheme)
			}
		})
	}
}

func TestTrustClient(t *testing.T) {
	tests := []struct {
		name   string
		hops   uint32
		blocks []string
		xff    string
		want   string
	}{
		{"two hops", 2, nil, "203.0.113.1, 203.0.113.2, 203.0.113.3", "203.0.113.2"},
		{"fewer than hops", 3, nil, "203.0.113.1, 203.0.113.2", "192.0.2.1"},
		{"exactly hops", 2, nil, "203.0.113.1,203.0.113.2", "203.0.113.1"},
		{"not an address", 1, nil, "203.0.113.1, unknown", "192.0.2.1"},
		{"rubbish farther left", 1, nil, "<script>, 203.0.113.1", "203.0.113.1"},
		{"empty element", 1, nil, "203.0.113.1, ", "192.0.2.1"},
		{"port", 1, nil, "203.0.113.1:1234", "203.0.113.1"},
		{"mapped", 1, nil, "::ffff:203.0.113.1", "203.0.113.1"},
		{"zone", 1, nil, "fe80::1%eth0", "192.0.2.1"},
		{"octal", 1, nil, "203.0.113.010", "192.0.2.1"},
		{"octet too large", 1, nil, "203.0.256.1", "192.0.2.1"},
		{"five octets", 1, nil, "1.2.3.4.5", "192.0.2.1"},
		{"hops in blocks", 1, []string{"192.0.2.0/24"}, "192.0.2.9", "192.0.2.9"},
		{"all in blocks", 0, []string{"192.0.2.0/24"}, "192.0.2.8, 192.0.2.9", "192.0.2.8"},
		{"rubbish in blocks", 0, []string{"192.0.2.0/24"}, "203.0.113.1, x, 192.0.2.9", "192.0.2.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := connFrom(t, "192.0.2.1", &config.HttpSettings{Forwarding: &config.ForwardingTrust{
				TrustedHops: tt.hops, TrustedCidrs: tt.blocks,
			}})
			ex, err := prepared(t, c, "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: "+tt.xff+"\r\n\r\n")
			if err != nil {
				t.Fatal(err)
			}
			if !ex.PeerTrusted || ex.Client.String() != tt.want {
				t.Errorf("trusted %v, client %v, want %s", ex.PeerTrusted, ex.Client, tt.want)
			}
		})
	}
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestRequestID(t *testing.T) {
	trust := &config.ForwardingTrust{TrustedHops: 1}
	long := strings.Repeat("a", 129)
	tests := []struct {
		name, field string
		layer       *config.HttpSettings
		want        string // "": made by us; "none": not there
	}{
		{"made", "", nil, ""},
		{"from a stranger", "X-Request-Id: mine\r\n", nil, ""},
		{"from a trusted peer", "x-request-id: mine\r\n", &config.HttpSettings{Forwarding: trust}, "mine"},
		{"too long", "X-Request-Id: " + long + "\r\n", &config.HttpSettings{Forwarding: trust}, ""},
		{"odd bytes", "X-Request-Id: a\"b\r\n", &config.HttpSettings{Forwarding: trust}, ""},
		{"empty", "X-Request-Id:\r\n", &config.HttpSettings{Forwarding: trust}, ""},
		{"omitted", "X-Request-Id: mine\r\n", &config.HttpSettings{Forwarding: trust, Headers: &config.ProxyHeaders{OmitRequestId: true}}, "none"},
	}
	seen := make(map[string]bool)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := connFrom(t, "192.0.2.1", tt.layer)
			ex, err := prepared(t, c, "GET / HTTP/1.1\r\nHost: a\r\n"+tt.field+"\r\n")
			if err != nil {
				t.Fatal(err)
			}
			field, _ := ex.Request.Fields.Get(exchange.FieldXRequestID)
			got := string(field)
			switch {
			case got != string(ex.RequestID):
				t.Errorf("field %q, record %q", got, ex.RequestID)
			case tt.want == "none" && got != "", tt.want != "" && tt.want != "none" && got != tt.want:
				t.Errorf("got %q, want %q", got, tt.want)
			case tt.want == "" && (!uuid.MatchString(got) || seen[got]):
				t.Errorf("got %q, want a new UUID", got)
			}
			seen[got] = true
		})
	}
}

func TestVia(t *testing.T) {
	layer := &config.HttpSettings{Headers: &config.ProxyHeaders{Via: "edge"}}
	tests := []struct{ name, fields, want, refused string }{
		{"first", "", "1.1 edge", ""},
		{"behind others", "Via: 1.0 a, 1.1 b (x)\r\nVia: 2 c\r\n", "1.0 a, 1.1 b (x), 2 c, 1.1 edge", ""},
		{"a few of ours", "Via: 1.1 edge, 2 edge\r\n", "1.1 edge, 2 edge, 1.1 edge", ""},
		{"loop", "Via: " + strings.Repeat("1.1 edge,", 9) + "1.1 x\r\n", "", ReasonViaLoop},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := connFrom(t, "192.0.2.1", layer)
			ex, err := prepared(t, c, "GET / HTTP/1.1\r\nHost: a\r\n"+tt.fields+"\r\n")
			if tt.refused != "" {
				if err == nil || err.Reason != tt.refused || err.HTTPStatus() != 508 {
					t.Fatalf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := ex.Request.Fields.Get(exchange.FieldVia); string(got) != tt.want {
				t.Errorf("Via: %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFactsAreWhatIsForwarded(t *testing.T) {
	c := connFrom(t, "192.0.2.1", nil)
	c.SNI, c.PeerIdentity = "a.example", "spiffe://x"
	ex, err := prepared(t, c, "POST /a/../b%41//c?x=%20 HTTP/1.1\r\nHost: A.Example.:8080\r\n"+
		"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if string(ex.Host) != "a.example" || string(ex.Path) != "/bA//c" || ex.ListenerPort != 80 ||
		ex.AuthorityPort != 8080 || ex.Facts.Local.Port() != 8080 || ex.Peer.Port() != 999 {
		t.Errorf("%+v", ex.Facts)
	}
	if ex.SNI != "a.example" || ex.PeerIdentity != "spiffe://x" {
		t.Errorf("%q %q", ex.SNI, ex.PeerIdentity)
	}
	want := exchange.Forward{Path: ex.Path, Query: []byte("x=%20"), HasQuery: true, Authority: []byte("A.Example.:8080")}
	if diff := cmp.Diff(want, ex.Forward); diff != "" {
		t.Errorf("forward (-want +got):\n%s", diff)
	}
	if ex.Request.Fields.Has(exchange.FieldExpect) || !ex.Request.ExpectContinue {
		t.Error("Expect is for the codec alone")
	}
}

func TestPrepareDoesNotAllocate(t *testing.T) {
	raw := []byte("GET /giropops HTTP/1.1\r\nHost: a.example\r\nUser-Agent: x\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n")
	for _, layer := range []*config.HttpSettings{
		nil,
		{
			Forwarding: &config.ForwardingTrust{TrustedHops: 1},
			Headers:    &config.ProxyHeaders{Via: "edge"},
		},
	} {
		c := connFrom(t, "192.0.2.1", layer)
		s := c.Settings()
		ex := exchange.Get()
		n := testing.AllocsPerRun(100, func() {
			ex.Reset()
			if err := wire.ParseRequest(&ex.Request.Head, raw, &s.Rules); err != nil {
				t.Fatal(err)
			}
			if err := Prepare(ex, s, c); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

func BenchmarkPrepare(b *testing.B) {
	raw := []byte("GET /giropops HTTP/1.1\r\nHost: a.example\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n")
	c := connFrom(b, "192.0.2.1", nil)
	s := c.Settings()
	ex := exchange.Get()
	b.ReportAllocs()
	for b.Loop() {
		ex.Reset()
		_ = wire.ParseRequest(&ex.Request.Head, raw, &s.Rules)
		_ = Prepare(ex, s, c)
	}
}
