package files

import (
	"context"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/fairlead-mesh/fairlead/controlplane/source"
)

// BenchmarkLive measures from the rename of a changed file (one of 10,000 HTTPRoutes) to the batch, events and
// settling included.
func BenchmarkLive(b *testing.B) {
	dir := b.TempDir()
	writeMany(b, dir, 100)
	s, err := New(Options{Paths: []string{dir}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	batches, done := make(chan source.Batch, 10), make(chan error)
	go func() { done <- s.Run(ctx, func(b source.Batch) { batches <- b }) }()
	var after runtime.MemStats
	first := <-batches
	runtime.GC()
	runtime.ReadMemStats(&after)
	if len(first.Changes) != many {
		b.Fatal(len(first.Changes))
	}
	path := filepath.Join(dir, "extra.yaml")
	weight := 0
	for b.Loop() {
		weight++
		replace(b, path, shop(many, weight%1000))
		if c := <-batches; len(c.Changes) != 1 {
			b.Fatal(len(c.Changes))
		}
	}
	b.ReportMetric(float64(after.HeapAlloc)/(1<<20), "heap-MiB")
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}
