package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"github.com/fairlead-mesh/fairlead/test/bench/manifest"
	"github.com/fairlead-mesh/fairlead/test/bench/peer"
	"github.com/fairlead-mesh/fairlead/test/bench/process"
	"github.com/fairlead-mesh/fairlead/test/bench/report"
)

// Bars of many routes.
const (
	readySecondsBar = 5.0
	liveMsBar       = 50.0
	routesMiBBar    = 100.0
)

// betweenChanges lets one change be over before the next: what is measured is the delay of a single one.
const betweenChanges = 100 * time.Millisecond

// launch is one start of Fairlead with many routes.
type launch struct {
	ready        time.Duration
	atReady      process.Usage
	settledBytes int64 // RSS later
}

// startup starts Fairlead with many routes, several times, and changes one route after another on the last one.
func startup(ctx context.Context, l *lab) (string, error) {
	program, err := l.program("fairlead")
	if err != nil {
		return "", err
	}
	origin, addresses, err := l.startOrigins(ctx, 1)
	if err != nil {
		return "", err
	}
	defer origin.Stop()
	site, err := l.site("startup", addresses[0])
	if err != nil {
		return "", err
	}
	l.say("writing %d routes", l.routes)
	files, err := newManifests(filepath.Join(site.Dir, "manifests"), site.Listen, site.Origin, l.routes, l.perFile)
	if err != nil {
		return "", err
	}
	command := peer.FairleadRun(program.Path, files.dir, site)
	command.Output = filepath.Join(site.Dir, "output.log")
	var (
		launches []launch
		delays   []time.Duration
	)
	for round := range l.rounds {
		started, err := l.launch(ctx, command, site.Admin, "http://"+site.Listen.String()+files.path(l.routes-1))
		if err != nil {
			return "", err
		}
		launches = append(launches, started.launch)
		if round == l.rounds-1 {
			delays, err = l.changeRoutes(ctx, files, site.Listen)
		}
		started.Stop()
		if err != nil {
			return "", fmt.Errorf("%w; %w", err, started.Failure())
		}
	}
	return startupReport(l, launches, delays), nil
}

// launched is a Fairlead that is ready.
type launched struct {
	*process.Process
	launch
}

// launch starts Fairlead and waits for readiness and for the last route.
func (l *lab) launch(ctx context.Context, command process.Command, admin netip.AddrPort, lastRoute string) (launched, error) {
	begin := time.Now()
	p, err := process.Start(command)
	if err != nil {
		return launched{}, err
	}
	got := launched{Process: p}
	err = peer.Await(ctx, p, peer.ReadyURL(admin), time.Minute)
	got.ready = time.Since(begin)
	if err == nil {
		got.atReady, err = p.Usage()
	}
	if err == nil {
		err = peer.Await(ctx, p, lastRoute, time.Second)
	}
	if err == nil {
		err = pause(ctx, l.settle)
	}
	if err == nil {
		var usage process.Usage
		usage, err = p.Usage()
		got.settledBytes = usage.RSS
	}
	if err != nil {
		p.Stop()
		return launched{}, err
	}
	l.say("ready after %v, %s MiB", got.ready.Round(time.Millisecond), report.MiB(got.atReady.RSS))
	return got, nil
}

// changeRoutes changes one route at a time, and returns how long it took from the file's change to the first answer
// that shows it.
func (l *lab) changeRoutes(ctx context.Context, files *manifests, listen netip.AddrPort) ([]time.Duration, error) {
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	var delays []time.Duration
	for i := range l.changes {
		route := i * 7919 % l.routes // a prime, so that changes are spread over all routes
		revision := fmt.Sprintf("change-%d", i)
		url := "http://" + listen.String() + files.path(route)
		if _, err := revisionOf(ctx, client, url); err != nil { // also opens the connection
			return nil, err
		}
		begin := time.Now()
		if err := files.revise(route, revision); err != nil {
			return nil, err
		}
		if err := awaitRevision(ctx, client, url, revision); err != nil {
			return nil, fmt.Errorf("change %d: %w", i, err)
		}
		delays = append(delays, time.Since(begin))
		if err := pause(ctx, betweenChanges); err != nil {
			return nil, err
		}
	}
	return delays, nil
}

// awaitRevision polls a route every millisecond.
func awaitRevision(ctx context.Context, client *http.Client, url, want string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for {
		seen, err := revisionOf(ctx, client, url)
		if err != nil {
			return err
		}
		if seen == want {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s shows %q and not %q: %w", url, seen, want, ctx.Err())
		case <-ticker.C:
		}
	}
}

// revisionOf asks for the revision of a route. A change must not fail a request, so any status but 200 is an error.
func revisionOf(ctx context.Context, client *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: status %d", url, response.StatusCode)
	}
	return response.Header.Get(manifest.ResponseField), nil
}

func startupReport(l *lab, launches []launch, delays []time.Duration) string {
	figures := func(figure func(launch) float64) report.Summary {
		values := make([]float64, len(launches))
		for i, launch := range launches {
			values[i] = figure(launch)
		}
		return report.Summarise(values)
	}
	ready := figures(func(g launch) float64 { return g.ready.Seconds() })
	atReady := figures(func(g launch) float64 { return float64(g.atReady.RSS) / (1 << 20) })
	settled := figures(func(g launch) float64 { return float64(g.settledBytes) / (1 << 20) })
	cpu := figures(func(g launch) float64 { return g.atReady.CPU().Seconds() })
	p50, p99 := report.Percentile(delays, 0.5), report.Percentile(delays, 0.99)
	table := report.Table{Header: []string{"`fairlead run`", "figure"}}
	table.Add("start to ready, s", ready.Spread(2))
	table.Add("CPU time until ready, s", cpu.Spread(2))
	table.Add("RSS when ready, MiB", atReady.Spread(1))
	table.Add(fmt.Sprintf("RSS %v later, MiB", l.settle), settled.Spread(1))
	table.Add("a changed route is live, p50 ms", report.Milliseconds(p50))
	table.Add("a changed route is live, p99 ms", report.Milliseconds(p99))
	var out strings.Builder
	fmt.Fprintf(&out, "%d HTTPRoutes, %d in a file; %d starts, median (min–max); %d changes.\n\n%s\n",
		l.routes, l.perFile, len(launches), len(delays), table.String())
	fmt.Fprintf(&out, "- start to ready: %s\n", report.Bar(ready.Median, readySecondsBar, "s"))
	fmt.Fprintf(&out, "- a changed route, p99: %s\n", report.Bar(float64(p99)/float64(time.Millisecond), liveMsBar, "ms"))
	fmt.Fprintf(&out, "- memory when ready (a goal): %s\n", report.Bar(atReady.Median, routesMiBBar, "MiB"))
	return out.String()
}
