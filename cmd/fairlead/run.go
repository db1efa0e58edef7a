package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/controlplane"
	"github.com/fairlead-mesh/fairlead/controlplane/istio"
	"github.com/fairlead-mesh/fairlead/controlplane/source/files"
	"github.com/fairlead-mesh/fairlead/gateway"
)

// runOptions are the flags of run and demo.
type runOptions struct {
	paths         []string
	namespace     string
	clusterDomain string
	labels        map[string]string
	process       gateway.ProcessOptions

	// started is called when the first configuration is live.
	started func()
}

func (o *runOptions) flags(f *pflag.FlagSet) {
	f.StringVarP(&o.namespace, "namespace", "n", "default", "namespace of objects that name none")
	f.StringVar(&o.clusterDomain, "cluster-domain", "cluster.local", "DNS domain that ends the names of Services")
	f.StringToStringVar(&o.labels, "labels", istio.DefaultLabels(), "labels of this gateway, which Istio's Gateway.selector is compared with")
	o.process.Flags(f)
}

func newRun() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run -f PATH…",
		Short: "Serve manifests from files",
		Long: `Run reads manifests of the Gateway API and of Istio's API, mixed as they come, serves
them, and takes changes of the files without losing a request. A document that is
wrong is refused alone, with file, line, object, field and reason; the last good
version of its object stays live.

A backend's endpoints come from EndpointSlices, ServiceEntries and ExternalName
Services. SIGTERM drains: no new connections, requests under way end. SIGUSR1
prints the status of every object to standard error.`,
		Example: `  fairlead run -f ./manifests --port-offset 8000
  fairlead run -f a.yaml -f b.yaml --access-log /dev/stdout
  curl localhost:15000/healthz/ready`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	cmd.Flags().StringSliceVarP(&o.paths, "filename", "f", nil, "files and directories of manifests")
	o.flags(cmd.Flags())
	if err := cmd.MarkFlagRequired("filename"); err != nil {
		panic(err) //nolint:forbidigo // the flag is defined two lines above
	}
	return cmd
}

func run(ctx context.Context, o runOptions) error {
	o.process.Version, o.process.LogOutput = version, os.Stderr
	process, err := gateway.NewProcess(o.process)
	if err != nil {
		return err
	}
	log := process.Log()
	src, err := files.New(files.Options{Paths: o.paths, Namespace: o.namespace, Log: log})
	if err != nil {
		return err
	}
	pipeline := controlplane.New(controlplane.Options{
		Labels: o.labels, ClusterDomain: o.clusterDomain, AllowExternalName: o.process.AllowName(),
		Addresses: gatewayAddresses, Publisher: process.Gateway(), Log: log,
	})
	tuneMemory(pipeline, o.started)
	defer printOnSignal(pipeline, log)()
	return process.Run(ctx, func(ctx context.Context) error {
		err := pipeline.Run(ctx, src)
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	})
}

// How much garbage may pile up, in percent of what is live: while the first configuration
// is read, and afterwards. Requests make none, so that collecting more often than Go would
// costs only changes of configuration, and the process stays small.
const (
	gcPercentLoading = 10
	gcPercentServing = 30
)

// tuneMemory keeps the process small: reading the first configuration takes several times
// the memory that it needs afterwards. GOGC in the environment wins.
func tuneMemory(p *controlplane.Pipeline, then func()) {
	tune := os.Getenv("GOGC") == ""
	if tune {
		debug.SetGCPercent(gcPercentLoading)
	}
	p.OnFirst(func() {
		if tune {
			debug.SetGCPercent(gcPercentServing)
			go debug.FreeOSMemory()
		}
		if then != nil {
			then()
		}
	})
}

// gatewayAddresses are those at which this process serves a Gateway: what it asks for, or
// the loopback address, which is right for whoever looks at files.
func gatewayAddresses(gw *gwv1.Gateway) []gwv1.GatewayStatusAddress {
	ip := gwv1.IPAddressType
	var out []gwv1.GatewayStatusAddress
	for _, a := range gw.Spec.Addresses {
		if a.Type == nil || *a.Type == ip {
			out = append(out, gwv1.GatewayStatusAddress{Type: &ip, Value: a.Value})
		}
	}
	if len(out) == 0 {
		out = append(out, gwv1.GatewayStatusAddress{Type: &ip, Value: "127.0.0.1"})
	}
	return out
}

// printOnSignal prints the status of every object when SIGUSR1 comes, until the returned
// function is called.
func printOnSignal(p *controlplane.Pipeline, log *slog.Logger) func() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for range signals {
			if err := printTable(os.Stderr, p.Statuses()); err != nil {
				log.Warn("status could not be printed", "error", fmt.Sprint(err))
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
	}
}
