package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSummarise(t *testing.T) {
	tests := []struct {
		name   string
		values []float64
		want   Summary
		spread string
	}{
		{name: "one", values: []float64{13.25}, want: Summary{13.25, 13.25, 13.25}, spread: "13.2 (13.2–13.2)"},
		{name: "odd, unsorted", values: []float64{3, 1, 2}, want: Summary{2, 1, 3}, spread: "2.0 (1.0–3.0)"},
		{name: "even", values: []float64{4, 1, 2, 3}, want: Summary{2.5, 1, 4}, spread: "2.5 (1.0–4.0)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Summarise(tt.values)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if spread := got.Spread(1); spread != tt.spread {
				t.Errorf("spread %q, want %q", spread, tt.spread)
			}
		})
	}
}

func TestPercentile(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = 100 - i
	}
	tests := []struct {
		name   string
		values []int
		share  float64
		want   int
	}{
		{name: "one value", values: []int{7}, share: 0.99, want: 7},
		{name: "least", values: hundred, share: 0, want: 1},
		{name: "median", values: hundred, share: 0.5, want: 50},
		{name: "p99", values: hundred, share: 0.99, want: 99},
		{name: "p99 of few is the greatest", values: []int{5, 9, 1}, share: 0.99, want: 9},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Percentile(tt.values, tt.share); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestBar(t *testing.T) {
	tests := []struct {
		name   string
		figure float64
		want   string
	}{
		{name: "below", figure: 1.125, want: "**PASS**: 1.125 ×, bar 1.25"},
		{name: "on the bar", figure: 1.25, want: "**PASS**: 1.25 ×, bar 1.25"},
		{name: "above", figure: 1.5, want: "**short by 0.25 ×**: 1.5, bar 1.25"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Bar(tt.figure, 1.25, "×"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTable(t *testing.T) {
	table := Table{Header: []string{"proxy", "µs"}}
	table.Add("nginx", "13.4 (13.1–13.9)")
	table.Add("a longer name")
	want := strings.TrimPrefix(`
| proxy         |               µs |
| ------------- | ---------------: |
| nginx         | 13.4 (13.1–13.9) |
| a longer name |                  |
`, "\n")
	if diff := cmp.Diff(want, table.String()); diff != "" {
		t.Error(diff)
	}
}

func TestMachine(t *testing.T) {
	m := Machine{
		Kernel: "6.1.0", CPU: "Some CPU", Cores: 2, MemoryKB: 8 << 20, Load: 0.04, Go: "go1.27.3", Revision: "abc1234",
		Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	want := "- 2026-01-02 03:04 UTC, revision abc1234\n- Linux 6.1.0, Some CPU, 2 cores, 8.0 GiB\n" +
		"- go1.27.3; load average before the run 0.04\n"
	if diff := cmp.Diff(want, m.String()); diff != "" {
		t.Error(diff)
	}
	m.Load = 3
	if got := m.String(); !strings.Contains(got, "busy") {
		t.Errorf("a busy machine is not named:\n%s", got)
	}
	if got := valueOf("processor : 0\nmodel name\t: Some CPU\n", "model name"); got != "Some CPU" {
		t.Errorf("value of a line in /proc/cpuinfo: %q", got)
	}
}
