package peer

import (
	"context"
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/fairlead-mesh/fairlead/test/bench/process"
)

// Site is where a proxy is to stand.
type Site struct {
	Dir       string         // for its configuration; exists and is empty
	Listen    netip.AddrPort // for clients
	Admin     netip.AddrPort // for metrics and readiness
	Origin    netip.AddrPort
	Workers   int  // threads or processes that serve
	Forwarded bool // peers write X-Forwarded-For and -Proto, as Fairlead always does
}

// Peer is a kind of proxy.
type Peer struct {
	Name string
	// find returns the path of the program, building it if it is ours.
	find func(ctx context.Context, build Build) (string, error)
	// version is the argument that makes the program name its version; empty if it has none.
	version string
	// command writes the configuration and says how to start.
	command func(program string, site Site) (process.Command, error)
}

// All lists the peers in the order in which they are measured.
func All() []Peer {
	return []Peer{fairlead, fairleadProxy, nginx, nginxUnbuffered, haproxy, reverseProxy}
}

// Named finds a peer.
func Named(name string) (Peer, error) {
	for _, peer := range All() {
		if peer.Name == name {
			return peer, nil
		}
	}
	return Peer{}, fmt.Errorf("no peer is named %q", name)
}

// Program is a peer whose executable has been found.
type Program struct {
	Peer
	Path    string
	Version string // empty if the program has none
}

var versionNumber = regexp.MustCompile(`\d+\.\d+[0-9A-Za-z.+~-]*`)

// Find finds or builds the peer's executable.
func (p Peer) Find(ctx context.Context, build Build) (Program, error) {
	path, err := p.find(ctx, build)
	if err != nil {
		return Program{}, fmt.Errorf("%s: %w", p.Name, err)
	}
	program := Program{Peer: p, Path: path}
	if p.version != "" {
		text, err := exec.CommandContext(ctx, path, p.version).CombinedOutput()
		if err != nil {
			return Program{}, fmt.Errorf("%s %s: %w: %s", path, p.version, err, text)
		}
		program.Version = versionNumber.FindString(string(text))
	}
	return program, nil
}

// Running is a proxy that answers.
type Running struct {
	*process.Process
	Name string
	URL  string // of its root, without a slash at the end
}

// Start starts the proxy and waits until it answers.
func (p Program) Start(ctx context.Context, site Site) (*Running, error) {
	command, err := p.command(p.Path, site)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	command.Output = filepath.Join(site.Dir, "output.log")
	started, err := process.Start(command)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	running := &Running{Process: started, Name: p.Name, URL: "http://" + site.Listen.String()}
	if err := Await(ctx, started, running.URL+"/api/small", 10*time.Second); err != nil {
		started.Stop()
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	return running, nil
}

// installed finds a program of the system. Some systems leave sbin out of a user's PATH.
func installed(name string) func(context.Context, Build) (string, error) {
	return func(context.Context, Build) (string, error) {
		path, err := exec.LookPath(name)
		if err == nil {
			return path, nil
		}
		if inSbin, sbinErr := exec.LookPath("/usr/sbin/" + name); sbinErr == nil {
			return inSbin, nil
		}
		return "", err
	}
}

// threads bounds the threads that run Go code.
func threads(workers int) []string { return []string{"GOMAXPROCS=" + strconv.Itoa(workers)} }
