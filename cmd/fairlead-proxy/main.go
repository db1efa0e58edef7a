// Command fairlead-proxy is the data plane alone. It knows the contract and no API of
// Kubernetes: here it is fed by hand, with resources in their YAML form.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/fairlead-mesh/fairlead/gateway"
	"github.com/fairlead-mesh/fairlead/gateway/discovery"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newRoot().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "fairlead-proxy:", err)
		os.Exit(1)
	}
}

func newRoot() *cobra.Command {
	o := gateway.ProcessOptions{Version: version, LogOutput: os.Stderr}
	var paths []string
	cmd := &cobra.Command{
		Use:   "fairlead-proxy",
		Short: "The data plane: serves the configuration it is given",
		Long: `Fairlead-proxy serves resources of the contract (fairlead.config.v1) from files in
their YAML form, such as a running proxy prints at /config. SIGHUP reads the files
again; what changed in them is applied without losing a request, and a file that
cannot be read changes nothing.`,
		Example: `  fairlead-proxy --config resources.yaml --port-offset 8000
  curl -s localhost:15000/config > resources.yaml`,
		Version: version, Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o, paths) },
	}
	f := cmd.Flags()
	f.StringSliceVar(&paths, "config", nil, "files of resources; none: an empty configuration")
	o.Flags(f)
	return cmd
}

func run(ctx context.Context, o gateway.ProcessOptions, paths []string) error {
	process, err := gateway.NewProcess(o)
	if err != nil {
		return err
	}
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGHUP)
	defer signal.Stop(again)
	feed := discovery.NewFiles(paths)
	return process.Run(ctx, func(ctx context.Context) error {
		for first := true; ; first = false {
			delta, err := feed.Read()
			switch {
			case err != nil && first:
				return err
			case err != nil:
				process.Log().Error("configuration not read; the last one stays", "error", err)
			case first || !delta.Empty():
				process.Gateway().Apply(ctx, delta)
			}
			select {
			case <-ctx.Done():
				if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
					return err
				}
				return nil
			case <-again:
			}
		}
	})
}
