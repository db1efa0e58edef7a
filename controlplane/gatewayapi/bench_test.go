package gatewayapi

import (
	"testing"

	"github.com/fairlead-mesh/fairlead/test/golden"
)

// BenchmarkHTTPRoute translates the route of the giropops scenario: two rules, three
// backends.
func BenchmarkHTTPRoute(b *testing.B) {
	w := worldOf(b, golden.Inputs(b, goldenDir)["giropops-canary.txtar"])
	look := w.lookups(w.parents(translator))
	b.ReportAllocs()
	for b.Loop() {
		if out := translator.HTTPRoute(w.HTTPRoutes[0], look); len(out.Resources) != 2 {
			b.Fatalf("%d resources, want 2", len(out.Resources))
		}
	}
}
