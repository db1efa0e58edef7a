package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fairlead-mesh/fairlead/test/bench/load"
	"github.com/fairlead-mesh/fairlead/test/bench/peer"
	"github.com/fairlead-mesh/fairlead/test/bench/process"
	"github.com/fairlead-mesh/fairlead/test/bench/report"
)

// reloadRoutes is how many routes there are while one of them changes.
const reloadRoutes = 100

// reload loads a route and changes it meanwhile, at even intervals. No request may fail.
func reload(ctx context.Context, l *lab) (string, error) {
	if l.wrk == "" {
		return "", errors.New("wrk is not there")
	}
	program, err := l.program("fairlead")
	if err != nil {
		return "", err
	}
	origin, addresses, err := l.startOrigins(ctx, 1)
	if err != nil {
		return "", err
	}
	defer origin.Stop()
	site, err := l.site("reload", addresses[0])
	if err != nil {
		return "", err
	}
	files, err := newManifests(filepath.Join(site.Dir, "manifests"), site.Listen, site.Origin, reloadRoutes, 1)
	if err != nil {
		return "", err
	}
	command := peer.FairleadRun(program.Path, files.dir, site)
	command.Output = filepath.Join(site.Dir, "output.log")
	started, err := process.Start(command)
	if err != nil {
		return "", err
	}
	defer started.Stop()
	url := "http://" + site.Listen.String() + files.path(0)
	if err := peer.Await(ctx, started, url, 10*time.Second); err != nil {
		return "", err
	}
	result, err := l.loadAndChange(ctx, files, url)
	if err != nil {
		return "", fmt.Errorf("%w; %w", err, started.Failure())
	}
	return fmt.Sprintf("%d changes of the loaded route during %v of full load, %d connections, %d requests.\n\n- failed requests: %s\n",
		4*l.changes, result.Elapsed, l.connections, result.Requests, report.Bar(float64(result.Errors), 0, "requests")), nil
}

// loadAndChange runs wrk for three lengths of a load, changes the route, and checks that the last change went live.
func (l *lab) loadAndChange(ctx context.Context, files *manifests, url string) (load.Result, error) {
	wrk := load.Wrk{Path: l.wrk, Threads: 2, Connections: l.connections, Duration: 3 * l.duration}
	count := 4 * l.changes
	interval := wrk.Duration / time.Duration(count+1)
	var result load.Result
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		result, err = wrk.Run(ctx, url)
		return err
	})
	group.Go(func() error {
		for i := range count {
			if err := pause(ctx, interval); err != nil {
				return err
			}
			if err := files.revise(0, fmt.Sprintf("change-%d", i)); err != nil {
				return err
			}
		}
		client := &http.Client{Timeout: 5 * time.Second}
		defer client.CloseIdleConnections()
		return awaitRevision(ctx, client, url, fmt.Sprintf("change-%d", count-1))
	})
	return result, group.Wait()
}
