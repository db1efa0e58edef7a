package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/fairlead-mesh/fairlead/test/bench/load"
	"github.com/fairlead-mesh/fairlead/test/bench/peer"
	"github.com/fairlead-mesh/fairlead/test/bench/report"
)

// cpuBar is the most that a request may cost, as a multiple of the cheaper of nginx and HAProxy.
const cpuBar = 1.25

// sample is one load on one proxy.
type sample struct {
	load.Result
	user, system float64 // µs of the proxy's CPU time for each request
	rss          int64   // bytes after the load
	logged       bool    // the proxy wrote a byte or more for each request
}

func (s sample) cpu() float64 { return s.user + s.system }

// series are the samples of one proxy at one size.
type series struct {
	name    string
	samples []sample
}

// compare loads all peers in turn, at two sizes of response.
func compare(ctx context.Context, l *lab) (string, error) {
	if l.wrk == "" {
		return "", errors.New("wrk is not there")
	}
	origin, addresses, err := l.startOrigins(ctx, 1)
	if err != nil {
		return "", err
	}
	defer origin.Stop()
	peers, notes, err := l.startPeers(ctx, addresses[0])
	if err != nil {
		return "", err
	}
	defer func() {
		for _, p := range peers {
			p.Stop()
		}
	}()
	var out strings.Builder
	fmt.Fprintf(&out, "%d connections, %d rounds of %v after %v of warm-up, %d workers; median (min–max).\n\n",
		l.connections, l.rounds, l.duration, l.warmup, l.workers)
	out.WriteString(notes)
	for _, size := range []struct{ path, title string }{{"/api/small", "100 bytes"}, {"/api/large", "64 KiB"}} {
		all, err := l.measure(ctx, peers, size.path)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&out, "### Responses of %s\n\n%s\n%s\n", size.title, costTable(all), verdicts(all))
	}
	return out.String(), nil
}

// startPeers starts all peers. One that does not start is noted and left out, unless all are required.
func (l *lab) startPeers(ctx context.Context, origin netip.AddrPort) (peers []*peer.Running, notes string, err error) {
	for _, program := range l.found {
		running, err := l.startPeer(ctx, program, origin)
		switch {
		case err == nil:
			peers = append(peers, running)
		case l.require || ctx.Err() != nil:
			for _, p := range peers {
				p.Stop()
			}
			return nil, "", err
		default:
			l.say("%v", err)
			notes += fmt.Sprintf("%s is left out: %v\n\n", program.Name, err)
		}
	}
	return peers, notes, nil
}

// measure warms the peers up and then takes rounds of samples, A B C, A B C, so that a change of the machine's
// mood meets them all.
func (l *lab) measure(ctx context.Context, peers []*peer.Running, path string) ([]series, error) {
	wrk := load.Wrk{Path: l.wrk, Threads: 2, Connections: l.connections, Duration: l.warmup}
	for _, p := range peers {
		if _, err := takeSample(ctx, wrk, p, path); err != nil {
			return nil, fmt.Errorf("%s: warm-up: %w", p.Name, err)
		}
	}
	wrk.Duration = l.duration
	all := make([]series, len(peers))
	for round := range l.rounds {
		for i, p := range peers {
			s, err := takeSample(ctx, wrk, p, path)
			if err != nil {
				return nil, fmt.Errorf("%s: round %d: %w", p.Name, round+1, err)
			}
			l.say("%s round %d: %-14s %6.2f µs/request, %7.0f requests/s, %d errors", path, round+1, p.Name, s.cpu(), s.PerSecond, s.Errors)
			all[i].name = p.Name
			all[i].samples = append(all[i].samples, s)
		}
	}
	return all, nil
}

