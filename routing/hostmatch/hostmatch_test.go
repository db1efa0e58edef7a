package hostmatch

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func walk(m *Map[string], host string) []string {
	var got []string
	c := m.Find([]byte(host))
	for v, ok := c.Next(); ok; v, ok = c.Next() {
		got = append(got, v)
	}
	return got
}

func TestFind(t *testing.T) {
	names := []string{"a.example.com", "*.example.com", "*.com", "*", "b.a.example.com", "localhost", "[::1]"}
	var m Map[string]
	for _, n := range names {
		m.Set(n, n)
	}
	tests := []struct {
		host string
		want []string
	}{
		{"a.example.com", []string{"a.example.com", "*.example.com", "*.com", "*"}},
		{"b.a.example.com", []string{"b.a.example.com", "*.example.com", "*.com", "*"}},
		{"x.y.z.example.com", []string{"*.example.com", "*.com", "*"}},
		{"example.com", []string{"*.com", "*"}},
		{"com", []string{"*"}},
		{".com", []string{"*"}},
		{"..com", []string{"*.com", "*"}},
		{"localhost", []string{"localhost", "*"}},
		{"[::1]", []string{"[::1]", "*"}},
		{"", []string{"*"}},
	}
	for _, tt := range tests {
		t.Run(tt.host, func(t *testing.T) {
			if d := cmp.Diff(tt.want, walk(&m, tt.host)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDeleteAndClone(t *testing.T) {
	var m Map[string]
	for _, n := range []string{"a.b", "*.b", "*"} {
		m.Set(n, n)
	}
	c := m.Clone()
	for _, n := range []string{"a.b", "*.b", "*"} {
		c.Delete(n)
	}
	if c.Len() != 0 || m.Len() != 3 {
		t.Errorf("clone has %d, original %d", c.Len(), m.Len())
	}
	if got := walk(&c, "a.b"); len(got) != 0 {
		t.Errorf("deleted names are found: %v", got)
	}
	if _, ok := m.Get("*.b"); !ok {
		t.Error("deleting from the clone changed the original")
	}
}

func TestCheck(t *testing.T) {
	good := []string{"*", "a", "*.a", "a.b.c", "*.a.b"}
	bad := []string{"", "*.", "a.*", "**", "*a.b", "*.*.b", "A.b", strings.Repeat("a", 256)}
	for _, n := range good {
		if err := Check(n); err != nil {
			t.Errorf("Check(%q) = %v", n, err)
		}
	}
	for _, n := range bad {
		if Check(n) == nil {
			t.Errorf("Check(%q) accepts", n)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	for _, n := range []int{10, 10000} {
		var m Map[int]
		for i := range n {
			m.Set(fmt.Sprintf("host-%d.example.com", i), i)
		}
		m.Set("*.example.com", -1)
		host := []byte(fmt.Sprintf("host-%d.example.com", n/2))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := m.Best(host); !ok {
					b.Fatal("not found")
				}
			}
		})
	}
}
