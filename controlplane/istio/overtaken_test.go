package istio

import (
	"slices"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

func TestOvertaken(t *testing.T) {
	path := func(kind, p string) *config.PathMatch {
		switch kind {
		case "exact":
			return &config.PathMatch{Kind: &config.PathMatch_Exact{Exact: p}}
		case "segment":
			return &config.PathMatch{Kind: &config.PathMatch_SegmentPrefix{SegmentPrefix: p}}
		case "prefix":
			return &config.PathMatch{Kind: &config.PathMatch_Prefix{Prefix: p}}
		}
		return nil
	}
	header := &config.HeaderMatch{Name: "x", Value: present()}
	tests := []struct {
		name             string
		foreign, ours    string // "kind path"
		foreignCondition bool
		want             Severity
	}{
		{"the same prefix", "segment /a", "prefix /a", false, Warning},
		{"a prefix above", "segment /a", "prefix /a/b", false, Warning},
		{"an exact path under a prefix", "segment /a", "exact /a/b", false, Warning},
		{"the prefix itself", "segment /a", "exact /a", false, Warning},
		{"everything", "segment /", "prefix /a", false, Warning},
		{"every path", "none -", "none -", false, Warning},
		{"under a condition", "segment /a", "prefix /a", true, Info},
		{"no segment's end", "segment /a", "prefix /ab", false, 0},
		{"a longer one", "segment /a/b", "prefix /a", false, 0},
		{"another", "segment /b", "prefix /a", false, 0},
		{"exact in exact", "exact /a", "exact /a", false, Warning},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			route := func(kind, spec string) *config.Route {
				k, p, _ := strings.Cut(spec, " ")
				m := &config.HttpMatch{Path: path(k, p)}
				if kind == "HTTPRoute" && tt.foreignCondition {
					m.Headers = []*config.HeaderMatch{header}
				}
				return &config.Route{
					Name: kind, Origin: &config.Origin{Kind: kind, Name: "r"},
					Attachments: []*config.Attachment{{Listener: "l"}},
					Rule:        &config.Route_Http{Http: &config.HttpRule{Matches: []*config.HttpMatch{m}}},
				}
			}
			foreign, ours := route("HTTPRoute", tt.foreign), route("VirtualService", tt.ours)
			port := func(string) string { return "80" }
			got := Overtaken(ours, port, func(key string) []*config.Route {
				if slices.Contains(Stands(foreign, port), key) {
					return []*config.Route{foreign}
				}
				return nil
			})
			if tt.want == 0 && len(got) > 0 || tt.want != 0 && (len(got) != 1 || got[0].Severity != tt.want) {
				t.Errorf("%v, want one of severity %v", got, tt.want)
			}
		})
	}
}
