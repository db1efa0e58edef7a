package gatewayapi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHostname(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	tests := []struct {
		name, in, want string
		ok             bool
	}{
		{name: "plain", in: "shop.example.com", want: "shop.example.com", ok: true},
		{name: "upper-case", in: "Shop.EXAMPLE.com", want: "shop.example.com", ok: true},
		{name: "wildcard", in: "*.example.com", want: "*.example.com", ok: true},
		{name: "one-label", in: "localhost", want: "localhost", ok: true},
		{name: "longest-label", in: label63 + ".com", want: label63 + ".com", ok: true},
		{name: "label-too-long", in: label63 + "a.com"},
		{name: "name-too-long", in: strings.Repeat("a.", 127)},
		{name: "empty", in: ""},
		{name: "wildcard-alone", in: "*"},
		{name: "wildcard-without-rest", in: "*."},
		{name: "wildcard-inside", in: "a.*.com"},
		{name: "wildcard-in-label", in: "a*.com"},
		{name: "final-dot", in: "a.com."},
		{name: "port", in: "a.com:80"},
		{name: "ipv4", in: "10.0.0.1"},
		{name: "ipv6", in: "2001:db8::1"},
		{name: "underscore", in: "a_b.com"},
		{name: "hyphen-first", in: "-a.com"},
		{name: "hyphen-last", in: "a-.com"},
		{name: "newline", in: "a.com\nb.com"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := hostname(tt.in)
			if got != tt.want || ok != tt.ok {
				t.Errorf("hostname(%q) = %q, %v; want %q, %v", tt.in, got, ok, tt.want, tt.ok)
			}
		})
	}
}

// TestIntersectOracle compares with sets: every host of up to four labels from a small
// alphabet, and every hostname over the same.
func TestIntersectOracle(t *testing.T) {
	hosts := []string{"a", "b"}
	for range 3 {
		for _, h := range hosts {
			if strings.Count(h, ".") < 3 {
				hosts = append(hosts, "a."+h, "b."+h)
			}
		}
	}
	patterns := []string{anyHost}
	for _, h := range hosts {
		if strings.Count(h, ".") < 2 {
			patterns = append(patterns, h, "*."+h)
		}
	}
	matches := func(pattern, host string) bool {
		if rest, ok := strings.CutPrefix(pattern, "*"); ok {
			return len(host) > len(rest) && strings.HasSuffix(host, rest)
		}
		return pattern == host
	}
	for _, p := range patterns {
		for _, q := range patterns {
			want := false
			for _, h := range hosts {
				want = want || matches(p, h) && matches(q, h)
			}
			if got := intersect(p, q); got != want {
				t.Errorf("intersect(%q, %q) = %v, want %v", p, q, got, want)
			}
		}
	}
}

func TestIntersectingKeepsTheRoutesOwn(t *testing.T) {
	got := intersecting("a.example.com", []string{"*.example.com", "a.example.com", "example.com", "*.com"})
	want := []string{"*.example.com", "a.example.com", "*.com"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
