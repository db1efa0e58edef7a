package files

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/controlplane/source"
)

const many = 10_000

func shop(i int, weight int) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
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
    - {name: shop-v2, port: 80, weight: %d}
`, i, i, weight)
}

func writeMany(b *testing.B, dir string, files int) {
	for f := range files {
		var s strings.Builder
		for i := range many / files {
			s.WriteString("---\n" + shop(f*(many/files)+i, 10))
		}
		write(b, filepath.Join(dir, fmt.Sprintf("routes-%05d.yaml", f)), s.String())
	}
}

// BenchmarkLoad reads 10,000 HTTPRoutes for the first time.
func BenchmarkLoad(b *testing.B) {
	for _, files := range []int{1, 100, many} {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			dir := b.TempDir()
			writeMany(b, dir, files)
			b.ReportAllocs()
			for b.Loop() {
				batch, err := Load(Options{Paths: []string{dir}})
				if err != nil || len(batch.Changes) != many || len(batch.Problems) != 0 {
					b.Fatal(err, len(batch.Changes), len(batch.Problems))
				}
			}
		})
	}
}

// BenchmarkEdit changes one of 10,000 HTTPRoutes and reads the file that holds it.
func BenchmarkEdit(b *testing.B) {
	for _, files := range []int{1, 100, many} {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			dir := b.TempDir()
			writeMany(b, dir, files)
			l := newLoader(Options{Paths: []string{dir}})
			_, touched := l.all()
			l.batch(touched)
			path := filepath.Join(dir, "routes-00000.yaml")
			var rest strings.Builder
			for i := 1; i < many/files; i++ {
				rest.WriteString("---\n" + shop(i, 10))
			}
			weight := 0
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				weight++
				write(b, path, shop(0, weight%1000)+rest.String())
				b.StartTimer()
				var batch source.Batch
				batch, _ = l.batch(l.some([]string{path}))
				if len(batch.Changes) != 1 {
					b.Fatal(len(batch.Changes))
				}
			}
		})
	}
}
