package config

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Valid resources that rows of the tables start from.

func validListener() *Listener {
	return &Listener{
		Name: "gatewayapi/default/edge/http", Gateway: "gatewayapi/default/edge",
		Port: 80, Protocol: Protocol_PROTOCOL_HTTP,
		Hostnames: []string{"a.example.com", "*.example.com", "*", "[::1]", "10.0.0.1"},
	}
}

func validRoute() *Route {
	return &Route{
		Name:        "httproute/default/shop/0",
		Attachments: []*Attachment{{Listener: "gatewayapi/default/edge/http", Hostnames: []string{"shop.example.com"}}},
		Rule: &Route_Http{&HttpRule{
			Matches: []*HttpMatch{{
				Path:        &PathMatch{Kind: &PathMatch_SegmentPrefix{"/shop"}},
				Headers:     []*HeaderMatch{{Name: "x-canary", Value: exactly("1")}},
				QueryParams: []*QueryMatch{{Name: "q", Value: exactly("")}},
			}},
			Action: forwardTo(90, 10),
			Filters: []*HttpFilter{
				{Kind: &HttpFilter_RequestHeaders{&HeaderModifier{Set: []*HeaderValue{{Name: "x-a", Value: "1"}}}}},
				{Kind: &HttpFilter_Rewrite{&UrlRewrite{
					Authority: "Shop.Example.com:8080",
					Path:      &PathRewrite{Kind: &PathRewrite_ReplacePrefix{"/"}},
				}}},
			},
		}},
	}
}

func exactly(s string) *StringMatch { return &StringMatch{Kind: &StringMatch_Exact{s}} }

func forwardTo(weights ...uint32) *HttpRule_Forward {
	f := &Forward{}
	for _, w := range weights {
		f.Backends = append(f.Backends, &WeightedBackend{
			Target: &WeightedBackend_Backend{"outbound|80||shop.default.svc.cluster.local"}, Weight: w,
		})
	}
	return &HttpRule_Forward{f}
}

func validBackend() *Backend {
	return &Backend{
		Name: "outbound|80|v1|shop.default.svc.cluster.local", EndpointSet: "shop.default.svc.cluster.local|80",
		SubsetLabels:   map[string]string{"version": "v1"},
		ConnectionPool: &ConnectionPool{ConnectTimeout: durationpb.New(0), IdleTimeout: durationpb.New(time.Second)},
	}
}

func validEndpoint() *Endpoint {
	return &Endpoint{
		Name: "shop|80/10.0.0.7:8080", Set: "shop|80", Address: "10.0.0.7", Port: 8080, Locality: "eu/a/1",
	}
}

func validPolicy() *Policy {
	return &Policy{
		Name:    "headers/default/security",
		Targets: []*PolicyTarget{{Target: &PolicyTarget_Gateway{"gatewayapi/default/edge"}}},
		Kind:    &Policy_Headers{&HeaderPolicy{Response: &HeaderModifier{Remove: []string{"Server"}}}},
	}
}

// Shapes of PEM with nothing inside: no test needs a real key here.
const (
	fakeChain = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
	fakeKey   = "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n"
)

func validCertificate() *Certificate {
	return &Certificate{Name: "default/shop-tls", ChainPem: []byte(fakeChain), KeyPem: []byte(fakeKey)}
}

func TestValidateAccepts(t *testing.T) {
	for _, r := range []*Resource{
		Wrap(validListener()), Wrap(validRoute()), Wrap(validBackend()), Wrap(validEndpoint()),
		Wrap(validPolicy()), Wrap(validCertificate()), Wrap(&Gateway{Name: "g"}),
		Wrap(&Route{Name: "r", Rule: &Route_Http{&HttpRule{Action: &HttpRule_Forward{&Forward{}}}}}),
		Wrap(&Route{Name: "r", Rule: &Route_Http{&HttpRule{Action: &HttpRule_Redirect{&Redirect{
			Status: 308, Scheme: "https", Host: "Example.com", Port: 8443, Path: &PathRewrite{Kind: &PathRewrite_ReplaceFull{""}},
		}}}}}),
	} {
		if err := Validate(r); err != nil {
			t.Errorf("%v: %v", NameOf(r), err)
		}
	}
}

