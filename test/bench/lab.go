package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fairlead-mesh/fairlead/test/bench/peer"
	"github.com/fairlead-mesh/fairlead/test/bench/process"
)

// lab is what the benchmarks share: the programs and a directory. Not for concurrent use.
type lab struct {
	options
	dir     string // temporary
	build   peer.Build
	origin  string // the origin's executable
	wrk     string
	found   []peer.Program // peers that were found, in the order of measurement
	missing []error        // why others were not
	sites   int            // number of directories given out
}

// newLab finds and builds all programs.
func newLab(ctx context.Context, options options) (*lab, error) {
	module, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("the module's directory: %w", err)
	}
	dir, err := os.MkdirTemp("", "fairlead-bench-")
	if err != nil {
		return nil, err
	}
	l := &lab{options: options, dir: dir, build: peer.Build{
		Module: strings.TrimSpace(string(module)), Bin: dir, Ready: options.programs,
	}}
	if err := l.prepare(ctx); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lab) prepare(ctx context.Context) error {
	l.say("building")
	var err error
	if l.origin, err = l.build.Program(ctx, "origin", "test/bench/origin"); err != nil {
		return err
	}
	if l.wrk, err = exec.LookPath("wrk"); err != nil {
		l.missing = append(l.missing, err)
	}
	for _, name := range l.peers {
		kind, err := peer.Named(name)
		if err != nil {
			return err
		}
		program, err := kind.Find(ctx, l.build)
		if err != nil {
			l.missing = append(l.missing, err)
			continue
		}
		l.found = append(l.found, program)
	}
	if l.require && len(l.missing) > 0 {
		return errors.Join(l.missing...)
	}
	return nil
}

func (l *lab) close() {
	if l.keep {
		l.say("left %s", l.dir)
		return
	}
	if err := os.RemoveAll(l.dir); err != nil {
		l.say("%v", err)
	}
}

// say reports progress.
func (l *lab) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().Format(time.TimeOnly)}, args...)...)
}

// programList is a Markdown list of the programs that were found, and of those that were not.
func (l *lab) programList() string {
	var out strings.Builder
	var names []string
	for _, program := range l.found {
		name := strings.TrimSpace(program.Name + " " + program.Version)
		if path := l.programs[program.Name]; path != "" {
			name += " (given: " + path + ")"
		}
		names = append(names, name)
	}
	fmt.Fprintf(&out, "- %s\n", strings.Join(names, ", "))
	for _, err := range l.missing {
		fmt.Fprintf(&out, "- missing: %v\n", err)
	}
	return out.String()
}

// program finds one that was found before.
func (l *lab) program(name string) (peer.Program, error) {
	for _, program := range l.found {
		if program.Name == name {
			return program, nil
		}
	}
	return peer.Program{}, fmt.Errorf("%s is not there", name)
}

// site makes a directory and picks addresses for one proxy in front of origin.
func (l *lab) site(name string, origin netip.AddrPort) (peer.Site, error) {
	l.sites++
	site := peer.Site{
		Dir:    filepath.Join(l.dir, strconv.Itoa(l.sites)+"-"+name),
		Origin: origin, Workers: l.workers, Forwarded: l.forwarded,
	}
	var listenErr, adminErr error
	site.Listen, listenErr = freeAddress()
	site.Admin, adminErr = freeAddress()
	return site, errors.Join(listenErr, adminErr, os.Mkdir(site.Dir, 0o700))
}

// startPeer starts a proxy in front of origin and checks that it does all of the work.
func (l *lab) startPeer(ctx context.Context, program peer.Program, origin netip.AddrPort) (*peer.Running, error) {
	site, err := l.site(program.Name, origin)
	if err != nil {
		return nil, err
	}
	running, err := program.Start(ctx, site)
	if err != nil {
		return nil, err
	}
	if err := peer.Verify(ctx, running.URL); err != nil {
		running.Stop()
		return nil, fmt.Errorf("%s does not do the work: %w", program.Name, err)
	}
	return running, nil
}

// startOrigins starts one origin process that answers on count addresses.
func (l *lab) startOrigins(ctx context.Context, count int) (*process.Process, []netip.AddrPort, error) {
	var (
		addresses []netip.AddrPort
		args      []string
	)
	for range count {
		address, err := freeAddress()
		if err != nil {
			return nil, nil, err
		}
		addresses, args = append(addresses, address), append(args, address.String())
	}
	p, err := process.Start(process.Command{Path: l.origin, Args: args, Output: filepath.Join(l.dir, "origin.log")})
	if err != nil {
		return nil, nil, err
	}
	for _, address := range addresses {
		if err := peer.Await(ctx, p, "http://"+address.String()+"/small", 10*time.Second); err != nil {
			p.Stop()
			return nil, nil, fmt.Errorf("origin: %w", err)
		}
	}
	return p, addresses, nil
}

// freeAddress picks a port of the loopback that nobody listens on at the moment.
func freeAddress() (netip.AddrPort, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer listener.Close()
	return netip.ParseAddrPort(listener.Addr().String())
}

// raiseFileLimit lets this process, and those it starts, open as many files as the system permits.
func raiseFileLimit(need int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if limit.Max < uint64(need) {
		return fmt.Errorf("needs %d open files, the hard limit is %d", need, limit.Max)
	}
	limit.Cur = limit.Max
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
