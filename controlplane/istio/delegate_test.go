package istio

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	api "istio.io/api/networking/v1"
)

func exact(s string) *api.StringMatch {
	return &api.StringMatch{MatchType: &api.StringMatch_Exact{Exact: s}}
}

func prefix(s string) *api.StringMatch {
	return &api.StringMatch{MatchType: &api.StringMatch_Prefix{Prefix: s}}
}

func regex(s string) *api.StringMatch {
	return &api.StringMatch{MatchType: &api.StringMatch_Regex{Regex: s}}
}

type matches = []*api.HTTPMatchRequest

func TestMatchConflict(t *testing.T) {
	tests := []struct {
		name       string
		root, leaf *api.HTTPMatchRequest
		want       string
	}{
		{"prefix-in-prefix", &api.HTTPMatchRequest{Uri: prefix("/a")}, &api.HTTPMatchRequest{Uri: prefix("/a/b")}, ""},
		{"exact-in-prefix", &api.HTTPMatchRequest{Uri: prefix("/a")}, &api.HTTPMatchRequest{Uri: exact("/ab")}, ""},
		{"prefix-beyond", &api.HTTPMatchRequest{Uri: prefix("/a/b")}, &api.HTTPMatchRequest{Uri: prefix("/a")}, "uri"},
		{"prefix-under-exact", &api.HTTPMatchRequest{Uri: exact("/a")}, &api.HTTPMatchRequest{Uri: prefix("/a")}, "uri"},
		{"exact-equal", &api.HTTPMatchRequest{Uri: exact("/a")}, &api.HTTPMatchRequest{Uri: exact("/a")}, ""},
		{"regex-equal", &api.HTTPMatchRequest{Uri: regex("a")}, &api.HTTPMatchRequest{Uri: regex("a")}, "uri"},
		{"regex-alone", &api.HTTPMatchRequest{}, &api.HTTPMatchRequest{Uri: regex("a")}, ""},
		{"absent-inherits", &api.HTTPMatchRequest{Uri: regex("a")}, &api.HTTPMatchRequest{}, ""},
		{"presence-beyond", &api.HTTPMatchRequest{Method: exact("GET")}, &api.HTTPMatchRequest{Method: &api.StringMatch{}}, "method"},
		{
			"header-differs", &api.HTTPMatchRequest{Headers: map[string]*api.StringMatch{"x": exact("1")}},
			&api.HTTPMatchRequest{Headers: map[string]*api.StringMatch{"x": exact("2")}}, "headers[x]",
		},
		{
			"header-other", &api.HTTPMatchRequest{Headers: map[string]*api.StringMatch{"x": exact("1")}},
			&api.HTTPMatchRequest{Headers: map[string]*api.StringMatch{"y": exact("2")}}, "",
		},
		{"case-differs", &api.HTTPMatchRequest{IgnoreUriCase: true}, &api.HTTPMatchRequest{}, "ignoreUriCase"},
		{"port-differs", &api.HTTPMatchRequest{Port: 80}, &api.HTTPMatchRequest{Port: 81}, "port"},
		{"namespace-absent", &api.HTTPMatchRequest{SourceNamespace: "a"}, &api.HTTPMatchRequest{}, "sourceNamespace"},
		{
			"labels-differ", &api.HTTPMatchRequest{SourceLabels: map[string]string{"a": "b"}},
			&api.HTTPMatchRequest{SourceLabels: map[string]string{"a": "c"}}, "sourceLabels",
		},
		{"gateway-beyond", &api.HTTPMatchRequest{Gateways: []string{"a"}}, &api.HTTPMatchRequest{Gateways: []string{"b"}}, "gateways"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := matchConflict(tt.root, tt.leaf); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMergeMatches(t *testing.T) {
	tests := []struct {
		name             string
		root, leaf, want matches
		why              string
	}{
		{name: "no-root", leaf: matches{{Uri: exact("/a")}}, want: matches{{Uri: exact("/a")}}},
		{name: "no-leaf", root: matches{{Uri: exact("/a")}}, want: matches{{Uri: exact("/a")}}},
		{
			name: "each-fitting-pair",
			root: matches{{Uri: prefix("/a"), Name: "r"}, {Method: exact("GET")}},
			leaf: matches{{Uri: prefix("/a/b"), Name: "l"}},
			want: matches{{Uri: prefix("/a/b"), Name: "r-l"}, {Uri: prefix("/a/b"), Method: exact("GET"), Name: "l"}},
		},
		{
			name: "one-misfit-refuses-all",
			root: matches{{Uri: prefix("/a")}},
			leaf: matches{{Uri: prefix("/a/b")}, {Uri: prefix("/b")}},
			why:  "match[1].uri",
		},
		{
			name: "maps-join",
			root: matches{{Headers: map[string]*api.StringMatch{"x": prefix("a")}, Port: 80}},
			leaf: matches{{Headers: map[string]*api.StringMatch{"x": exact("ab"), "y": exact("c")}}},
			want: matches{{Headers: map[string]*api.StringMatch{"x": exact("ab"), "y": exact("c")}, Port: 80}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, why := mergeMatches(tt.root, tt.leaf)
			if why != tt.why {
				t.Errorf("why = %q, want %q", why, tt.why)
			}
			if diff := cmp.Diff(tt.want, got, protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
