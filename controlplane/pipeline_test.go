package controlplane_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/fairlead-mesh/fairlead/controlplane"
	"github.com/fairlead-mesh/fairlead/controlplane/source"
	"github.com/fairlead-mesh/fairlead/controlplane/source/files"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

type recorder struct {
	deltas []config.Delta
	reject map[string]string
}

func (r *recorder) Apply(_ context.Context, d config.Delta) config.Ack {
	r.deltas = append(r.deltas, d)
	ack := config.Ack{Version: d.Version}
	for name, why := range r.reject {
		ack.Rejected = append(ack.Rejected, config.Rejection{Name: config.Name{Kind: config.KindListener, Name: name}, Reason: why})
	}
	return ack
}

func load(t *testing.T, dir string) source.Batch {
	t.Helper()
	b, err := files.Load(files.Options{Paths: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range b.Problems {
		t.Log(p)
	}
	return b
}

func TestX(t *testing.T) {
	dir := os.Getenv("XDIR")
	if dir == "" {
		dir = filepath.Join("..", "examples")
	}
	rec := &recorder{}
	p := controlplane.New(controlplane.Options{Publisher: rec, Log: slog.Default()})
	p.Take(t.Context(), load(t, dir))
	for _, d := range rec.deltas {
		b, err := config.MarshalYAML(d.Changed)
		t.Log(string(b), err)
	}
	for _, s := range p.Statuses() {
		t.Logf("%+v", s)
	}
}
