package istio

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// A request that the model below understands: literal paths, one method, one header.
type request struct {
	path, method string
	header       *string
}

func (r request) matches(m *config.HttpMatch) bool {
	switch k := m.GetPath().GetKind().(type) {
	case *config.PathMatch_Exact:
		if fold(m.GetPath(), r.path) != fold(m.GetPath(), k.Exact) {
			return false
		}
	case *config.PathMatch_Prefix:
		if !strings.HasPrefix(fold(m.GetPath(), r.path), fold(m.GetPath(), k.Prefix)) {
			return false
		}
	}
	if m.Method != nil && !holds(m.Method, &r.method) {
		return false
	}
	for _, h := range m.Headers {
		value := r.header
		if value == nil && h.MissingIsEmpty {
			value = new(string)
		}
		if (value != nil && holds(h.Value, value)) == h.Invert {
			return false
		}
	}
	return true
}

func holds(m *config.StringMatch, value *string) bool {
	switch k := m.GetKind().(type) {
	case *config.StringMatch_Exact:
		return *value == k.Exact
	case *config.StringMatch_Prefix:
		return strings.HasPrefix(*value, k.Prefix)
	}
	return true
}

func anyOf[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func randomString(r *rand.Rand) *config.StringMatch {
	return anyOf(r, present(), &config.StringMatch{Kind: &config.StringMatch_Exact{Exact: anyOf(r, "", "a", "ab")}},
		&config.StringMatch{Kind: &config.StringMatch_Prefix{Prefix: anyOf(r, "", "a", "ab")}})
}

func randomMatch(r *rand.Rand) *config.HttpMatch {
	path := anyOf(r, "/", "/a", "/A", "/a/b", "/ab")
	m := &config.HttpMatch{Path: anyOf(r, nil,
		&config.PathMatch{Kind: &config.PathMatch_Exact{Exact: path}, IgnoreCase: anyOf(r, true, false)},
		&config.PathMatch{Kind: &config.PathMatch_Prefix{Prefix: path}, IgnoreCase: anyOf(r, true, false)})}
	if anyOf(r, true, false) {
		m.Method = randomString(r)
	}
	for range r.IntN(3) {
		h := &config.HeaderMatch{Name: "x", Value: randomString(r), Invert: anyOf(r, true, false)}
		h.MissingIsEmpty = h.Invert && !h.Value.GetPresent()
		m.Headers = append(m.Headers, h)
	}
	return m
}

// TestCoversIsSound checks over random matches that covers and disjoint never claim what a request refutes.
func TestCoversIsSound(t *testing.T) {
	var requests []request
	for _, path := range []string{"/", "/a", "/A", "/a/b", "/A/b", "/ab", "/x"} {
		for _, method := range []string{"", "a", "ab", "abc"} {
			requests = append(requests, request{path: path, method: method})
			for _, h := range []string{"", "a", "ab", "z"} {
				requests = append(requests, request{path, method, &h})
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	covered, apart := 0, 0
	for range 20_000 {
		a, b := randomMatch(r), randomMatch(r)
		c, d := covers(a, b), disjoint(a, b)
		if c {
			covered++
		}
		if d {
			apart++
		}
		for _, q := range requests {
			inA, inB := q.matches(a), q.matches(b)
			if c && inB && !inA || d && inA && inB {
				t.Fatalf("covers %v, disjoint %v, but %s matches a %v, b %v\na: %s\nb: %s", c, d,
					fmt.Sprint(q.path, q.method, q.header), inA, inB, prototext.Format(a), prototext.Format(b))
			}
		}
	}
	if covered < 100 || apart < 100 {
		t.Errorf("%d covered, %d disjoint: too few to tell", covered, apart)
	}
}

func TestCoversRegex(t *testing.T) {
	re := func(s string) *config.HttpMatch {
		return &config.HttpMatch{Path: &config.PathMatch{Kind: &config.PathMatch_Regex{Regex: s}}}
	}
	all := &config.HttpMatch{}
	tests := []struct {
		name string
		a, b *config.HttpMatch
		want bool
	}{
		{"same", re("/a.*"), re("/a.*"), true},
		{"other", re("/a.*"), re("/a"), false},
		{"any", re(".*"), re("/a"), true},
		{"all-over-regex", all, re("/a"), true},
		{"regex-under-all", re("/a"), all, false},
	}
	for _, tt := range tests {
		if got := covers(tt.a, tt.b); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}
