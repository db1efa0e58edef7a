package main

import (
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseOptions(t *testing.T) {
	tests := []struct {
		name  string
		args  []string
		check func(options) bool
		err   string
	}{
		{name: "defaults", check: func(o options) bool {
			return slices.Equal(o.only, benchmarkNames()) && o.rounds == 3 && o.idle == 10000 && o.connections == 64
		}},
		{name: "some benchmarks", args: []string{"-only", "idle,split"}, check: func(o options) bool {
			return slices.Equal(o.only, []string{"idle", "split"})
		}},
		{name: "program", args: []string{"-program", "nginx=/opt/nginx"}, check: func(o options) bool {
			return o.programs["nginx"] == "/opt/nginx"
		}},
		{name: "unknown benchmark", args: []string{"-only", "speed"}, err: `no benchmark is named "speed"`},
		{name: "program without a path", args: []string{"-program", "nginx"}, err: "want PEER=PATH"},
		{name: "no rounds", args: []string{"-rounds", "0"}, err: "-rounds: must be at least 1"},
		{name: "wrk counts seconds", args: []string{"-duration", "100ms"}, err: "at least 1s"},
		{name: "argument", args: []string{"proxy"}, err: `unexpected argument "proxy"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseOptions(tt.args, io.Discard)
			if tt.err == "" && err != nil {
				t.Fatal(err)
			}
			if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Fatalf("error %v, want one that says %q", err, tt.err)
			}
			if tt.check != nil && !tt.check(got) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// rounds makes a series with the same CPU time in each sample but the last, which is dearer.
func rounds(name string, micros float64, errors int64) series {
	s := sample{
		Requests: 1000, PerSecond: 50000, P50: time.Millisecond, P99: 2500 * time.Microsecond, Errors: errors,
		user: micros / 4, system: micros * 3 / 4, rss: 10 << 20,
	}
	last := s
	last.user += 100
	return series{name: name, samples: []sample{s, s, last}}
}

func TestCostTable(t *testing.T) {
	all := []series{rounds("fairlead", 15, 0), rounds("nginx", 12, 0), rounds("haproxy", 8, 3)}
	all[1].samples[0].logged = true
	got := costTable(all[:2])
	if !strings.Contains(got, "15.00 (15.00–115.00)") || !strings.Contains(got, "**writes a log**") {
		t.Errorf("table:\n%s", got)
	}
	if best, name := bestPeer(all); name != "" {
		t.Errorf("best peer is %s with %v, though both have faults", name, best)
	}
	want := strings.TrimPrefix(`
| proxy    |       CPU µs/request | user | system |          requests/s | p50 ms | p99 ms | RSS MiB | × best peer |       faults |
| -------- | -------------------: | ---: | -----: | ------------------: | -----: | -----: | ------: | ----------: | -----------: |
| fairlead | 15.00 (15.00–115.00) | 3.75 |  11.25 | 50000 (50000–50000) |   1.00 |   2.50 |    10.0 |        1.25 |            0 |
| nginx    | 12.00 (12.00–112.00) | 3.00 |   9.00 | 50000 (50000–50000) |   1.00 |   2.50 |    10.0 |        1.00 |            0 |
| haproxy  |   8.00 (8.00–108.00) | 2.00 |   6.00 | 50000 (50000–50000) |   1.00 |   2.50 |    10.0 |        0.67 | **9 errors** |
`, "\n")
	all[1].samples[0].logged = false
	if diff := cmp.Diff(want, costTable(all)); diff != "" {
		t.Error(diff)
	}
}

func TestVerdicts(t *testing.T) {
	nginx, haproxy := rounds("nginx", 12, 0), rounds("haproxy", 16, 0)
	tests := []struct {
		name string
		all  []series
		want string
	}{
		{
			name: "within the bar of the better peer", all: []series{rounds("fairlead", 15, 0), haproxy, nginx},
			want: "- fairlead: **PASS**: 1.25 × the CPU time of nginx, bar 1.25\n",
		},
		{
			name: "short", all: []series{rounds("fairlead-proxy", 18, 0), nginx, haproxy},
			want: "- fairlead-proxy: **short by 0.25 × the CPU time of nginx**: 1.5, bar 1.25\n",
		},
		{
			name: "a peer with errors is no measure", all: []series{rounds("fairlead", 16, 0), rounds("nginx", 1, 1), haproxy},
			want: "- fairlead: **PASS**: 1 × the CPU time of haproxy, bar 1.25\n",
		},
		{
			name: "errors of its own", all: []series{rounds("fairlead", 1, 2), nginx},
			want: "- fairlead: **fails**: 6 errors\n",
		},
		{
			name: "no peer", all: []series{rounds("fairlead", 1, 0), rounds("reverseproxy", 1, 0)},
			want: "- fairlead: no peer to compare with\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, verdicts(tt.all)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestIdleVerdicts(t *testing.T) {
	tests := []struct {
		name string
		idle idleness
		want []string
	}{
		{name: "peer", idle: idleness{name: "nginx", connections: 100, emptyMiB: 30, perConnection: 9}},
		{
			name: "within the bars", idle: idleness{name: "fairlead-proxy", connections: 100, emptyMiB: 15, perConnection: 6},
			want: []string{"idle: **PASS**", "connections: **PASS**"},
		},
		{
			name: "closed some", idle: idleness{name: "fairlead-proxy", connections: 99, emptyMiB: 21, perConnection: 9},
			want: []string{"**fails**: 99 of 100", "idle: **short by 1 MiB**", "connections: **short by 1 KiB**"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.idle.verdicts(100)
			if lines := strings.Count(got, "\n"); lines != len(tt.want) {
				t.Errorf("%d lines, want %d:\n%s", lines, len(tt.want), got)
			}
			for _, part := range tt.want {
				if !strings.Contains(got, part) {
					t.Errorf("no %q in\n%s", part, got)
				}
			}
		})
	}
}

func TestSplitReport(t *testing.T) {
	origins := []netip.AddrPort{
		netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2"), netip.MustParseAddrPort("127.0.0.1:3"),
	}
	tests := []struct {
		name  string
		tally map[string]int
		want  []string
	}{
		{
			name: "close", tally: map[string]int{"127.0.0.1:1": 908, "127.0.0.1:2": 92},
			want: []string{"90.80", "-0.80", "deviation: **PASS**", "weight of 0: **PASS**: 0"},
		},
		{
			name: "astray", tally: map[string]int{"127.0.0.1:1": 850, "127.0.0.1:2": 145, "127.0.0.1:3": 5},
			want: []string{"+4.50", "deviation: **short by 4 %**", "weight of 0: **short by 5 requests**"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := splitReport(tt.tally, origins, 1000)
			for _, part := range tt.want {
				if !strings.Contains(got, part) {
					t.Errorf("no %q in\n%s", part, got)
				}
			}
		})
	}
}

// TestManifests writes five routes, two in a file, and revises one.
func TestManifests(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "manifests")
	address := netip.MustParseAddrPort("127.0.0.1:8080")
	m, err := newManifests(dir, address, address, 5, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.revise(3, "second"); err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{} // file: its routes with their revisions
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got[entry.Name()] = nil
		for document := range strings.SplitSeq(string(text), "---\n") {
			_, route, found := strings.Cut(document, "name: route-")
			if !found {
				continue
			}
			revision := "none"
			for _, word := range []string{"first", "second"} {
				if strings.Contains(route, `"`+word+`"`) {
					revision = word
				}
			}
			got[entry.Name()] = append(got[entry.Name()], route[:1]+" "+revision)
		}
	}
	want := map[string][]string{
		"edge.yaml":     nil,
		"routes-0.yaml": {"0 first", "1 first"},
		"routes-2.yaml": {"2 first", "3 second"},
		"routes-4.yaml": {"4 first"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestStartupReport(t *testing.T) {
	l := &lab{routes: 10, perFile: 1, settle: time.Second}
	launches := []launch{{ready: 6 * time.Second}, {ready: time.Second}, {ready: 7 * time.Second}}
	launches[1].atReady.RSS = 300 << 20
	delays := []time.Duration{10 * time.Millisecond, 20 * time.Millisecond, 60 * time.Millisecond}
	got := startupReport(l, launches, delays)
	for _, part := range []string{
		"6.00 (1.00–7.00)", "20.00 |", "start to ready: **short by 1 s**", "p99: **short by 10 ms**", "(a goal): **PASS**: 0 MiB",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("no %q in\n%s", part, got)
		}
	}
}
