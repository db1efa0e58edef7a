package routing

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

func exact(p string) *config.PathMatch {
	return &config.PathMatch{Kind: &config.PathMatch_Exact{Exact: p}}
}

func prefix(p string) *config.PathMatch {
	return &config.PathMatch{Kind: &config.PathMatch_Prefix{Prefix: p}}
}

func segment(p string) *config.PathMatch {
	return &config.PathMatch{Kind: &config.PathMatch_SegmentPrefix{SegmentPrefix: p}}
}

func regex(p string) *config.PathMatch {
	return &config.PathMatch{Kind: &config.PathMatch_Regex{Regex: p}}
}

func fold(p *config.PathMatch) *config.PathMatch {
	p.IgnoreCase = true
	return p
}

func is(v string) *config.StringMatch {
	return &config.StringMatch{Kind: &config.StringMatch_Exact{Exact: v}}
}

func path(p *config.PathMatch) *config.HttpMatch { return &config.HttpMatch{Path: p} }

func header(m *config.HttpMatch, names ...string) *config.HttpMatch {
	for _, n := range names {
		m.Headers = append(m.Headers, &config.HeaderMatch{Name: n, Value: is("1")})
	}
	return m
}

func query(m *config.HttpMatch, names ...string) *config.HttpMatch {
	for _, n := range names {
		m.QueryParams = append(m.QueryParams, &config.QueryMatch{Name: n, Value: is("1")})
	}
	return m
}

func method(m *config.HttpMatch, v string) *config.HttpMatch {
	m.Method = is(v)
	return m
}

// placed is a route and its hostnames.
type placed struct {
	hosts []string
	route *config.Route
}

func specific(name string, hosts []string, created int64, matches ...*config.HttpMatch) placed {
	return withPrecedence(config.Precedence_PRECEDENCE_BY_SPECIFICITY, name, hosts, created, matches)
}

func inOrder(name string, hosts []string, created int64, matches ...*config.HttpMatch) placed {
	return withPrecedence(config.Precedence_PRECEDENCE_IN_ORDER, name, hosts, created, matches)
}

func last(name string, hosts []string, created int64, matches ...*config.HttpMatch) placed {
	return withPrecedence(config.Precedence_PRECEDENCE_IN_ORDER_LAST, name, hosts, created, matches)
}

func withPrecedence(p config.Precedence, name string, hosts []string, created int64, m []*config.HttpMatch) placed {
	return placed{hosts, &config.Route{
		Name: name, Order: &config.Order{CreatedUnixSeconds: created, Key: name},
		Rule: &config.Route_Http{Http: &config.HttpRule{Matches: m, Precedence: p}},
	}}
}

func build(t testing.TB, routes []placed) *Table[string] {
	t.Helper()
	e := (&Table[string]{}).Edit()
	for _, p := range routes {
		rule, err := Compile(p.route)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range p.hosts {
			e.Add(h, rule, p.route.GetName())
		}
	}
	return e.Table()
}

// request is "METHOD host/path?query [header…]".
func request(s string) *exchange.Exchange {
	ex := exchange.Get()
	words := strings.Fields(s)
	ex.Request.MethodToken = []byte(words[0])
	host, rest, _ := strings.Cut(words[1], "/")
	p, q, _ := strings.Cut("/"+rest, "?")
	ex.Host, ex.Authority, ex.Path, ex.Query = []byte(host), []byte(host), []byte(p), []byte(q)
	for _, h := range words[2:] {
		ex.Request.Fields.Add([]byte(h), []byte("1"))
	}
	return ex
}

var all = []string{"*"}