// row changes one valid resource and names the whole error that must follow.
type row[M Message] struct {
	name   string
	change func(M)
	want   string
}

func runRows[M Message](t *testing.T, valid func() M, rows []row[M]) {
	t.Helper()
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			m := valid()
			tt.change(m)
			err := Validate(Wrap(m))
			if err == nil {
				t.Fatalf("accepted; want %q", tt.want)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestValidateListener(t *testing.T) {
	runRows(t, validListener, []row[*Listener]{
		{"no-name", func(l *Listener) { l.Name = "" }, "name: not set"},
		{"control-byte-in-name", func(l *Listener) { l.Name = "a\nb" }, `name: "a\nb": has a byte that cannot be printed`},
		{"long-name", func(l *Listener) { l.Name = strings.Repeat("a", 1025) }, "name: longer than 1024 bytes"},
		{"no-gateway", func(l *Listener) { l.Gateway = "" }, "gateway: not set"},
		{"bad-address", func(l *Listener) { l.Address = "eth0" }, `address: "eth0" is not an IP address`},
		{"port-zero", func(l *Listener) { l.Port = 0 }, "port: 0 is not from 1 to 65535"},
		{"port-too-high", func(l *Listener) { l.Port = 65536 }, "port: 65536 is not from 1 to 65535"},
		{"no-protocol", func(l *Listener) { l.Protocol = 0 }, "protocol: not set"},
		{"unknown-protocol", func(l *Listener) { l.Protocol = 99 }, "protocol: unknown value 99 of Protocol"},
		{"upper-case-hostname", func(l *Listener) { l.Hostnames[1] = "*.Example.com" }, `hostnames[1]: "Example.com" is not in lower case`},
		{"wildcard-inside", func(l *Listener) { l.Hostnames[0] = "a.*.com" }, `hostnames[0]: "a.*.com": a wildcard stands for whole labels, at the front`},
		{"partial-wildcard", func(l *Listener) { l.Hostnames[0] = "*a.com" }, `hostnames[0]: "*a.com": a wildcard stands for whole labels, at the front`},
		{"empty-hostname", func(l *Listener) { l.Hostnames[0] = "" }, `hostnames[0]: empty`},
		{"empty-label", func(l *Listener) { l.Hostnames[0] = "a..b" }, `hostnames[0]: "a..b" is not a host name`},
		{"trailing-dot", func(l *Listener) { l.Hostnames[0] = "a.b." }, `hostnames[0]: "a.b." is not a host name`},
		{"port-in-hostname", func(l *Listener) { l.Hostnames[0] = "a.b:80" }, `hostnames[0]: "a.b:80" is not a host name`},
		{"bad-ipv6", func(l *Listener) { l.Hostnames[0] = "[::g]" }, `hostnames[0]: "[::g]" is not an IPv6 address in brackets`},
		{"https-without-tls", func(l *Listener) { l.Protocol = Protocol_PROTOCOL_HTTPS }, "tls: not set; PROTOCOL_HTTPS needs it"},
		{"http-with-tls", func(l *Listener) { l.Tls = &TlsSettings{Mode: TlsSettings_MODE_TERMINATE} }, "tls: set; PROTOCOL_HTTP has none"},
		{"bad-server-name", func(l *Listener) {
			l.Protocol, l.Tls = Protocol_PROTOCOL_HTTPS, &TlsSettings{SniHosts: []string{"a.b:443"}}
		}, `tls.sni_hosts[0]: "a.b:443" is not a host name`},
		{"nameless-certificate", func(l *Listener) {
			l.Protocol, l.Tls = Protocol_PROTOCOL_TLS, &TlsSettings{Mode: TlsSettings_MODE_TERMINATE, Certificates: []string{""}}
		}, "tls.certificates[0]: not set"},
		{"bad-cidr", func(l *Listener) {
			l.Http = &HttpSettings{Forwarding: &ForwardingTrust{TrustedCidrs: []string{"10.0.0.0/8", "10.0.0.1"}}}
		}, `http.forwarding.trusted_cidrs[1]: "10.0.0.1" is not a CIDR block`},
		{"zero-timeout", func(l *Listener) {
			l.Http = &HttpSettings{Timeouts: &HttpTimeouts{Head: durationpb.New(0)}}
		}, "http.timeouts.head: zero; leave it out for the default"},
		{"negative-timeout", func(l *Listener) {
			l.Http = &HttpSettings{Timeouts: &HttpTimeouts{Idle: durationpb.New(-time.Nanosecond)}}
		}, "http.timeouts.idle: negative"},
		{"mixed-sign-timeout", func(l *Listener) {
			l.Http = &HttpSettings{Timeouts: &HttpTimeouts{StreamIdle: &durationpb.Duration{Seconds: 1, Nanos: -1}}}
		}, "http.timeouts.stream_idle: not a valid duration"},
		{"endless-timeout", func(l *Listener) {
			l.Http = &HttpSettings{Timeouts: &HttpTimeouts{FirstByte: &durationpb.Duration{Seconds: 1 << 34}}}
		}, "http.timeouts.first_byte: longer than 292 years"},
		{"unknown-normalization", func(l *Listener) { l.Http = &HttpSettings{PathNormalization: 9} }, "http.path_normalization: unknown value 9 of PathNormalization"},
		{"via-no-token", func(l *Listener) { l.Http = &HttpSettings{Headers: &ProxyHeaders{Via: "a b"}} }, `http.headers.via: "a b" is not a field name`},
		{"server-splits", func(l *Listener) { l.Http = &HttpSettings{Headers: &ProxyHeaders{Server: "a\r\nb"}} }, "http.headers.server: byte 0x0d cannot stand in a field value"},
		{"not-utf8", func(l *Listener) { l.Origin = &Origin{Name: "\xff"} }, "origin.name: not UTF-8"},
	})
}

func TestValidateRoute(t *testing.T) {
	rule := func(f func(*HttpRule)) func(*Route) { return func(r *Route) { f(r.GetHttp()) } }
	match := func(f func(*HttpMatch)) func(*Route) { return func(r *Route) { f(r.GetHttp().Matches[0]) } }
	modifier := func(m *HeaderModifier) func(*Route) {
		return rule(func(r *HttpRule) { r.Filters[0].Kind = &HttpFilter_RequestHeaders{m} })
	}
	rewrite := func(p *PathRewrite) func(*Route) {
		return rule(func(r *HttpRule) { r.Filters[1].Kind = &HttpFilter_Rewrite{&UrlRewrite{Path: p}} })
	}
	set := func(name, value string) func(*Route) {
		return modifier(&HeaderModifier{Set: []*HeaderValue{{Name: name, Value: value}}})
	}
	redirect := func(to *Redirect) func(*Route) {
		return rule(func(r *HttpRule) { r.Action = &HttpRule_Redirect{to} })
	}
	respond := func(d *DirectResponse) func(*Route) {
		return rule(func(r *HttpRule) { r.Action = &HttpRule_DirectResponse{d} })
	}
	long := strings.Repeat("a", 9000)
	runRows(t, validRoute, []row[*Route]{
		{"no-rule", func(r *Route) { r.Rule = nil }, "unknown kind of rule"},
		{"no-action", rule(func(r *HttpRule) { r.Action = nil }), "http: unknown kind of action"},
		{"nil-action", rule(func(r *HttpRule) { r.Action = &HttpRule_Forward{} }), "http.forward: is nil"},
		{"attached-to-nothing", func(r *Route) { r.Attachments[0].Listener = "" }, "attachments[0].listener: not set"},
		{"attachment-hostname", func(r *Route) { r.Attachments[0].Hostnames[0] = "-a.com" }, `attachments[0].hostnames[0]: "-a.com" is not a host name`},
		{"display-name", func(r *Route) { r.DisplayName = "a\x1b[31m" }, `display_name: "a\x1b[31m": has a byte that cannot be printed`},

		{"path-of-no-kind", match(func(m *HttpMatch) { m.Path.Kind = nil }), "http.matches[0].path: unknown kind of path match"},
		{"segment-prefix", match(func(m *HttpMatch) { m.Path.Kind = &PathMatch_SegmentPrefix{"shop"} }), `http.matches[0].path.segment_prefix: "shop" does not begin with /`},
		{"long-regex", match(func(m *HttpMatch) { m.Path.Kind = &PathMatch_Regex{long} }), "http.matches[0].path.regex: longer than 1024 bytes"},
		{"regex-ignores-case", match(func(m *HttpMatch) {
			m.Method = &StringMatch{Kind: &StringMatch_Regex{"get"}, IgnoreCase: true}
		}), "http.matches[0].method.ignore_case: not for regex; write (?i)"},
		{"absent", match(func(m *HttpMatch) { m.Headers[0].Value.Kind = &StringMatch_Present{} }), "http.matches[0].headers[0].value.present: false; use invert"},
		{"no-value", match(func(m *HttpMatch) { m.Headers[0].Value = nil }), "http.matches[0].headers[0].value: unknown kind of string match"},
		{"bad-header-name", match(func(m *HttpMatch) { m.Headers[0].Name = ":path" }), `http.matches[0].headers[0].name: ":path" is not a field name`},
		{"no-query-name", match(func(m *HttpMatch) { m.QueryParams[0].Name = "" }), "http.matches[0].query_params[0].name: not set"},

		{"weight", rule(func(r *HttpRule) { r.Action = forwardTo(1, 1_000_001) }), "http.forward.backends[1].weight: more than 1000000"},
		{"sum-of-weights", rule(func(r *HttpRule) {
			weights := make([]uint32, 4295)
			for i := range weights {
				weights[i] = 1_000_000
			}
			r.Action = forwardTo(weights...)
		}), "http.forward.backends: the sum of the weights is more than 4294967295"},
		{"no-target", rule(func(r *HttpRule) { r.GetForward().Backends[1].Target = nil }), "http.forward.backends[1]: unknown kind of target"},
		{"failure-that-succeeds", rule(func(r *HttpRule) {
			r.GetForward().Backends[0].Target = &WeightedBackend_Failure{&Failure{Status: 200}}
		}), "http.forward.backends[0].failure.status: 200 is not from 400 to 599"},

		{"redirect-status", redirect(&Redirect{Status: 304}), "http.redirect.status: 304 is not 301, 302, 303, 307 or 308"},
		{"redirect-scheme", redirect(&Redirect{Scheme: "javascript"}), `http.redirect.scheme: "javascript" is not http or https`},
		{"redirect-host", redirect(&Redirect{Host: "a.com:80"}), `http.redirect.host: "a.com:80" is not a host name`},
		{"redirect-port", redirect(&Redirect{Port: 70000}), "http.redirect.port: 70000 is not from 1 to 65535"},
		{"direct-status", respond(&DirectResponse{Status: 101}), "http.direct_response.status: 101 is not from 200 to 599"},
		{"direct-body", respond(&DirectResponse{Status: 200, Body: make([]byte, 1<<20+1)}), "http.direct_response.body: longer than 1048576 bytes"},
		{"direct-type", respond(&DirectResponse{Status: 200, ContentType: "a\x00"}), "http.direct_response.content_type: byte 0x00 cannot stand in a field value"},

		{"filter-of-no-kind", rule(func(r *HttpRule) { r.Filters[0].Kind = nil }), "http.filters[0]: unknown kind of filter"},
		{"filter-twice", rule(func(r *HttpRule) { r.Filters = append(r.Filters, r.Filters[0]) }), "http.filters[2]: a second request_headers; filters[0] is one"},
		{"header-name", set("x a", ""), `http.filters[0].request_headers.set[0].name: "x a" is not a field name`},
		{"header-value", set("x", "a\r\nb: c"), "http.filters[0].request_headers.set[0].value: byte 0x0d cannot stand in a field value"},
		{"header-long", set("x", long), "http.filters[0].request_headers.set[0].value: longer than 8192 bytes"},
		{"header-pseudo", set(":authority", "a"), `http.filters[0].request_headers.set[0].name: ":authority" is a pseudo field`},
		{"header-host", set("Host", "a"), `http.filters[0].request_headers.set[0].name: "Host" frames the message or the connection`},
		{"header-add-te", modifier(&HeaderModifier{Add: []*HeaderValue{{Name: "te", Value: "trailers"}}}), `http.filters[0].request_headers.add[0].name: "te" frames the message or the connection`},
		{"header-remove-length", modifier(&HeaderModifier{Remove: []string{"x", "Content-Length"}}), `http.filters[0].request_headers.remove[1]: "Content-Length" frames the message or the connection`},

		{"rewrite-authority", rule(func(r *HttpRule) { r.Filters[1].GetRewrite().Authority = "a.com:0" }), `http.filters[1].rewrite.authority: "0" is not a port`},
		{"rewrite-relative", rewrite(&PathRewrite{Kind: &PathRewrite_ReplaceFull{"a"}}), `http.filters[1].rewrite.path.replace_full: "a" does not begin with /`},
		{"rewrite-query", rewrite(&PathRewrite{Kind: &PathRewrite_ReplacePrefix{"/a?b"}}), "http.filters[1].rewrite.path.replace_prefix: byte 0x3f cannot stand in a path"},
		{"rewrite-splits", rewrite(&PathRewrite{Kind: &PathRewrite_ReplaceFull{"/ HTTP/1.1\r\n"}}), "http.filters[1].rewrite.path.replace_full: byte 0x20 cannot stand in a path"},
		{"rewrite-substitution", rewrite(&PathRewrite{Kind: &PathRewrite_Regex{&RegexRewrite{Pattern: "a", Substitution: `\1\x`}}}), `http.filters[1].rewrite.path.regex.substitution: a single "\": write "\\", or "\0" to "\9"`},
		{"rewrite-of-no-kind", rewrite(&PathRewrite{}), "http.filters[1].rewrite.path: unknown kind of path rewrite"},
	})
}

func TestValidateOthers(t *testing.T) {
	runRows(t, validBackend, []row[*Backend]{
		{"no-set", func(b *Backend) { b.EndpointSet = "" }, "endpoint_set: not set"},
		{"no-label-key", func(b *Backend) { b.SubsetLabels[""] = "a" }, "subset_labels: a label without a key"},
		{"label-not-utf8", func(b *Backend) { b.SubsetLabels["a"] = "\xff" }, "subset_labels: not UTF-8"},
		{"negative-timeout", func(b *Backend) { b.ConnectionPool.ConnectTimeout = durationpb.New(-1) }, "connection_pool.connect_timeout: negative"},
		{"balancer", func(b *Backend) { b.LoadBalancer = &LoadBalancer{Policy: 7} }, "load_balancer.policy: unknown value 7 of Policy"},
	})
	runRows(t, validEndpoint, []row[*Endpoint]{
		{"no-set", func(e *Endpoint) { e.Set = "" }, "set: not set"},
		{"address", func(e *Endpoint) { e.Address = "a b" }, `address: "a b" is not a host name`},
		{"wildcard", func(e *Endpoint) { e.Address = "*.a" }, `address: "*.a": a wildcard stands for whole labels, at the front`},
		{"port", func(e *Endpoint) { e.Port = 0 }, "port: 0 is not from 1 to 65535"},
		{"locality", func(e *Endpoint) { e.Locality = "a/b/c/d" }, "locality: more than region/zone/subzone"},
		{"state", func(e *Endpoint) { e.State = -1 }, "state: unknown value -1 of State"},
	})
	runRows(t, validPolicy, []row[*Policy]{
		{"no-kind", func(p *Policy) { p.Kind = nil }, "unknown kind of policy"},
		{"no-target", func(p *Policy) { p.Targets[0].Target = nil }, "targets[0]: unknown kind of target"},
		{"nil-target", func(p *Policy) { p.Targets[0] = nil }, "targets[0]: is nil; targets[0]: unknown kind of target"},
		{"framing", func(p *Policy) { p.GetHeaders().Response.Remove[0] = "Connection" }, `headers.response.remove[0]: "Connection" frames the message or the connection`},
	})
	runRows(t, validCertificate, []row[*Certificate]{
		{"no-key", func(c *Certificate) { c.KeyPem = nil }, "key_pem: not set"},
		{"not-pem", func(c *Certificate) { c.KeyPem = []byte("secret") }, "key_pem: does not begin with a PEM block of type PRIVATE KEY"},
		{"swapped", func(c *Certificate) { c.ChainPem, c.KeyPem = c.KeyPem, c.ChainPem }, "chain_pem: does not begin with a PEM block of type CERTIFICATE; key_pem: does not begin with a PEM block of type PRIVATE KEY"},
	})
}

// A newer control plane's message must be refused, not served without what is new.
func TestValidateRefusesWhatIsNewer(t *testing.T) {
	field77 := protowire.AppendBytes(protowire.AppendTag(nil, 77, protowire.BytesType), []byte("new"))
	policy := validPolicy()
	policy.Kind = nil
	policy.ProtoReflect().SetUnknown(field77)
	deep := validRoute()
	deep.GetHttp().Matches[0].Headers[0].Value.ProtoReflect().SetUnknown(field77)
	resource := &Resource{}
	resource.ProtoReflect().SetUnknown(field77)
	tests := []struct {
		name string
		in   *Resource
		want string
	}{
		{"policy", Wrap(policy), "unknown field number 77 of Policy; unknown kind of policy"},
		{"deep-inside", Wrap(deep), "http.matches[0].headers[0].value: unknown field number 77 of StringMatch"},
		{"resource", resource, "unknown field number 77 of Resource; unknown kind of resource"},
		{"nothing", &Resource{}, "unknown kind of resource"},
		{"nil", nil, "unknown kind of resource"},
		{"nil-inside", Wrap((*Policy)(nil)), "is nil; name: not set; unknown kind of policy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Validate(tt.in)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestInvalidIsBoundedAndTyped(t *testing.T) {
	l := validListener()
	l.Hostnames = make([]string, 25)
	err := Validate(Wrap(l))
	invalid, ok := errors.AsType[*Invalid](err)
	if !ok {
		t.Fatalf("%v is no *Invalid", err)
	}
	if len(invalid.Faults) != maxFaults || invalid.More != 15 || invalid.Name != NameOf(Wrap(l)) {
		t.Errorf("%d faults, %d more, of %v", len(invalid.Faults), invalid.More, invalid.Name)
	}
	if want := "; and 15 more"; !strings.HasSuffix(err.Error(), want) {
		t.Errorf("%q does not end in %q", err, want)
	}
	if diff := cmp.Diff(Fault{Field: "hostnames[3]", Reason: "empty"}, invalid.Faults[3]); diff != "" {
		t.Error(diff)
	}
}

func TestValidateNeverQuotesKeys(t *testing.T) {
	c := validCertificate()
	c.KeyPem, c.ChainPem = []byte("hunter2"), []byte("hunter2")
	if err := Validate(Wrap(c)); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}

func BenchmarkValidateRoute(b *testing.B) {
	r := Wrap(validRoute())
	b.ReportAllocs()
	for b.Loop() {
		if err := Validate(r); err != nil {
			b.Fatal(err)
		}
	}
}
