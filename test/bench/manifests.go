package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/fairlead-mesh/fairlead/test/bench/manifest"
)

// manifests is a directory of Gateway API manifests with many routes, /r/0, /r/1 and so on.
// The answer on a route carries the route's revision in a header field.
type manifests struct {
	dir       string
	perFile   int
	revisions []string // by route
}

// newManifests writes the edge and its routes, all of them to origin.
func newManifests(dir string, listen, origin netip.AddrPort, routes, perFile int) (*manifests, error) {
	m := &manifests{dir: dir, perFile: perFile, revisions: make([]string, routes)}
	for i := range m.revisions {
		m.revisions[i] = "first"
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	edge := manifest.Join(manifest.Gateway(listen), manifest.Service("origin", origin))
	if err := m.write("edge.yaml", edge); err != nil {
		return nil, err
	}
	for first := 0; first < routes; first += perFile {
		if err := m.writeRoutes(first); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// path is what a client asks for on a route.
func (m *manifests) path(route int) string { return fmt.Sprintf("/r/%d/small", route) }

// revise gives a route a new revision and writes its file.
func (m *manifests) revise(route int, revision string) error {
	m.revisions[route] = revision
	return m.writeRoutes(route)
}

// writeRoutes writes the file that the route is in.
func (m *manifests) writeRoutes(route int) error {
	first := route - route%m.perFile
	var documents []string
	for i := first; i < min(first+m.perFile, len(m.revisions)); i++ {
		documents = append(documents, manifest.Route{
			Name:     fmt.Sprintf("route-%d", i),
			Prefix:   fmt.Sprintf("/r/%d", i),
			Response: m.revisions[i],
			Backends: []manifest.Weighted{{Service: "origin", Weight: 1}},
		}.String())
	}
	return m.write(fmt.Sprintf("routes-%d.yaml", first), manifest.Join(documents...))
}

// write replaces a file in one step, so that nobody reads half of it.
func (m *manifests) write(name, text string) error {
	temporary := filepath.Join(m.dir, "."+name+".new")
	if err := os.WriteFile(temporary, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, filepath.Join(m.dir, name))
}
