package harness

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/controlplane"
	"github.com/fairlead-mesh/fairlead/controlplane/source/files"
	"github.com/fairlead-mesh/fairlead/egress"
	"github.com/fairlead-mesh/fairlead/gateway"
	"github.com/fairlead-mesh/fairlead/gateway/telemetry"
)

// Patience bounds every wait. A sound appliance answers in milliseconds; the bound only
// turns a hang into a failure.
const Patience = 30 * time.Second

// Options are what a test says about the process.
type Options struct {
	// DrainTimeout is as in gateway.Options. Default: 10 s.
	DrainTimeout time.Duration
	// Resolver is as in gateway.Options. Default: none.
	Resolver egress.Resolver
	// AllowExternalName is as in controlplane.Options. Default: none.
	AllowExternalName func(name string) bool
	// AccessLog is as in gateway.Options. Default: none.
	AccessLog *telemetry.AccessLog
}

// Files are manifests by file name.
type Files map[string]string

// Appliance is a running one. Its methods are for the test's goroutine, but Dial, Addr and
// what a Client does, which any may use.
type Appliance struct {
	Gateway  *gateway.Gateway
	Pipeline *controlplane.Pipeline
	// Dir is the watched directory.
	Dir string

	t      testing.TB
	offset int
	log    *logbook
	feed   *feed
	stop   func()
	once   sync.Once
}

// Start runs an appliance over the manifests and returns when they are live.
func Start(t testing.TB, o Options, manifests Files) *Appliance {
	t.Helper()
	if o.DrainTimeout == 0 {
		o.DrainTimeout = 10 * time.Second
	}
	a := &Appliance{Dir: t.TempDir(), t: t, offset: reserve(t), log: &logbook{}}
	for name, text := range manifests {
		a.put(name, text)
	}
	log := slog.New(slog.NewTextHandler(a.log, nil))
	a.Gateway = gateway.New(telemetry.NewRegistry(telemetry.Options{}), gateway.Options{
		AllowName:  func(string) bool { return true }, // every origin of a test is on this machine
		PortOffset: a.offset, DrainTimeout: o.DrainTimeout, AccessLog: o.AccessLog, Resolver: o.Resolver, Log: log,
	})
	a.Pipeline = controlplane.New(controlplane.Options{
		AllowExternalName: o.AllowExternalName, Publisher: a.Gateway, Log: log, Addresses: addresses,
	})
	src, err := files.New(files.Options{Paths: []string{a.Dir}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	a.feed = newFeed(src)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := a.Pipeline.Run(ctx, a.feed); err != nil {
			t.Error("the source ended: ", err)
		}
	}()
	a.stop = func() { cancel(); <-ended }
	t.Cleanup(func() {
		a.Stop()
		if t.Failed() {
			t.Log("the appliance's log:\n" + a.log.String())
		}
	})
	a.feed.wait(t, "the first configuration", func(b *batches) bool { return b.taken > 0 })
	return a
}

// addresses are those of every Gateway: clients are on this machine.
func addresses(*gwv1.Gateway) []gwv1.GatewayStatusAddress {
	ip := gwv1.IPAddressType
	return []gwv1.GatewayStatusAddress{{Type: &ip, Value: "127.0.0.1"}}
}

// Stop ends the appliance as SIGTERM does: configuration first, then a drain. It returns
// when both are over.
func (a *Appliance) Stop() {
	a.once.Do(func() {
		a.stop()
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		a.Gateway.Drain(ctx)
	})
}

// Addr returns where a configured port is served.
func (a *Appliance) Addr(port int) string {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port+a.offset)).String()
}

// Write replaces a file of manifests, as editors do by a rename, and returns when what it
// says is live.
func (a *Appliance) Write(name, text string) {
	a.t.Helper()
	a.feed.generation++
	generation := fmt.Sprint(a.feed.generation)
	a.put(name, text+marker(name, generation))
	a.feed.wait(a.t, "the change of "+name, func(b *batches) bool { return b.markers[markerName(name)] == generation })
}

// Remove deletes a file that Write made, and returns when its objects are gone.
func (a *Appliance) Remove(name string) {
	a.t.Helper()
	if err := os.Remove(filepath.Join(a.Dir, name)); err != nil {
		a.t.Fatal(err)
	}
	a.feed.wait(a.t, "the removal of "+name, func(b *batches) bool {
		_, there := b.markers[markerName(name)]
		return !there
	})
}

func (a *Appliance) put(name, text string) {
	a.t.Helper()
	next := filepath.Join(a.Dir, ".next")
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
	if err := os.Rename(next, filepath.Join(a.Dir, name)); err != nil {
		a.t.Fatal(err)
	}
}

// Log returns what the appliance has logged so far.
func (a *Appliance) Log() string { return a.log.String() }

// logbook keeps log lines until somebody wants them.
type logbook struct {
	mu   sync.Mutex
	text []byte
}

const logbookBytes = 1 << 20

// Write implements io.Writer. What is beyond the bound is dropped.
func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.text) < logbookBytes {
		l.text = append(l.text, p...)
	}
	return len(p), nil
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}
