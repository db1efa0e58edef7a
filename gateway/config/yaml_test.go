package config

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
)

var update = flag.Bool("update", false, "write the golden files anew")

func everyKind() []*Resource {
	route := validRoute()
	route.Origin = &Origin{Group: "gateway.networking.k8s.io", Kind: "HTTPRoute", Namespace: "default", Name: "shop", Generation: 3, Field: "spec.rules[0]"}
	route.Order = &Order{CreatedUnixSeconds: 1700000000, Key: "default/shop"}
	direct := &Route{Name: "a/direct", Rule: &Route_Http{&HttpRule{
		Precedence: Precedence_PRECEDENCE_IN_ORDER,
		Matches:    []*HttpMatch{{Path: &PathMatch{Kind: &PathMatch_Prefix{""}}}, {Method: &StringMatch{Kind: &StringMatch_Present{true}}}, {}},
		Action:     &HttpRule_DirectResponse{&DirectResponse{Status: 200, Body: []byte("hello\n")}},
	}}}
	binary := &Route{Name: "a/binary", Rule: &Route_Http{&HttpRule{
		Action: &HttpRule_DirectResponse{&DirectResponse{Status: 200, Body: []byte("\x89PNG\x00")}},
	}}}
	gateway := &Gateway{Name: "gatewayapi/default/edge", Http: &HttpSettings{
		PathNormalization: PathNormalization_PATH_NORMALIZATION_BASE,
		Timeouts:          &HttpTimeouts{Idle: durationpb.New(1500 * time.Millisecond), Head: durationpb.New(5 * time.Second)},
		Limits:            &HttpLimits{ContentBytes: 1 << 40},
	}}
	return []*Resource{
		Wrap(validPolicy()), Wrap(route), Wrap(direct), Wrap(binary), Wrap(validListener()), Wrap(gateway),
		Wrap(validBackend()), Wrap(validEndpoint()), Wrap(validCertificate()),
	}
}

func TestMarshalYAMLGolden(t *testing.T) {
	got, err := MarshalYAML(everyKind())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "every-kind.yaml")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-file +marshalled; -update writes it):\n%s", path, diff)
	}
}

