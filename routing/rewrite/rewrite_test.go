package rewrite

import (
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

func prefix(s string) *config.PathRewrite {
	return &config.PathRewrite{Kind: &config.PathRewrite_ReplacePrefix{ReplacePrefix: s}}
}

func full(s string) *config.PathRewrite {
	return &config.PathRewrite{Kind: &config.PathRewrite_ReplaceFull{ReplaceFull: s}}
}

func regex(p, s string) *config.PathRewrite {
	return &config.PathRewrite{Kind: &config.PathRewrite_Regex{
		Regex: &config.RegexRewrite{Pattern: p, Substitution: s},
	}}
}

func TestApply(t *testing.T) {
	tests := []struct {
		name    string
		rewrite *config.PathRewrite
		path    string
		matched int
		want    string
	}{
		{"prefix to root, exactly the prefix", prefix("/"), "/giropops", 9, "/"},
		{"prefix to root, below", prefix("/"), "/giropops/x", 9, "/x"},
		{"prefix to root, trailing slash", prefix("/"), "/giropops/", 9, "/"},
		{"prefix with slash to root", prefix("/"), "/giropops/x", 10, "/x"},
		{"prefix to other", prefix("/bar"), "/foo/x", 4, "/bar/x"},
		{"prefix to other with slash", prefix("/bar/"), "/foo/x", 4, "/bar/x"},
		{"prefix with slash to other", prefix("/bar"), "/foo/x", 5, "/bar/x"},
		{"plain string prefix", prefix("/bar"), "/foobar", 4, "/barbar"},
		{"plain string prefix to root", prefix("/"), "/foobar", 4, "/bar"},
		{"empty is root", prefix(""), "/foo/x", 4, "/x"},
		{"no path match", prefix("/bar"), "/foo", 1, "/bar/foo"},
		{"no path match, root", prefix("/"), "/foo", 1, "/foo"},
		{"never a double slash in front", prefix("/"), "/foo//x", 4, "/x"},
		{"the client's own double slash stays", prefix("/bar"), "/foo//x", 4, "/bar//x"},
		{"whole path", prefix("/new"), "/foo", 4, "/new"},
		{"full", full("/all"), "/a/b", 2, "/all"},
		{"regex group", regex(`^/v1/(.*)$`, `/v2/\1`), "/v1/a/b", 1, "/v2/a/b"},
		{"regex all", regex(`o`, `0`), "/foo/boo", 1, "/f00/b00"},
		{"regex no match", regex(`^/x$`, `/y`), "/foo", 1, "/foo"},
		{"regex dollar is literal", regex(`foo`, `$1`), "/foo", 1, "/$1"},
		{"regex loses the slash", regex(`^/`, ``), "/foo", 1, "/foo"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Compile(tt.rewrite)
			if err != nil {
				t.Fatal(err)
			}
			ex := exchange.Get()
			defer exchange.Put(ex)
			ex.Path, ex.MatchedLen = []byte(tt.path), tt.matched
			if got := string(p.Apply(ex)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	tests := []struct {
		name    string
		rewrite *config.PathRewrite
		want    string
	}{
		{"nothing", &config.PathRewrite{}, "none is set"},
		{"no slash", prefix("bar"), "does not begin with /"},
		{"splitting", full("/a\r\nX: y"), "byte 0x0d"},
		{"query", full("/a?b"), "byte 0x3f"},
		{"fragment", prefix("/a#b"), "byte 0x23"},
		{"dot segment", full("/a/../b"), "dot segment"},
		{"dot segment at the end", prefix("/a/."), "dot segment"},
		{"delimiter", full("/a<b"), "byte 0x3c"},
		{"bad pattern", regex("(", "/"), "missing closing )"},
		{"long pattern", regex(strings.Repeat("a", MaxPattern+1), "/"), "longer than"},
		{"no such group", regex("(a)", `\2`), "1 groups"},
		{"lone backslash", regex("a", `\x`), "single"},
		{"space in substitution", regex("a", "/a b"), "byte 0x20"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Compile(tt.rewrite)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}
