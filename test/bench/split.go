package main

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fairlead-mesh/fairlead/test/bench/load"
	"github.com/fairlead-mesh/fairlead/test/bench/manifest"
	"github.com/fairlead-mesh/fairlead/test/bench/peer"
	"github.com/fairlead-mesh/fairlead/test/bench/process"
	"github.com/fairlead-mesh/fairlead/test/bench/report"
)

// splitBar is the most that a share may be off, in percent of all requests.
const splitBar = 1.0

// weights of the backends of the route that is split.
var weights = []int{90, 10, 0}

// split shares requests out over backends of different weight and counts who answered.
func split(ctx context.Context, l *lab) (string, error) {
	origin, addresses, err := l.startOrigins(ctx, len(weights))
	if err != nil {
		return "", err
	}
	defer origin.Stop()
	started, url, err := l.startSplit(ctx, addresses, weights)
	if err != nil {
		return "", err
	}
	defer started.Stop()
	tally, err := load.Tally(ctx, url, l.requests, 16)
	if err != nil {
		return "", fmt.Errorf("%w; %w", err, started.Failure())
	}
	return splitReport(tally, addresses, l.requests), nil
}

// splitManifest is a route /split over one service for each origin.
func splitManifest(listen netip.AddrPort, origins []netip.AddrPort, weights []int) string {
	route := manifest.Route{Name: "split", Prefix: "/split"}
	documents := []string{manifest.Gateway(listen)}
	for i, origin := range origins {
		name := fmt.Sprintf("origin-%d", i)
		documents = append(documents, manifest.Service(name, origin))
		route.Backends = append(route.Backends, manifest.Weighted{Service: name, Weight: weights[i]})
	}
	return manifest.Join(append(documents, route.String())...)
}

// startSplit starts Fairlead with a split route, and returns the URL to ask for.
func (l *lab) startSplit(ctx context.Context, origins []netip.AddrPort, weights []int) (*process.Process, string, error) {
	program, err := l.program("fairlead")
	if err != nil {
		return nil, "", err
	}
	site, err := l.site("split", origins[0])
	if err != nil {
		return nil, "", err
	}
	dir := filepath.Join(site.Dir, "manifests")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, "", err
	}
	text := splitManifest(site.Listen, origins, weights)
	if err := os.WriteFile(filepath.Join(dir, "split.yaml"), []byte(text), 0o600); err != nil {
		return nil, "", err
	}
	command := peer.FairleadRun(program.Path, dir, site)
	command.Output = filepath.Join(site.Dir, "output.log")
	started, err := process.Start(command)
	if err != nil {
		return nil, "", err
	}
	url := "http://" + site.Listen.String() + "/split/small"
	if err := peer.Await(ctx, started, url, 10*time.Second); err != nil {
		started.Stop()
		return nil, "", err
	}
	return started, url, nil
}

// splitReport compares shares with weights.
func splitReport(tally map[string]int, origins []netip.AddrPort, requests int) string {
	sum := 0
	for _, weight := range weights {
		sum += weight
	}
	table := report.Table{Header: []string{"backend", "weight", "requests", "share %", "off by %"}}
	worst, uninvited := 0.0, 0
	for i, origin := range origins {
		got := tally[origin.String()]
		share, want := 100*float64(got)/float64(requests), 100*float64(weights[i])/float64(sum)
		table.Add(fmt.Sprintf("origin-%d", i), fmt.Sprint(weights[i]), fmt.Sprint(got),
			fmt.Sprintf("%.2f", share), fmt.Sprintf("%+.2f", share-want))
		worst = max(worst, math.Abs(share-want))
		if weights[i] == 0 {
			uninvited += got
		}
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%d requests.\n\n%s\n", requests, table.String())
	fmt.Fprintf(&out, "- greatest deviation: %s\n", report.Bar(worst, splitBar, "%"))
	fmt.Fprintf(&out, "- requests to a weight of 0: %s\n", report.Bar(float64(uninvited), 0, "requests"))
	return out.String()
}
