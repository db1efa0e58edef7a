package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/fairlead-mesh/fairlead/test/bench/report"
)

// benchmark is one section of the report.
type benchmark struct {
	name  string
	title string
	run   func(ctx context.Context, lab *lab) (string, error) // returns Markdown
}

func benchmarks() []benchmark {
	return []benchmark{
		{"proxy", "Cost of a proxied request", compare},
		{"idle", "Memory of idle connections", idle},
		{"startup", "Many routes: start and change", startup},
		{"split", "Weighted split", split},
		{"reload", "Changes under load", reload},
	}
}

func benchmarkNames() []string {
	var names []string
	for _, b := range benchmarks() {
		names = append(names, b.name)
	}
	return names
}

func main() {
	options, err := parseOptions(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
		err = run(ctx, options)
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures what is asked for and writes the report, also of what was measured before an error.
func run(ctx context.Context, options options) error {
	ctx, cancel := context.WithTimeout(ctx, options.timeout)
	defer cancel()
	machine := report.Here(ctx, ".") // before building raises the load average
	lab, err := newLab(ctx, options)
	if err != nil {
		return err
	}
	defer lab.close()
	var out strings.Builder
	fmt.Fprint(&out, machine, lab.programList(), "\n")
	var faults []error
	for _, b := range benchmarks() {
		if !slices.Contains(options.only, b.name) || ctx.Err() != nil {
			continue
		}
		lab.say("%s", b.title)
		section, err := b.run(ctx, lab)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", b.name, err))
			section = fmt.Sprintf("Not measured: %v\n", err)
		}
		fmt.Fprintf(&out, "## %s\n\n%s\n", b.title, section)
	}
	faults = append(faults, publish(out.String(), options.out, os.Stdout), ctx.Err())
	return errors.Join(faults...)
}

// publish writes the report to a stream and, if it is named, to a file.
func publish(text, file string, stream io.Writer) error {
	_, err := io.WriteString(stream, text)
	if file == "" {
		return err
	}
	return errors.Join(err, os.WriteFile(file, []byte(text), 0o644)) //nolint:gosec // G306: a report is for everyone to read
}
