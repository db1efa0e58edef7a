package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// options are the flags.
type options struct {
	only        []string // benchmarks to run
	peers       []string
	require     bool              // a missing peer is an error
	programs    map[string]string // executables that need no building, by peer
	out         string
	rounds      int
	duration    time.Duration // of one load
	warmup      time.Duration
	connections int
	workers     int
	forwarded   bool
	idle        int // connections of the idle benchmark
	settle      time.Duration
	routes      int
	perFile     int // routes in one manifest file
	changes     int // of the startup benchmark
	requests    int // of the split benchmark
	timeout     time.Duration
	keep        bool // leave the temporary directory
}

// parseOptions reads the command line. Help and faults go to output.
func parseOptions(args []string, output io.Writer) (options, error) {
	o := options{programs: map[string]string{}}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(output)
	only := flags.String("only", strings.Join(benchmarkNames(), ","), "what to measure, separated by commas")
	peers := flags.String("peers", "fairlead,fairlead-proxy,nginx,haproxy,reverseproxy", "whom to measure")
	flags.BoolVar(&o.require, "require", false, "fail if one of -peers is missing, instead of saying so")
	flags.Func("program", "PEER=PATH: use this executable, do not build or look for it (repeatable)", o.setProgram)
	flags.StringVar(&o.out, "out", "", "write the report to this file, too")
	flags.IntVar(&o.rounds, "rounds", 3, "repetitions, interleaved over the peers")
	flags.DurationVar(&o.duration, "duration", 10*time.Second, "length of one load, in whole seconds")
	flags.DurationVar(&o.warmup, "warmup", 2*time.Second, "load on each peer before the first round, in whole seconds")
	flags.IntVar(&o.connections, "connections", 64, "client connections under load")
	flags.IntVar(&o.workers, "workers", 2, "threads or worker processes of each proxy")
	flags.BoolVar(&o.forwarded, "forwarded", false, "peers write X-Forwarded-For and -Proto, as Fairlead always does")
	flags.IntVar(&o.idle, "idle-connections", 10000, "idle: connections to hold")
	flags.DurationVar(&o.settle, "settle", 10*time.Second, "idle, startup: time before memory is read a second time")
	flags.IntVar(&o.routes, "routes", 10000, "startup: number of HTTPRoutes")
	flags.IntVar(&o.perFile, "routes-per-file", 1, "startup: HTTPRoutes in one file")
	flags.IntVar(&o.changes, "changes", 50, "startup: samples of a changed route; reload: changes under load are four times that")
	flags.IntVar(&o.requests, "split-requests", 20000, "split: requests to share out")
	flags.DurationVar(&o.timeout, "timeout", 40*time.Minute, "end everything after this")
	flags.BoolVar(&o.keep, "keep", false, "leave the directory with configurations and outputs")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	o.only, o.peers = strings.Split(*only, ","), strings.Split(*peers, ",")
	if len(flags.Args()) > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return o, o.check()
}

func (o *options) setProgram(value string) error {
	name, path, found := strings.Cut(value, "=")
	if !found {
		return errors.New("want PEER=PATH")
	}
	o.programs[name] = path
	return nil
}

// check refuses what the benchmarks cannot do.
func (o *options) check() error {
	for _, name := range o.only {
		if !slices.Contains(benchmarkNames(), name) {
			return fmt.Errorf("-only: no benchmark is named %q, there are %s", name, strings.Join(benchmarkNames(), ", "))
		}
	}
	numbers := map[string]int{
		"rounds": o.rounds, "connections": o.connections, "workers": o.workers, "idle-connections": o.idle, "routes": o.routes,
		"routes-per-file": o.perFile, "changes": o.changes, "split-requests": o.requests,
	}
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		if numbers[name] < 1 {
			return fmt.Errorf("-%s: must be at least 1", name)
		}
	}
	if o.duration < time.Second || o.warmup < time.Second {
		return errors.New("-duration, -warmup: must be at least 1s")
	}
	return nil
}