func TestMarshalYAMLDoesNotDependOnOrder(t *testing.T) {
	in := everyKind()
	want, err := MarshalYAML(in)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		rnd.Shuffle(len(in), func(i, j int) { in[i], in[j] = in[j], in[i] })
		got, err := MarshalYAML(in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestYAMLRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 600 {
		in := []*Resource{randomResource(rnd), randomResource(rnd)}
		roundTrip(t, in)
		if t.Failed() {
			return
		}
	}
}

func roundTrip(t *testing.T, in []*Resource) {
	t.Helper()
	data, err := MarshalYAML(in)
	if err != nil {
		t.Fatalf("marshal: %v", err)
	}
	out, err := UnmarshalYAML(data)
	if err != nil {
		t.Fatalf("unmarshal: %v\n%s", err, data)
	}
	want := Sorted(in)
	if !slices.EqualFunc(want, out, func(a, b *Resource) bool { return proto.Equal(a, b) }) {
		t.Fatalf("%s\nof\n%s", cmp.Diff(want, out, protocmp.Transform()), data)
	}
}

func TestUnmarshalYAML(t *testing.T) {
	const in = `
# Empty documents are passed over, JSON is YAML, and JSON names are understood.
---
---
{"gateway": {"name": "g", "http": {"timeouts": {"first_byte": "1.5s"}, "pathNormalization": "PATH_NORMALIZATION_NONE"}}}
---
certificate:
  name: a/b
  chain_pem: |
    -----BEGIN CERTIFICATE-----
    -----END CERTIFICATE-----
  key_pem: !!binary c2Vj
    cmV0
...
`
	got, err := UnmarshalYAML([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	want := []*Resource{
		Wrap(&Gateway{Name: "g", Http: &HttpSettings{
			PathNormalization: PathNormalization_PATH_NORMALIZATION_NONE,
			Timeouts:          &HttpTimeouts{FirstByte: durationpb.New(1500 * time.Millisecond)},
		}}),
		Wrap(&Certificate{
			Name:     "a/b",
			ChainPem: []byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
			KeyPem:   []byte("secret"),
		}),
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
}

func TestUnmarshalYAMLRefuses(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"syntax", "gateway:\n  name: g\n---\nroute: [\n", "document 2: yaml: line 4: "},
		{"unknown-kind", "cluster: {}\n", `document 1, line 1: unknown field "cluster"`},
		{"no-kind", "---\n{}\n", "document 1, line 2: no resource"},
		{"not-a-mapping", "gateway: {name: a}\n---\n- a\n", "document 2, line 3: want a mapping"},
		{"unknown-field", "route:\n  name: r\n  http:\n    forward:\n      wieght: 1\n", `document 1, line 5: route.http.forward: unknown field "wieght"`},
		{"field-twice", "gateway:\n  name: a\n  name: b\n", "document 1, line 3: gateway.name: written twice"},
		{"field-twice-by-both-names", "route:\n  display_name: a\n  displayName: b\n", "document 1, line 3: route.display_name: written twice"},
		{"two-kinds", "gateway: {name: a}\nroute: {name: b}\n", "document 1, line 2: route: cannot stand beside gateway"},
		{"two-actions", "route:\n  http:\n    forward: {}\n    redirect: {}\n", "document 1, line 4: route.http.redirect: cannot stand beside forward"},
		{"number-as-text", "gateway:\n  name: 1\n", `document 1, line 2: gateway.name: "1" is not a string (in quotes if it looks like something else)`},
		{"null-as-text", "gateway:\n  name: ~\n", `document 1, line 2: gateway.name: "~" is not a string (in quotes if it looks like something else)`},
		{"date-as-text", "gateway:\n  name: 2020-01-01\n", `document 1, line 2: gateway.name: "2020-01-01" is not a string (in quotes if it looks like something else)`},
		{"text-as-number", "listener:\n  port: http\n", `document 1, line 2: listener.port: "http" is not a uint32`},
		{"negative", "listener:\n  port: -1\n", `document 1, line 2: listener.port: "-1" is not a uint32`},
		{"overflow", "listener:\n  port: 4294967296\n", `document 1, line 2: listener.port: "4294967296" is not a uint32`},
		{"bool", "route: {http: {matches: [{path: {ignore_case: yes}}]}}\n", `document 1, line 1: route.http.matches[0].path.ignore_case: "yes" is not a bool`},
		{"enum", "listener:\n  protocol: HTTP\n", `document 1, line 2: listener.protocol: "HTTP" is not a Protocol`},
		{"enum-number", "listener:\n  protocol: 1\n", `document 1, line 2: listener.protocol: "1" is not a Protocol`},
		{"duration", "gateway: {http: {timeouts: {idle: 5m}}}\n", `document 1, line 1: gateway.http.timeouts.idle: "5m" is not a duration, such as 1.5s`},
		{"list", "listener:\n  hostnames: a\n", "document 1, line 2: listener.hostnames: want a list"},
		{"mapping-as-scalar", "listener:\n  hostnames: [{}]\n", "document 1, line 2: listener.hostnames[0]: want a string (in quotes if it looks like something else)"},
		{"label-twice", "endpoint:\n  labels: {a: b, a: c}\n", `document 1, line 2: endpoint.labels: "a" is written twice`},
		{"label-number", "endpoint:\n  labels:\n    a: 1\n", `document 1, line 3: endpoint.labels.a: "1" is not a string (in quotes if it looks like something else)`},
		{"alias", "gateway:\n  name: &a b\n  origin: {name: *a}\n", "document 1, line 2: gateway.name: anchors and aliases are not allowed"},
		{"merge", "gateway:\n  <<: {name: a}\n", `document 1, line 2: gateway: unknown field "<<"`},
		{"base64", "certificate:\n  key_pem: !!binary '*'\n", `document 1, line 2: certificate.key_pem: "*" is not a bytes`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := UnmarshalYAML([]byte(tt.in))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || got != nil {
				t.Errorf("%d resources, error %v\nwant %s", len(got), err, tt.want)
			}
		})
	}
	if _, err := UnmarshalYAML(make([]byte, MaxYAML+1)); err == nil {
		t.Error("read more than MaxYAML")
	}
}

func FuzzUnmarshalYAML(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join("testdata", "every-kind.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	for doc := range strings.SplitSeq(string(golden), "---\n") {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		in, err := UnmarshalYAML(data)
		if err != nil {
			return
		}
		for _, r := range in {
			if err := Validate(r); err != nil && err.Error() == "" {
				t.Error("a fault without words")
			}
		}
		redacted := make([]*Resource, len(in))
		for i, r := range in {
			redacted[i] = Redact(r)
		}
		written, err := MarshalYAML(in)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		out, err := UnmarshalYAML(written)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, written)
		}
		if !slices.EqualFunc(Sorted(redacted), out, func(a, b *Resource) bool { return proto.Equal(a, b) }) {
			t.Fatalf("read %v\nthen %v", redacted, out)
		}
	})
}