func TestMatch(t *testing.T) {
	tests := []struct {
		name   string
		routes []placed
		want   map[string]string // request → route
	}{
		{"no routes", nil, map[string]string{"GET a/": ""}},
		{"no match is everything", []placed{specific("r", all, 0)}, map[string]string{"GET a/": "r", "PUT b/x": "r"}},
		{
			"path kinds",
			[]placed{
				specific("exact", all, 9, path(exact("/a/b"))),
				specific("long", all, 9, path(segment("/a/b"))),
				specific("short", all, 1, path(segment("/a"))),
				specific("regex", all, 1, path(regex("/a.*|/z+"))),
				specific("none", all, 1, &config.HttpMatch{}),
			},
			map[string]string{
				"GET h/a/b": "exact", "GET h/a/b/": "long", "GET h/a/b/c": "long", "GET h/a": "short", "GET h/a/": "short",
				"GET h/ab": "regex", "GET h/zz": "regex", "GET h/zza": "none", "GET h/": "none",
			},
		},
		{
			"segment prefix with a trailing slash",
			[]placed{specific("r", all, 0, path(segment("/a/")))},
			map[string]string{"GET h/a": "r", "GET h/a/": "r", "GET h/a/x": "r", "GET h/ab": ""},
		},
		{
			"string prefix",
			[]placed{inOrder("r", all, 0, path(prefix("/foo")))},
			map[string]string{"GET h/foo": "r", "GET h/foobar": "r", "GET h/fo": ""},
		},
		{
			"conditions beat age",
			[]placed{
				specific("old", all, 1, path(segment("/a"))),
				specific("method", all, 9, method(path(segment("/a")), "GET")),
				specific("header", all, 8, header(path(segment("/a")), "x")),
				specific("headers", all, 9, header(path(segment("/a")), "x", "y")),
				specific("query", all, 9, query(path(segment("/a")), "q")),
			},
			map[string]string{
				"GET h/a x y": "method", "PUT h/a x y": "headers", "PUT h/a x": "header", "PUT h/a?q=1": "query",
				"PUT h/a?q=1 x": "header", "PUT h/a": "old",
			},
		},
		{
			"age, then name",
			[]placed{
				specific("b", all, 5, path(segment("/a"))), specific("a", all, 5, path(segment("/a"))),
				specific("c", all, 4, path(segment("/c"))), specific("d", all, 3, path(segment("/c"))),
			},
			map[string]string{"GET h/a": "a", "GET h/c": "d"},
		},
		{
			"longest path that holds",
			[]placed{
				specific("deep", all, 1, header(path(segment("/a/b")), "x")),
				specific("mid", all, 1, method(path(segment("/a")), "POST")),
				specific("root", all, 1, path(segment("/"))),
			},
			map[string]string{"GET h/a/b x": "deep", "POST h/a/b": "mid", "GET h/a/b": "root"},
		},
		{
			"hosts",
			[]placed{
				specific("exact", []string{"a.b.c"}, 9, path(segment("/x"))),
				specific("wild", []string{"*.b.c"}, 1, path(segment("/"))),
				specific("any", all, 1, path(exact("/x/y/z"))),
			},
			map[string]string{
				"GET a.b.c/x": "exact", "GET a.b.c/x/y/z": "exact", "GET a.b.c/other": "wild",
				"GET q.a.b.c/x": "wild", "GET b.c/x/y/z": "any", "GET b.c/x": "",
			},
		},
		{
			"Istio: order, not specificity",
			[]placed{
				inOrder("first", all, 1, path(prefix("/a"))), inOrder("second", all, 2, path(exact("/a/b"))),
				last("catch-all", all, 0), inOrder("third", all, 3, path(regex("/z.*"))),
			},
			map[string]string{"GET h/a/b": "first", "GET h/z": "third", "GET h/q": "catch-all"},
		},
		{
			"Istio: a host does not hand on",
			[]placed{
				inOrder("host", []string{"a.com"}, 1, path(prefix("/a"))), inOrder("any", all, 1, path(prefix("/"))),
			},
			map[string]string{"GET a.com/a": "host", "GET a.com/b": "", "GET b.com/b": "any"},
		},
		{
			"both on one host",
			[]placed{
				inOrder("istio", all, 1, path(prefix("/a"))), specific("gateway", all, 9, path(segment("/a"))),
			},
			map[string]string{"GET h/a": "gateway", "GET h/ab": "istio"},
		},
		{
			"without case",
			[]placed{
				inOrder("folded", all, 2, path(fold(prefix("/Abc")))), inOrder("plain", all, 1, path(prefix("/ABC"))),
				inOrder("exact", all, 3, path(fold(exact("/Q")))),
			},
			map[string]string{"GET h/aBcd": "folded", "GET h/ABC": "plain", "GET h/q": "exact", "GET h/ab": ""},
		},
		{
			"alternatives",
			[]placed{specific("r", all, 1, path(exact("/a")), path(exact("/b")))},
			map[string]string{"GET h/a": "r", "GET h/b": "r", "GET h/c": ""},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, reverse := range []bool{false, true} {
				routes := slices.Clone(tt.routes)
				if reverse {
					slices.Reverse(routes)
				}
				table := build(t, routes)
				for req, want := range tt.want {
					ex := request(req)
					if got, _ := table.Match(ex); got != want {
						t.Errorf("%s: got %q, want %q", req, got, want)
					}
					exchange.Put(ex)
				}
			}
		})
	}
}

func TestMatchedLen(t *testing.T) {
	tests := []struct {
		match *config.HttpMatch
		path  string
		want  int
	}{
		{path(segment("/foo")), "/foo/x", 4},
		{path(segment("/foo/")), "/foo/x", 4},
		{path(segment("/")), "/x", 1},
		{path(prefix("/foo/")), "/foo/x", 5},
		{path(exact("/foo")), "/foo", 4},
		{path(regex("/f.*")), "/foo/x", 6},
		{&config.HttpMatch{}, "/foo", 1},
	}
	for _, tt := range tests {
		table := build(t, []placed{specific("r", all, 0, tt.match)})
		ex := request("GET h" + tt.path)
		if _, ok := table.Match(ex); !ok || ex.MatchedLen != tt.want {
			t.Errorf("%v on %s: matched %v, took %d, want %d", tt.match, tt.path, ok, ex.MatchedLen, tt.want)
		}
		exchange.Put(ex)
	}
}

