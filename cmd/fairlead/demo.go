package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/fairlead-mesh/fairlead/gateway"
)

//go:embed demo
var demoFiles embed.FS

// demoServices are the backends of the giropops scenario.
var demoServices = []string{"nginx-giropops", "nginx-giropops-v2", "nginx-strigus"}

func newDemo() *cobra.Command {
	o := runOptions{process: gateway.ProcessOptions{PortOffset: 8000}}
	dir := ""
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Serve a sample scenario with backends of its own",
		Long: `Demo starts three echo servers and the appliance in front of them, configured by
manifests as users write them: Istio's on port 80, Gateway API's with a canary on
port 81 (8080 and 8081 with the default offset). Edit the files it names and watch
the change take effect. It ends with Ctrl-C and leaves nothing behind unless --dir
is given.`,
		Example: `  fairlead demo
  fairlead demo --dir ./demo --port-offset 9000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo(cmd.Context(), cmd.OutOrStdout(), o, dir)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "keep the manifests in this directory (default: a temporary one)")
	o.flags(cmd.Flags())
	return cmd
}

func demo(ctx context.Context, out io.Writer, o runOptions, dir string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if dir == "" {
		temp, err := os.MkdirTemp("", "fairlead-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp) //nolint:errcheck // what stays among temporary files harms nobody
		dir = temp
	}
	if err := writeDemo(ctx, dir); err != nil {
		return err
	}
	o.paths = []string{dir}
	o.started = func() { printDemo(out, dir, o.process.PortOffset) }
	return run(ctx, o)
}

// writeDemo starts the backends and writes the manifests.
func writeDemo(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	type service struct {
		Name string
		Port int
	}
	var services []service
	for _, name := range demoServices {
		e, err := startEcho(ctx, name)
		if err != nil {
			return err
		}
		services = append(services, service{name, e.port})
	}
	for _, name := range []string{"giropops.yaml", "canary.yaml"} {
		b, err := demoFiles.ReadFile("demo/" + name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return err
		}
	}
	t, err := template.ParseFS(demoFiles, "demo/services.yaml.tmpl")
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, map[string]any{"Services": services}); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "services.yaml"), b.Bytes(), 0o600)
}

func printDemo(out io.Writer, dir string, offset int) {
	fmt.Fprintf(out, `
Fairlead serves the giropops scenario.

  Istio's API        curl http://localhost:%[1]d/giropops
                     curl 'http://localhost:%[1]d/giropops/x?y=z'
                     curl http://localhost:%[1]d/strigus
  Gateway API, 90/10 curl http://localhost:%[2]d/giropops
  some load          hey -n 1000 -c 10 http://localhost:%[1]d/giropops
                     (go run github.com/rakyll/hey@v0.1.5 -n 1000 -c 10 http://localhost:%[1]d/giropops)

  the manifests      %[3]s   (edit them: changes are live at once)

Ctrl-C ends it.
`, 80+offset, 81+offset, dir)
}