// takeSample loads one proxy and relates the CPU time of its processes to the requests.
func takeSample(ctx context.Context, wrk load.Wrk, p *peer.Running, path string) (sample, error) {
	before, err := p.Usage()
	if err != nil {
		return sample{}, errors.Join(err, p.Failure())
	}
	written := p.OutputSize()
	result, err := wrk.Run(ctx, p.URL+path)
	if err != nil {
		return sample{}, err
	}
	after, err := p.Usage()
	if err != nil {
		return sample{}, errors.Join(err, p.Failure())
	}
	if result.Requests == 0 {
		return sample{}, fmt.Errorf("no request was answered: %w", p.Failure())
	}
	return sample{
		Result: result,
		user:   perRequest(after.User-before.User, result.Requests),
		system: perRequest(after.System-before.System, result.Requests),
		rss:    after.RSS,
		logged: p.OutputSize()-written >= result.Requests,
	}, nil
}

// perRequest is a share in µs.
func perRequest(total time.Duration, requests int64) float64 {
	return float64(total) / float64(time.Microsecond) / float64(requests)
}

// summary summarises one figure of all samples.
func (s series) summary(figure func(sample) float64) report.Summary {
	values := make([]float64, len(s.samples))
	for i, sample := range s.samples {
		values[i] = figure(sample)
	}
	return report.Summarise(values)
}

// faults says what makes the row worthless, "" if nothing does.
func (s series) faults() string {
	var (
		failed int64
		logged bool
	)
	for _, sample := range s.samples {
		failed += sample.Errors
		logged = logged || sample.logged
	}
	var faults []string
	if failed > 0 {
		faults = append(faults, fmt.Sprintf("%d errors", failed))
	}
	if logged {
		faults = append(faults, "writes a log")
	}
	return strings.Join(faults, ", ")
}

// costTable has a row for each proxy.
func costTable(all []series) string {
	table := report.Table{Header: []string{
		"proxy", "CPU µs/request", "user", "system", "requests/s", "p50 ms", "p99 ms", "RSS MiB", "× best peer", "faults",
	}}
	best, _ := bestPeer(all)
	for _, s := range all {
		cpu := s.summary(sample.cpu)
		relative, faults := "", "0"
		if best > 0 {
			relative = fmt.Sprintf("%.2f", cpu.Median/best)
		}
		if text := s.faults(); text != "" {
			faults = "**" + text + "**"
		}
		table.Add(s.name, cpu.Spread(2),
			fmt.Sprintf("%.2f", s.summary(func(s sample) float64 { return s.user }).Median),
			fmt.Sprintf("%.2f", s.summary(func(s sample) float64 { return s.system }).Median),
			s.summary(func(s sample) float64 { return s.PerSecond }).Spread(0),
			fmt.Sprintf("%.2f", s.summary(func(s sample) float64 { return s.P50.Seconds() * 1000 }).Median),
			fmt.Sprintf("%.2f", s.summary(func(s sample) float64 { return s.P99.Seconds() * 1000 }).Median),
			report.MiB(int64(s.summary(func(s sample) float64 { return float64(s.rss) }).Median)),
			relative, faults)
	}
	return table.String()
}

// bestPeer is the CPU time for each request, in µs, of the cheaper of nginx and HAProxy. A row with faults does not count.
func bestPeer(all []series) (cpu float64, name string) {
	for _, s := range all {
		if !(strings.HasPrefix(s.name, "nginx") || s.name == "haproxy") || s.faults() != "" {
			continue
		}
		if median := s.summary(sample.cpu).Median; name == "" || median < cpu {
			cpu, name = median, s.name
		}
	}
	return cpu, name
}

// verdicts holds each Fairlead against the bar.
func verdicts(all []series) string {
	var out strings.Builder
	best, name := bestPeer(all)
	for _, s := range all {
		switch {
		case !strings.HasPrefix(s.name, "fairlead"):
		case s.faults() != "":
			fmt.Fprintf(&out, "- %s: **fails**: %s\n", s.name, s.faults())
		case name == "":
			fmt.Fprintf(&out, "- %s: no peer to compare with\n", s.name)
		default:
			fmt.Fprintf(&out, "- %s: %s\n", s.name, report.Bar(s.summary(sample.cpu).Median/best, cpuBar, "× the CPU time of "+name))
		}
	}
	return out.String()
}
