package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/fairlead-mesh/fairlead/test/bench/load"
	"github.com/fairlead-mesh/fairlead/test/bench/peer"
	"github.com/fairlead-mesh/fairlead/test/bench/process"
	"github.com/fairlead-mesh/fairlead/test/bench/report"
)

const (
	idleMiBBar       = 20.0 // RSS of fairlead-proxy without a connection
	connectionKiBBar = 8.0  // RSS that each idle connection adds
	spareFiles       = 1000 // a proxy opens beside its client connections
)

// idleness is what one proxy held at three moments.
type idleness struct {
	name                    string
	empty, opened, settled  process.Usage
	connections             int
	emptyMiB, perConnection float64 // perConnection in KiB, after settling
}

// idle measures each peer without connections and with many that are idle.
func idle(ctx context.Context, l *lab) (string, error) {
	if err := raiseFileLimit(l.idle + spareFiles); err != nil {
		return "", err
	}
	origin, addresses, err := l.startOrigins(ctx, 1)
	if err != nil {
		return "", err
	}
	defer origin.Stop()
	table := report.Table{Header: []string{
		"proxy", "RSS MiB idle", "RSS MiB with connections", fmt.Sprintf("after %v", l.settle), "KiB/connection", "open", "processes",
	}}
	var notes strings.Builder
	for _, program := range l.found {
		got, err := l.idleOf(ctx, program, addresses[0])
		if err != nil {
			if l.require || ctx.Err() != nil {
				return "", err
			}
			fmt.Fprintf(&notes, "- %s is left out: %v\n", program.Name, err)
			continue
		}
		table.Add(got.name, fmt.Sprintf("%.1f", got.emptyMiB), report.MiB(got.opened.RSS), report.MiB(got.settled.RSS),
			fmt.Sprintf("%.2f", got.perConnection), fmt.Sprint(got.connections), fmt.Sprint(got.settled.Processes))
		notes.WriteString(got.verdicts(l.idle))
	}
	return fmt.Sprintf("%d connections, each after one request; memory of the kernel is not counted.\n\n%s\n%s",
		l.idle, table.String(), notes.String()), nil
}

// idleOf measures one peer.
func (l *lab) idleOf(ctx context.Context, program peer.Program, origin netip.AddrPort) (idleness, error) {
	running, err := l.startPeer(ctx, program, origin)
	if err != nil {
		return idleness{}, err
	}
	defer running.Stop()
	got := idleness{name: program.Name}
	if err := pause(ctx, l.settle); err != nil {
		return idleness{}, err
	}
	if got.empty, err = running.Usage(); err != nil {
		return idleness{}, err
	}
	connections, err := load.OpenIdle(ctx, strings.TrimPrefix(running.URL, "http://"), "/api/small", l.idle)
	if err != nil {
		return idleness{}, fmt.Errorf("%s: %w", program.Name, err)
	}
	defer connections.Close()
	if got.opened, err = running.Usage(); err != nil {
		return idleness{}, err
	}
	if err := pause(ctx, l.settle); err != nil {
		return idleness{}, err
	}
	if got.settled, err = running.Usage(); err != nil {
		return idleness{}, err
	}
	got.connections = connections.Open()
	got.emptyMiB = float64(got.empty.RSS) / (1 << 20)
	got.perConnection = float64(got.settled.RSS-got.empty.RSS) / 1024 / float64(l.idle)
	l.say("%s: %.1f MiB idle, %.2f KiB/connection", got.name, got.emptyMiB, got.perConnection)
	return got, nil
}

// verdicts holds fairlead-proxy against its bars. Connections that were closed make every row worthless.
func (i idleness) verdicts(want int) string {
	var out strings.Builder
	if i.connections < want {
		fmt.Fprintf(&out, "- %s: **fails**: %d of %d connections are still open\n", i.name, i.connections, want)
	}
	if i.name == "fairlead-proxy" {
		fmt.Fprintf(&out, "- %s, idle: %s\n", i.name, report.Bar(i.emptyMiB, idleMiBBar, "MiB"))
		fmt.Fprintf(&out, "- %s, connections: %s\n", i.name, report.Bar(i.perConnection, connectionKiBBar, "KiB"))
	}
	return out.String()
}
