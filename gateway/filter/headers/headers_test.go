package headers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

func value(name, v string) *config.HeaderValue { return &config.HeaderValue{Name: name, Value: v} }

func dump(f *exchange.Fields) []string {
	var out []string
	for _, l := range f.All() {
		out = append(out, string(l.Name)+": "+string(l.Value))
	}
	return out
}

func TestApply(t *testing.T) {
	tests := []struct {
		name string
		mod  *config.HeaderModifier
		want []string
	}{
		{
			"set replaces every line, in place", &config.HeaderModifier{Set: []*config.HeaderValue{value("x-a", "9")}},
			[]string{"X-A: 9", "X-B: 3"},
		},
		{
			"set of a new name", &config.HeaderModifier{Set: []*config.HeaderValue{value("X-C", "9")}},
			[]string{"X-A: 1", "X-B: 3", "x-a: 2", "X-C: 9"},
		},
		{
			"add appends", &config.HeaderModifier{Add: []*config.HeaderValue{value("X-A", "9")}},
			[]string{"X-A: 1", "X-B: 3", "x-a: 2", "X-A: 9"},
		},
		{"remove without case", &config.HeaderModifier{Remove: []string{"x-A"}}, []string{"X-B: 3"}},
		{"set, add, remove in that order", &config.HeaderModifier{
			Set: []*config.HeaderValue{value("x-b", "4")}, Add: []*config.HeaderValue{value("x-n", "")}, Remove: []string{"x-b", "none"},
		}, []string{"X-A: 1", "x-a: 2", "x-n: "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ex := exchange.Get()
			defer exchange.Put(ex)
			req, err := Request(tt.mod)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := Response(tt.mod)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range [][2]string{{"X-A", "1"}, {"X-B", "3"}, {"x-a", "2"}} {
				ex.Request.Fields.Add([]byte(f[0]), []byte(f[1]))
				ex.Response.Fields.Add([]byte(f[0]), []byte(f[1]))
			}
			resp.Request(ex)
			req.Response(ex)
			if ex.Request.Fields.Len() != 3 || ex.Response.Fields.Len() != 3 {
				t.Error("a filter touched the other direction")
			}
			req.Request(ex)
			resp.Response(ex)
			if d := cmp.Diff(tt.want, dump(&ex.Request.Fields)); d != "" {
				t.Error("request:", d)
			}
			if d := cmp.Diff(tt.want, dump(&ex.Response.Fields)); d != "" {
				t.Error("response:", d)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	tests := []struct {
		mod  *config.HeaderModifier
		want string
	}{
		{&config.HeaderModifier{Set: []*config.HeaderValue{value("a b", "")}}, "set[0].name"},
		{&config.HeaderModifier{Add: []*config.HeaderValue{value("", "")}}, "add[0].name"},
		{&config.HeaderModifier{Set: []*config.HeaderValue{value("a", "b\r\nc: d")}}, "set[0].value"},
		{&config.HeaderModifier{Set: []*config.HeaderValue{value("a", " b")}}, "set[0].value"},
		{&config.HeaderModifier{Remove: []string{"Transfer-Encoding"}}, "frames the message"},
		{&config.HeaderModifier{Set: []*config.HeaderValue{value("Content-Length", "5")}}, "frames the message"},
		{&config.HeaderModifier{Set: []*config.HeaderValue{value("host", "a")}}, "frames the message"},
		{&config.HeaderModifier{Set: []*config.HeaderValue{value(":path", "/")}}, "is not a field name"},
	}
	for _, tt := range tests {
		for _, err := range []error{second(Request(tt.mod)), second(Response(tt.mod))} {
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v: got %v, want an error with %q", tt.mod, err, tt.want)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestApplyDoesNotAllocate(t *testing.T) {
	f, err := Request(&config.HeaderModifier{
		Set: []*config.HeaderValue{value("X-A", "9")}, Add: []*config.HeaderValue{value("X-B", "9")}, Remove: []string{"x-c"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ex := exchange.Get()
	defer exchange.Put(ex)
	if n := testing.AllocsPerRun(100, func() {
		ex.Request.Fields.Reset()
		f.Request(ex)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
