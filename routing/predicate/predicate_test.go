package predicate

import (
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

func sm(kind, v string) *config.StringMatch {
	switch kind {
	case "exact":
		return &config.StringMatch{Kind: &config.StringMatch_Exact{Exact: v}}
	case "prefix":
		return &config.StringMatch{Kind: &config.StringMatch_Prefix{Prefix: v}}
	case "suffix":
		return &config.StringMatch{Kind: &config.StringMatch_Suffix{Suffix: v}}
	case "regex":
		return &config.StringMatch{Kind: &config.StringMatch_Regex{Regex: v}}
	}
	return &config.StringMatch{Kind: &config.StringMatch_Present{Present: true}}
}

func fold(m *config.StringMatch) *config.StringMatch {
	m.IgnoreCase = true
	return m
}

func hm(name string, v *config.StringMatch) *config.HttpMatch {
	return &config.HttpMatch{Headers: []*config.HeaderMatch{{Name: name, Value: v}}}
}

func qm(name string, v *config.StringMatch) *config.HttpMatch {
	return &config.HttpMatch{QueryParams: []*config.QueryMatch{{Name: name, Value: v}}}
}

func without(m *config.HttpMatch) *config.HttpMatch {
	m.Headers[0].Invert, m.Headers[0].MissingIsEmpty = true, true
	return m
}

func TestMatches(t *testing.T) {
	tests := []struct {
		name  string
		match *config.HttpMatch
		want  bool
	}{
		{"nothing", &config.HttpMatch{}, true},
		{"method", &config.HttpMatch{Method: sm("exact", "GET")}, true},
		{"method has case", &config.HttpMatch{Method: sm("exact", "get")}, false},
		{"method regex", &config.HttpMatch{Method: sm("regex", "GET|POST")}, true},
		{"scheme", &config.HttpMatch{Scheme: sm("exact", "http")}, true},
		{"other scheme", &config.HttpMatch{Scheme: sm("exact", "https")}, false},
		{"authority in lower case with port", &config.HttpMatch{Authority: sm("exact", "shop.example.com:8080")}, true},
		{"authority prefix", &config.HttpMatch{Authority: sm("prefix", "shop.")}, true},
		{"header exact", hm("X-One", sm("exact", "a")), true},
		{"header name without case", hm("x-oNE", sm("exact", "a")), true},
		{"header value has case", hm("x-one", sm("exact", "A")), false},
		{"header value folded", hm("x-one", fold(sm("exact", "A"))), true},
		{"header prefix", hm("user-agent", sm("prefix", "curl/")), true},
		{"header suffix", hm("user-agent", sm("suffix", "8.0")), true},
		{"header regex is anchored", hm("user-agent", sm("regex", "curl")), false},
		{"header regex", hm("user-agent", sm("regex", "curl/[0-9.]+")), true},
		{"header regex alternatives are anchored", hm("user-agent", sm("regex", "curl|x")), false},
		{"header present", hm("x-empty", sm("present", "")), true},
		{"header absent", hm("x-none", sm("present", "")), false},
		{"header lines are joined", hm("x-two", sm("exact", "b,c")), true},
		{"header not one line", hm("x-two", sm("exact", "b")), false},
		{"without, other value", without(hm("x-one", sm("exact", "z"))), true},
		{"without, that value", without(hm("x-one", sm("exact", "a"))), false},
		{"without, absent", without(hm("x-none", sm("exact", "a"))), true},
		{"without, absent counts as empty", without(hm("x-none", sm("exact", ""))), false},
		{"query", qm("a", sm("exact", "1")), true},
		{"query, first counts", qm("a", sm("exact", "2")), false},
		{"query decoded", qm("b c", sm("exact", "d e")), true},
		{"query name has case", qm("A", sm("exact", "1")), false},
		{"query without value", qm("flag", sm("exact", "")), true},
		{"query bad escape", qm("bad", sm("exact", "%zz")), true},
		{"query regex", qm("a", sm("regex", "[0-9]")), true},
		{"query absent", qm("none", sm("present", "")), false},
		{"all must hold", &config.HttpMatch{
			Method: sm("exact", "GET"), Headers: hm("x-one", sm("exact", "b")).Headers,
		}, false},
	}
	ex := exchange.Get()
	defer exchange.Put(ex)
	ex.Request.MethodToken = []byte("GET")
	ex.Authority = []byte("Shop.example.com:8080")
	ex.Query = []byte("a=1&a=2&b%20c=d+e&flag&bad=%zz")
	for _, f := range [][2]string{
		{"X-One", "a"}, {"X-Two", "b"}, {"x-two", "c"}, {"User-Agent", "curl/8.0"}, {"X-Empty", ""},
	} {
		ex.Request.Fields.Add([]byte(f[0]), []byte(f[1]))
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Compile(tt.match)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Matches(ex); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	tests := []struct {
		name  string
		match *config.HttpMatch
		want  string
	}{
		{"bad regex", hm("a", sm("regex", "(")), "headers[0].value: regex: missing closing )"},
		{"regex that closes our group", hm("a", sm("regex", "a)|(b")), "headers[0].value: regex: unexpected )"},
		{"long regex", qm("a", sm("regex", strings.Repeat("a", MaxPattern+1))), "query_params[0].value: regex: longer"},
		{"no header name", hm("", sm("exact", "")), "headers[0].name: empty"},
		{"no query name", qm("", sm("exact", "")), "query_params[0].name: empty"},
		{"no kind", hm("a", &config.StringMatch{}), "kind: none is set"},
		{"folded regex", hm("a", fold(sm("regex", "a"))), "ignore_case"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Compile(tt.match)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestMatchesDoesNotAllocate(t *testing.T) {
	p, err := Compile(&config.HttpMatch{
		Method:      sm("exact", "GET"),
		Headers:     hm("x-one", sm("exact", "a")).Headers,
		QueryParams: qm("a", sm("exact", "1")).QueryParams,
	})
	if err != nil {
		t.Fatal(err)
	}
	ex := exchange.Get()
	defer exchange.Put(ex)
	ex.Request.MethodToken = []byte("GET")
	ex.Query = []byte("b=2&a=1")
	ex.Request.Fields.Add([]byte("X-One"), []byte("a"))
	if n := testing.AllocsPerRun(100, func() {
		if !p.Matches(ex) {
			t.Fatal("no match")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
