package manifest

import (
	"fmt"
	"strings"
	"testing"
)

// bomb doubles an alias n times.
func bomb(n int, head string) string {
	var b strings.Builder
	b.WriteString(head + "a0: &a0 [x, x]\n")
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	return b.String()
}

func mergeBomb(n int, head string) string {
	var b strings.Builder
	b.WriteString(head + "a0: &a0 {x: y}\n")
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "a%d: &a%d {<<: [*a%d, *a%d, *a%d, *a%d]}\n", i, i, i-1, i-1, i-1, i-1)
	}
	return b.String()
}

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n"

// TestLimits feeds documents that are small and would become large.
func TestLimits(t *testing.T) {
	for _, test := range []struct{ name, document, reason string }{
		{"aliases that double", bomb(40, configMap), "aliases expand"},
		{"merge keys that multiply", mergeBomb(30, configMap), "aliases expand"},
		{"an alias of itself", configMap + "data: &a {b: *a}\n", "aliases expand"},
		{"a list that holds itself", configMap + "data: &a [*a, *a]\n", "aliases expand"},
		{"deep nesting", configMap + "data: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "\n", "aliases expand"},
		{"very deep nesting", configMap + "data: " + strings.Repeat("[", 100_000), "not YAML"},
		{"a large document", configMap + "data: {a: \"" + strings.Repeat("x", MaxDocument) + "\"}\n", "larger than 3 MiB"},
		{
			"items that expand together", "apiVersion: v1\nkind: List\nx: &x {data: {a: " + strings.Repeat("x", 1<<17) + "}}\nitems:\n" +
				strings.Repeat("- {apiVersion: v1, kind: ConfigMap, metadata: {name: m}, <<: *x}\n", 100),
			"aliases expand",
		},
		{"an alias in Istio's spec", "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v}\nspec: &s {http: [*s]}\n", "unknown field"},
	} {
		t.Run(test.name, func(t *testing.T) {
			items := NewDecoder("").Decode(Chunk{Line: 1, Bytes: []byte(test.document)})
			if len(items) == 0 {
				t.Fatal("no items")
			}
			last := items[len(items)-1]
			if last.Object != nil || len(last.Faults) == 0 || !strings.Contains(last.Faults[0].Reason, test.reason) {
				t.Errorf("got %v, want a fault with %q", last.Faults, test.reason)
			}
		})
	}
}
