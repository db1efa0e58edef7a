// Package discovery is how configuration reaches a proxy. Here it comes from files of
// resources in their YAML form; each reading is turned into the delta from the last one.
package discovery

import (
	"fmt"
	"os"
	"strconv"

	"google.golang.org/protobuf/proto"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Files reads resources from files. It is for one goroutine.
type Files struct {
	paths   []string
	last    map[config.Name]*config.Resource
	version int
}

// NewFiles returns a reader of these files, which need not exist yet.
func NewFiles(paths []string) *Files { return &Files{paths: paths} }

// Read returns what changed since the last Read that succeeded; at first, everything. A
// file that cannot be read or decoded, or a name that is used twice, is an error, and
// nothing has changed then. Whether a resource is valid is for Compile to say.
func (f *Files) Read() (config.Delta, error) {
	now := make(map[config.Name]*config.Resource)
	var order []config.Name
	for _, path := range f.paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return config.Delta{}, err
		}
		resources, err := config.UnmarshalYAML(b)
		if err != nil {
			return config.Delta{}, fmt.Errorf("%s: %w", path, err)
		}
		for _, r := range resources {
			name := config.NameOf(r)
			if _, twice := now[name]; twice {
				return config.Delta{}, fmt.Errorf("%s: %s: there are two of that name", path, name)
			}
			now[name] = r
			order = append(order, name)
		}
	}
	return f.delta(now, order), nil
}

func (f *Files) delta(now map[config.Name]*config.Resource, order []config.Name) config.Delta {
	f.version++
	d := config.Delta{Version: strconv.Itoa(f.version)}
	for _, name := range order {
		if !proto.Equal(f.last[name], now[name]) {
			d.Changed = append(d.Changed, now[name])
		}
	}
	for name := range f.last {
		if now[name] == nil {
			d.Removed = append(d.Removed, name)
		}
	}
	f.last = now
	return d
}
