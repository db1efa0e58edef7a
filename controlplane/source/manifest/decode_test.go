package manifest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func decodeAll(data string, json bool) []Item {
	d := NewDecoder("")
	split := Split
	if json {
		split = SplitJSON
	}
	var items []Item
	for _, c := range split([]byte(data)) {
		for _, it := range d.Decode(c) {
			it.Line += c.Line
			for i := range it.Faults {
				if l := it.Faults[i].line; l > 0 {
					it.Faults[i].line = l + c.Line - 1
				}
			}
			items = append(items, it)
		}
	}
	return items
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.yaml")
	if err != nil || len(files) != 3 {
		t.Fatalf("scenarios: %v, %v", files, err)
	}
	want := map[string][]string{
		"canary.yaml":               {"VirtualService default/nginx-vs", "DestinationRule default/nginx-dr"},
		"giropops-gateway-api.yaml": {"Gateway giropops/edge", "HTTPRoute giropops/giropops"},
		"giropops.yaml": {
			"Gateway.networking.istio.io giropops/giropops", "VirtualService giropops/nginx-giropops",
			"DestinationRule giropops/giropops-destinationrule",
		},
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, it := range decodeAll(string(data), false) {
			if it.Object == nil {
				t.Errorf("%s: %v: %v", f, it.Key, it.Faults)
			}
			got = append(got, it.Key.String())
		}
		if w := want[filepath.Base(f)]; fmt.Sprint(got) != fmt.Sprint(w) {
			t.Errorf("%s: got %q, want %q", f, got, w)
		}
	}
}

const routeDocument = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop-%d, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  hostnames: ["shop-%d.example.com"]
  rules:
  - matches: [{path: {type: PathPrefix, value: /shop}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]
    backendRefs:
    - {name: shop, port: 80, weight: 90}
    - {name: shop-v2, port: 80, weight: 10}
`

func BenchmarkDecode(b *testing.B) {
	d := NewDecoder("")
	c := Chunk{Line: 1, Bytes: fmt.Appendf(nil, routeDocument, 1, 1)}
	b.ReportAllocs()
	b.SetBytes(int64(len(c.Bytes)))
	for b.Loop() {
		if items := d.Decode(c); items[0].Object == nil {
			b.Fatal(items[0].Faults)
		}
	}
}
