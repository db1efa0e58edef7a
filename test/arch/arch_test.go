package arch

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHouse holds the module as it stands against the table.
func TestHouse(t *testing.T) {
	graph, err := Load("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := graph[Module+"/test/arch"]; !ok {
		t.Fatalf("the graph of %d packages lacks test/arch itself: go list was asked in the wrong place", len(graph))
	}
	for _, violation := range House.Check(graph) {
		t.Error(violation)
	}
}

// TestHouseTable checks the table itself: a misspelt room would silently allow nothing or everything.
func TestHouseTable(t *testing.T) {
	rooms := map[string]bool{}
	for _, room := range House.Rooms {
		if rooms[room.Path] {
			t.Errorf("room %s has two rows", room.Path)
		}
		if room.Why == "" {
			t.Errorf("room %s gives no reason", room.Path)
		}
		rooms[room.Path] = true
	}
	for _, room := range House.Rooms {
		for _, may := range room.May {
			if !rooms[may] {
				t.Errorf("room %s may import %s, which has no row", room.Path, may)
			}
		}
	}
	for _, path := range cyclic(House.Rooms) {
		t.Errorf("rooms allow each other in a circle through %s", path)
	}
}

// cyclic returns the rooms from which the table permits a way back to themselves. The rooms of tls/ are one
// layer and may use each other, so they count as one.
func cyclic(rooms []Room) []string {
	layer := func(path string) string {
		if under(path, "tls") {
			return "tls"
		}
		return path
	}
	graph := Graph{}
	for _, room := range rooms {
		for _, may := range room.May {
			if layer(may) != layer(room.Path) {
				graph[layer(room.Path)] = append(graph[layer(room.Path)], layer(may))
			}
		}
	}
	var found []string
	for path := range graph {
		if graph.chain(path, func(p string) bool { return slices.Contains(graph[p], path) }) != nil {
			found = append(found, path)
		}
	}
	return found
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name  string
		graph map[string][]string // packages of ours relative to the module, imports of others after "ext:"
		want  []string            // a part of each violation, in order
	}{
		{name: "empty house", graph: map[string][]string{}},
		{
			name: "allowed directions",
			graph: map[string][]string{
				"cmd/fairlead":              {"gateway", "controlplane", "ext:k8s.io/api/core/v1"},
				"cmd/fairlead-proxy":        {"gateway", "gateway/config"},
				"gateway":                   {"gateway/snapshot", "listener/http1", "gateway/config"},
				"gateway/snapshot":          {"routing", "egress"},
				"gateway/filter/header":     {"gateway/filter", "gateway/exchange"},
				"gateway/wire":              {"gateway/exchange"},
				"listener/http1":            {"gateway/wire", "listener"},
				"listener":                  {"tls/handshake"},
				"tls/handshake":             {"tls/certs"},
				"tls/certs":                 {"gateway/config", "ext:crypto/tls"},
				"routing":                   {"routing/pathtree", "gateway/config"},
				"routing/pathtree":          {},
				"egress":                    {"gateway/wire"},
				"gateway/config":            {},
				"gateway/exchange":          {},
				"gateway/filter":            {"gateway/exchange"},
				"gateway/admin":             {"ext:net/http"},
				"controlplane":              {"controlplane/gatewayapi", "gateway/config"},
				"controlplane/gatewayapi":   {"gateway/config", "ext:sigs.k8s.io/gateway-api/apis/v1"},
				"test/harness":              {"gateway", "controlplane/gatewayapi", "cmd/fairlead"},
				"ext:k8s.io/api/core/v1":    {},
				"ext:crypto/tls":            {},
				"cmd/fairlead-controlplane": {"controlplane", "gateway/config"},
			},
		},
		{
			name:  "codec imports routing",
			graph: map[string][]string{"listener/http1": {"routing"}, "routing": {}},
			want:  []string{"listener/http1 → routing: room listener may not import room routing"},
		},
		{
			name:  "control plane imports the data plane",
			graph: map[string][]string{"controlplane/publish": {"gateway/snapshot"}, "gateway/snapshot": {}},
			want:  []string{"controlplane/publish → gateway/snapshot: room controlplane may not"},
		},
		{
			name:  "leaf imports the contract",
			graph: map[string][]string{"gateway/exchange": {"gateway/config"}, "gateway/config": {}},
			want:  []string{"gateway/exchange → gateway/config"},
		},
		{
			name:  "contract imports a room",
			graph: map[string][]string{"gateway/config": {"gateway/wire"}, "gateway/wire": {}},
			want:  []string{"gateway/config → gateway/wire"},
		},
		{
			name:  "a room imports the assembly",
			graph: map[string][]string{"routing": {"gateway"}, "gateway": {}},
			want:  []string{"routing → gateway: room routing may not import room gateway"},
		},
		{
			name:  "a room imports a test",
			graph: map[string][]string{"egress": {"test/harness"}, "test/harness": {}},
			want:  []string{"egress → test/harness"},
		},
		{
			name: "proxy links kubernetes two steps away",
			graph: map[string][]string{
				"cmd/fairlead-proxy":  {"gateway"},
				"gateway":             {"ext:example.com/lib"},
				"ext:example.com/lib": {"ext:k8s.io/klog/v2"},
			},
			want: []string{
				"cmd/fairlead-proxy → gateway → example.com/lib → k8s.io/klog/v2: banned import",
				"gateway → example.com/lib → k8s.io/klog/v2: banned import",
			},
		},
		{
			name:  "a module that only sounds like kubernetes",
			graph: map[string][]string{"gateway": {"ext:k8s.iox/klog"}},
		},
		{
			name:  "net/http on the request path",
			graph: map[string][]string{"egress/transport": {"ext:net/http/httptrace"}},
			want:  []string{"egress/transport → net/http/httptrace: banned import"},
		},
		{
			name:  "net/http through a library is that library's affair",
			graph: map[string][]string{"listener/http2": {"ext:golang.org/x/net/http2"}, "ext:golang.org/x/net/http2": {"ext:net/http"}},
		},
		{
			name:  "go file directly in tls",
			graph: map[string][]string{"tls": {}},
			want:  []string{"tls: no Go file may stand directly"},
		},
		{
			name:  "new top-level folder",
			graph: map[string][]string{"pkg/util": {}},
			want:  []string{"pkg/util: Go code outside the closed list"},
		},
		{
			name:  "go file in the module root",
			graph: map[string][]string{"": {}},
			want:  []string{"(module root): Go code outside the closed list"},
		},
		{
			name:  "folder below gateway without a row",
			graph: map[string][]string{"gateway/extra": {}, "gateway": {"gateway/extra"}},
			want:  []string{"gateway/extra: no room of the table holds this package"},
		},
		{
			name:  "room without a row",
			graph: map[string][]string{"tls/pinning": {}},
			want:  []string{"tls/pinning: no room of the table holds this package"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := House.Check(synthetic(tt.graph))
			for i := range min(len(got), len(tt.want)) {
				if strings.Contains(got[i], tt.want[i]) {
					got[i] = tt.want[i]
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("violations (-want +got):\n%s", diff)
			}
		})
	}
}

// synthetic turns the short form of the test table into a graph.
func synthetic(short map[string][]string) Graph {
	full := func(path string) string {
		if ext, ok := strings.CutPrefix(path, "ext:"); ok {
			return ext
		}
		return join(path)
	}
	graph := Graph{}
	for pkg, imports := range short {
		graph[full(pkg)] = nil
		for _, path := range imports {
			graph[full(pkg)] = append(graph[full(pkg)], full(path))
		}
	}
	return graph
}

func TestDecode(t *testing.T) {
	in := `{"ImportPath":"a","Imports":["b","c"]}` + "\n" + `{"ImportPath":"b"}`
	got, err := decode(strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Graph{"a": {"b", "c"}, "b": nil}, got); diff != "" {
		t.Errorf("graph (-want +got):\n%s", diff)
	}
	if _, err := decode(strings.NewReader(in + "{")); err == nil {
		t.Error("cut-off output decoded without an error")
	}
}
