package snapshot

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/tls/certs/certstest"
)

// TestProtocolsOfOnePort: plain HTTP and HTTPS cannot share a port; the older listener has it, and
// the younger comes into its own when that is gone.
func TestProtocolsOfOnePort(t *testing.T) {
	listener := func(name string) config.Name { return config.Name{Kind: config.KindListener, Name: name} }
	steps := []struct {
		name     string
		changed  string
		removed  []config.Name
		rejected map[string]string
		secure   []bool // of the ports there are
	}{
		{
			name:    "the older is plain",
			changed: "listener: {name: p, gateway: g, port: 80, protocol: PROTOCOL_HTTP, order: {created_unix_seconds: 1}}\n---\nlistener: {name: s, gateway: g, port: 80, protocol: PROTOCOL_HTTPS, tls: {mode: MODE_TERMINATE}, order: {created_unix_seconds: 2}}",
			rejected: map[string]string{
				"s": "protocol: HTTPS cannot share port 80 with HTTP of the older listener p",
			},
			secure: []bool{false},
		},
		{
			name:    "an older one comes",
			changed: "listener: {name: t, gateway: g, port: 80, protocol: PROTOCOL_HTTPS, tls: {mode: MODE_TERMINATE}}",
			rejected: map[string]string{
				"p": "protocol: HTTP cannot share port 80 with HTTPS of the older listener t",
			},
			secure: []bool{true},
		},
		{name: "the plain one goes", removed: []config.Name{listener("p")}, secure: []bool{true}},
		{name: "all go", removed: []config.Name{listener("s"), listener("t")}},
		{
			name:     "what is not served",
			changed:  "listener: {name: p, gateway: g, port: 80, protocol: PROTOCOL_HTTPS, tls: {mode: MODE_PASSTHROUGH}}\n---\nlistener: {name: q, gateway: g, port: 81, protocol: PROTOCOL_TLS, tls: {mode: MODE_PASSTHROUGH}}\n---\nlistener: {name: r, gateway: g, port: 82, protocol: PROTOCOL_HTTPS, tls: {mode: MODE_TERMINATE, sni_hosts: [A.com]}}",
			rejected: map[string]string{"p": "tls.mode: PASSTHROUGH is not served by this proxy", "q": "protocol: TLS is not served by this proxy", "r": `tls.sni_hosts[0]: "A.com" is not in lower case`},
		},
	}
	c := newCompiler(t)
	for _, tt := range steps {
		d := config.Delta{Removed: tt.removed}
		if tt.changed != "" {
			d.Changed = parse(t, tt.changed)
		}
		r := apply(c, d)
		var rejected map[string]string
		for _, x := range r.Ack.Rejected {
			if rejected == nil {
				rejected = make(map[string]string)
			}
			rejected[x.Name.Name] = x.Reason
		}
		if diff := cmp.Diff(tt.rejected, rejected); diff != "" {
			t.Errorf("%s: rejected (-want +got):\n%s", tt.name, diff)
		}
		if _, n := c.Counts(); n[config.KindListener] != len(tt.rejected) {
			t.Errorf("%s: %d counted as rejected", tt.name, n[config.KindListener])
		}
		var secure []bool
		for p := range r.Snapshot.Ports() {
			secure = append(secure, p.Key.Secure)
		}
		if !slices.Equal(secure, tt.secure) {
			t.Errorf("%s: ports secure: %v, want %v", tt.name, secure, tt.secure)
		}
	}
}

// TestCertificateTouchesNoRoute: a certificate that changes builds its ports anew and nothing else, and
// leaves the terminators as they are.
func TestCertificateTouchesNoRoute(t *testing.T) {
	ca := certstest.New(t)
	leaf := func() *config.Resource { return config.Wrap(ca.Leaf("c", certstest.EC(t), "a.com")) }
	c := newCompiler(t)
	first := apply(c, config.Delta{Changed: append(parse(t, `
listener: {name: s, gateway: g, port: 443, protocol: PROTOCOL_HTTPS, tls: {mode: MODE_TERMINATE, certificates: [c]}}
---
listener: {name: p, gateway: g, port: 80, protocol: PROTOCOL_HTTP}
---
route: {name: r, attachments: [{listener: s}, {listener: p}], http: {direct_response: {status: 200}}}
`), leaf())}).Snapshot
	second := apply(c, config.Delta{Changed: []*config.Resource{leaf()}}).Snapshot
	key := PortKey{Port: 443, Secure: true}
	before, _ := first.Port(key).ChooseTLS("a.com")
	after, _ := second.Port(key).ChooseTLS("a.com")
	if before.Terminator != after.Terminator || before.Certificates == after.Certificates {
		t.Error("the terminator changed, or the certificates did not")
	}
	if first.Port(PortKey{Port: 80}) != second.Port(PortKey{Port: 80}) {
		t.Error("a port without TLS was built again")
	}
	a, _ := first.Port(key).secure.groups[""].Get("*")
	b, _ := second.Port(key).secure.groups[""].Get("*")
	if a.table != b.table {
		t.Error("the routes were placed again")
	}
}

// TestSecureMatchAllocatesNothing: a request costs no memory for having come by TLS.
func TestSecureMatchAllocatesNothing(t *testing.T) {
	c := newCompiler(t)
	s := apply(c, config.Delta{Changed: parse(t, `
listener: {name: s, gateway: g, port: 443, protocol: PROTOCOL_HTTPS, hostnames: ["*.a-rather-long-name.example.com"], tls: {mode: MODE_TERMINATE}}
---
route: {name: r, attachments: [{listener: s}], http: {direct_response: {status: 200}}}
`)}).Snapshot
	ex := newExchange(t, "x.a-rather-long-name.example.com")
	port := s.Port(PortKey{Port: 443, Secure: true})
	if n := testing.AllocsPerRun(100, func() {
		if _, err := port.Match(ex); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func newExchange(t testing.TB, host string) *exchange.Exchange {
	t.Helper()
	ex := exchange.Get()
	t.Cleanup(func() { exchange.Put(ex) })
	ex.Host, ex.SNI, ex.Path = []byte(host), host, []byte("/")
	return ex
}
