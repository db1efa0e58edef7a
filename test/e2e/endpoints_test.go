package e2e

import (
	"fmt"
	"testing"

	"github.com/fairlead-mesh/fairlead/test/harness"
)

// TestEndpointsMove: once a change is live, no request goes where it no longer leads, whatever else changed with it.
func TestEndpointsMove(t *testing.T) {
	one, two, three := mirror(t, "one"), mirror(t, "two"), mirror(t, "three")
	manifest := func(generation int, origins ...*harness.Origin) string {
		return harness.Join(harness.Service("s", origins...), routeYAML("r", "", fmt.Sprintf(`
  - filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Gen, value: "%d"}]}}]
    backendRefs: [{name: s, port: 80}]
`, generation)))
	}
	a := harness.Start(t, harness.Options{}, harness.Files{"gateway.yaml": gatewayYAML("edge", "http 80"), "all.yaml": manifest(0, one, two)})
	sound(t, a)
	steps := []struct {
		name       string
		generation int
		origins    []*harness.Origin
	}{
		{"one goes, and the route changes", 1, []*harness.Origin{two}},
		{"one comes, and the route changes", 2, []*harness.Origin{two, three}},
		{"one goes, and nothing else", 2, []*harness.Origin{three}},
		{"another instead", 2, []*harness.Origin{one}},
		{"another instead, and the route changes", 3, []*harness.Origin{two}},
		{"two instead, and the route changes", 4, []*harness.Origin{one, three}},
	}
	for _, tt := range steps {
		t.Run(tt.name, func(t *testing.T) {
			a.Write("all.yaml", manifest(tt.generation, tt.origins...))
			count := tally(t, a, get("", "/"), 60, 3)
			sum := 0
			for _, o := range tt.origins {
				sum += count[fmt.Sprintf("200 %s / %d", o.Name, tt.generation)]
			}
			if sum != 60 || len(count) != len(tt.origins) {
				t.Errorf("%v; want generation %d at all of %d origins", count, tt.generation, len(tt.origins))
			}
		})
	}
}
