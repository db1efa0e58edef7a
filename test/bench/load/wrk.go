package load

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"time"
)

// Wrk is one run of wrk.
type Wrk struct {
	Path        string // of the program
	Threads     int
	Connections int
	Duration    time.Duration // whole seconds
}

// Run loads the URL and returns what wrk reports.
func (w Wrk) Run(ctx context.Context, url string) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, w.Duration+30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.Path,
		"--threads", strconv.Itoa(w.Threads),
		"--connections", strconv.Itoa(w.Connections),
		"--duration", strconv.Itoa(int(w.Duration.Seconds()))+"s",
		"--latency", url)
	text, err := cmd.CombinedOutput()
	if err != nil {
		return Result{}, fmt.Errorf("wrk: %w: %s", err, text)
	}
	result, err := Parse(string(text))
	if err != nil {
		return Result{}, fmt.Errorf("wrk: %w in its report:\n%s", err, text)
	}
	return result, nil
}