func TestCompileRefuses(t *testing.T) {
	tests := []struct {
		match *config.HttpMatch
		want  string
	}{
		{path(regex("(")), "http.matches[0].path: regex: missing closing )"},
		{path(fold(regex("a"))), "ignore_case"},
		{path(segment("a")), "does not begin with /"},
		{path(&config.PathMatch{}), "none is set"},
		{header(&config.HttpMatch{}, ""), "http.matches[0].headers[0].name: empty"},
	}
	for _, tt := range tests {
		_, err := Compile(specific("r", all, 0, tt.match).route)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want an error with %q", err, tt.want)
		}
	}
}

// TestEditsAgreeWithRebuild adds and removes routes at random; each edited table must
// answer as one built at once, and as the tables before it did.
func TestEditsAgreeWithRebuild(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	hosts := []string{"*", "*.b", "a.b", "c"}
	paths := []func(string) *config.PathMatch{exact, prefix, segment, func(p string) *config.PathMatch { return fold(prefix(p)) }}
	keys := []string{"/", "/a", "/a/b", "/ab", "/B"}
	type live struct {
		placed
		rule *Rule
	}
	var lives []live
	table := &Table[string]{}
	for step := range 300 {
		e := table.Edit()
		for range 1 + rng.IntN(3) {
			if len(lives) > 0 && rng.IntN(3) == 0 {
				i := rng.IntN(len(lives))
				for _, h := range lives[i].hosts {
					e.Remove(h, lives[i].rule)
				}
				lives = slices.Delete(lives, i, i+1)
				continue
			}
			m := path(paths[rng.IntN(len(paths))](keys[rng.IntN(len(keys))]))
			if rng.IntN(2) == 0 {
				m = method(m, "GET")
			}
			p := withPrecedence(config.Precedence(1+rng.IntN(3)), fmt.Sprintf("r%d", step*10+rng.IntN(10)),
				hosts[:1+rng.IntN(len(hosts))], int64(rng.IntN(3)), []*config.HttpMatch{m})
			if slices.ContainsFunc(lives, func(l live) bool { return l.route.GetName() == p.route.GetName() }) {
				continue
			}
			rule, err := Compile(p.route)
			if err != nil {
				t.Fatal(err)
			}
			lives = append(lives, live{p, rule})
			for _, h := range p.hosts {
				e.Add(h, rule, p.route.GetName())
			}
		}
		table = e.Table()
		var routes []placed
		for _, l := range lives {
			routes = append(routes, l.placed)
		}
		fresh := build(t, routes)
		if table.Len() != fresh.Len() {
			t.Fatalf("step %d: %d matches, a rebuild has %d", step, table.Len(), fresh.Len())
		}
		for _, req := range []string{"GET a.b/a/b", "PUT x.b/ab", "GET c/B", "PUT c/b", "GET z/"} {
			ex := request(req)
			got, _ := table.Match(ex)
			want, _ := fresh.Match(ex)
			if got != want {
				t.Fatalf("step %d, %s: got %q, a rebuild says %q", step, req, got, want)
			}
			exchange.Put(ex)
		}
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	table := build(t, []placed{
		specific("a", all, 0, method(path(segment("/a")), "GET")), specific("b", all, 0, path(segment("/"))),
	})
	ex := request("GET h/a/b x")
	defer exchange.Put(ex)
	if n := testing.AllocsPerRun(100, func() { table.Match(ex) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkMatch shows that a request costs no more with 10,000 routes than with 10: on
// one host, on hosts of their own, and by Istio's order.
func BenchmarkMatch(b *testing.B) {
	for _, kind := range []string{"one host", "own hosts", "in order"} {
		for _, n := range []int{10, 10000} {
			routes := make([]placed, n)
			for i := range routes {
				name, p := fmt.Sprintf("r%05d", i), fmt.Sprintf("/svc-%d", i)
				switch kind {
				case "own hosts":
					routes[i] = specific(name, []string{fmt.Sprintf("h%d.example.com", i)}, 0, path(segment("/")))
				case "in order":
					routes[i] = inOrder(name, all, 0, path(prefix(p)))
				default:
					routes[i] = specific(name, all, 0, path(segment(p)))
				}
			}
			table := build(b, routes)
			ex := request(fmt.Sprintf("GET h%d.example.com/svc-%d/x", n/2, n/2))
			b.Run(fmt.Sprintf("%s/%d", kind, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, ok := table.Match(ex); !ok {
						b.Fatal("no match")
					}
				}
			})
			exchange.Put(ex)
		}
	}
}

// BenchmarkEditOne is the cost of one changed route.
func BenchmarkEditOne(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		routes := make([]placed, n)
		for i := range routes {
			routes[i] = specific(fmt.Sprintf("r%d", i), all, 0, path(segment(fmt.Sprintf("/svc-%d", i))))
		}
		table := build(b, routes)
		rule, err := Compile(specific("new", all, 0, path(segment("/svc-3/new"))).route)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e := table.Edit()
				e.Add("*", rule, "new")
				table = e.Table()
				e = table.Edit()
				e.Remove("*", rule)
				table = e.Table()
			}
		})
	}
}
