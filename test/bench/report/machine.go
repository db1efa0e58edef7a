package report

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Busy is the load average above which a machine is too busy to measure on.
const Busy = 0.5

// Machine is where a measurement was made.
type Machine struct {
	Kernel   string
	CPU      string
	Cores    int
	MemoryKB int64
	Load     float64 // average of the last minute, before the run
	Go       string
	Revision string // of this tree; "+" if it is changed
	Time     time.Time
}

// Here reads the facts about this machine and about the tree in dir. What cannot be read is "unknown".
func Here(ctx context.Context, dir string) Machine {
	m := Machine{
		Kernel: strings.TrimSpace(read("/proc/sys/kernel/osrelease")),
		CPU:    valueOf(read("/proc/cpuinfo"), "model name"),
		Cores:  runtime.NumCPU(),
		Go:     runtime.Version(),
		Time:   time.Now().UTC(),
	}
	memory, _, _ := strings.Cut(valueOf(read("/proc/meminfo"), "MemTotal"), " ")
	m.MemoryKB, _ = strconv.ParseInt(memory, 10, 64)
	average, _, _ := strings.Cut(read("/proc/loadavg"), " ")
	m.Load, _ = strconv.ParseFloat(average, 64)
	cmd := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty=+", "--exclude=*")
	cmd.Dir = dir
	m.Revision = "unknown"
	if text, err := cmd.Output(); err == nil {
		m.Revision = strings.TrimSpace(string(text))
	}
	return m
}

// String is a Markdown list.
func (m Machine) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "- %s, revision %s\n", m.Time.Format("2006-01-02 15:04 UTC"), m.Revision)
	fmt.Fprintf(&out, "- Linux %s, %s, %d cores, %.1f GiB\n", m.Kernel, m.CPU, m.Cores, float64(m.MemoryKB)/(1<<20))
	fmt.Fprintf(&out, "- %s; load average before the run %.2f", m.Go, m.Load)
	if m.Load > Busy {
		fmt.Fprintf(&out, ": **the machine was busy, the figures are noise**")
	}
	out.WriteString("\n")
	return out.String()
}

func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	return string(text)
}

// valueOf finds "name : value" in a file of /proc.
func valueOf(text, name string) string {
	for line := range strings.Lines(text) {
		key, value, found := strings.Cut(line, ":")
		if found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
