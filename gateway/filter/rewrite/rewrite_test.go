package rewrite

import (
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/filter"
)

func TestRequest(t *testing.T) {
	root := &config.PathRewrite{Kind: &config.PathRewrite_ReplacePrefix{ReplacePrefix: "/"}}
	tests := []struct {
		name            string
		rewrite         *config.UrlRewrite
		path, authority string
	}{
		{"path", &config.UrlRewrite{Path: root}, "/x", "shop"},
		{"authority", &config.UrlRewrite{Authority: "b.example.com:8080"}, "/foo/x", "b.example.com:8080"},
		{"both", &config.UrlRewrite{Path: root, Authority: "b"}, "/x", "b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := New(tt.rewrite)
			if err != nil {
				t.Fatal(err)
			}
			ex := exchange.Get()
			defer exchange.Put(ex)
			ex.Path, ex.MatchedLen = []byte("/foo/x"), 4
			ex.Forward = exchange.Forward{Path: ex.Path, Authority: []byte("shop")}
			f.Request(ex)
			if string(ex.Forward.Path) != tt.path || string(ex.Forward.Authority) != tt.authority {
				t.Errorf("forwards %q to %q", ex.Forward.Path, ex.Forward.Authority)
			}
			if string(ex.Path) != "/foo/x" {
				t.Errorf("the facts changed: %q", ex.Path)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		rewrite *config.UrlRewrite
		want    string
	}{
		{&config.UrlRewrite{}, "neither"},
		{&config.UrlRewrite{Authority: "a b"}, "authority"},
		{&config.UrlRewrite{Authority: "a\r\nx: y"}, "authority"},
		{&config.UrlRewrite{Authority: "u@h"}, "authority"},
		{&config.UrlRewrite{Path: &config.PathRewrite{}}, "path.kind"},
	}
	for _, tt := range tests {
		if _, err := New(tt.rewrite); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: got %v, want an error with %q", tt.rewrite, err, tt.want)
		}
	}
}

// A prefix that ends within a segment must not let "/static../x" become "/files/../x".
func TestRequestRefusesDotSegments(t *testing.T) {
	f, err := New(&config.UrlRewrite{
		Path: &config.PathRewrite{Kind: &config.PathRewrite_ReplacePrefix{ReplacePrefix: "/files/"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ex := exchange.Get()
	defer exchange.Put(ex)
	ex.Path, ex.MatchedLen = []byte("/static../x"), len("/static")
	if v := f.Request(ex); v != filter.Respond || ex.Response.Status != 400 {
		t.Errorf("verdict %v, status %d", v, ex.Response.Status)
	}
}
