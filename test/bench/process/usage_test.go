package process

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const after = " S 7 42 42 0 -1 4194560 900 0 1 0 250 125 3 4 20 0 9 0 100 5000 600 18446744073709551615"

func TestParseStat(t *testing.T) {
	want := stat{parent: 7, user: 2500 * time.Millisecond, system: 1250 * time.Millisecond}
	tests := []struct {
		name string
		line string
		want stat
		err  string
	}{
		{name: "plain name", line: "42 (nginx)" + after, want: want},
		{name: "name with spaces and parentheses", line: "42 (a) R 1 (b))" + after, want: want},
		{name: "no name", line: "42 nginx S 7", err: "no program name"},
		{name: "cut short", line: "42 (nginx) S 7 42", err: "3 fields after the name, need 13"},
		{name: "no number", line: "42 (nginx) S 7 42 42 0 -1 4194560 900 0 1 0 x 125", err: "field 14"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseStat([]byte(tt.line))
			checkError(t, err, tt.err)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(stat{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseRollup(t *testing.T) {
	tests := []struct {
		name string
		text string
		want int64
		err  string
	}{
		{name: "first of many", text: "55d-7ff ---p 0 00:00 0 [rollup]\nRss:      2048 kB\nPss:  12 kB\n", want: 2 << 20},
		{name: "missing", text: "Pss:  12 kB\n", err: "no Rss line"},
		{name: "no number", text: "Rss: many kB\n", err: "Rss"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseRollup([]byte(tt.text))
			checkError(t, err, tt.err)
			if got != tt.want {
				t.Errorf("got %d bytes, want %d", got, tt.want)
			}
		})
	}
}

func TestFamily(t *testing.T) {
	proc := t.TempDir()
	for pid, parent := range map[int]int{1: 0, 10: 1, 11: 10, 12: 10, 13: 12, 20: 1} {
		dir := filepath.Join(proc, strconv.Itoa(pid))
		line := fmt.Sprintf("%d (p) S %d 0 0 0 0 0 0 0 0 0 0 0", pid, parent)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "stat"), []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := family(proc, 10)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	if diff := cmp.Diff([]int{10, 11, 12, 13}, got); diff != "" {
		t.Error(diff)
	}
}

// TestProcess starts a shell with a child: both are counted, and both are gone after Stop.
func TestProcess(t *testing.T) {
	output := filepath.Join(t.TempDir(), "output")
	p, err := Start(Command{
		Path:   "/bin/sh",
		Args:   []string{"-c", `trap 'kill $!; exit 3' TERM; sleep 600 & echo "$WORD"; wait`},
		Env:    []string{"WORD=started"},
		Output: output,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	for usage := (Usage{}); usage.Processes < 2 || p.OutputSize() == 0; {
		if usage, err = p.Usage(); err != nil {
			t.Fatalf("%v; %v", err, p.Failure())
		}
		if usage.RSS <= 0 {
			t.Fatalf("resident bytes: %d", usage.RSS)
		}
	}
	if got := p.Failure().Error(); !strings.Contains(got, "still running") || !strings.Contains(got, "started") {
		t.Errorf("failure of a running process: %s", got)
	}
	p.Stop()
	if got := p.Failure().Error(); !strings.Contains(got, "exit status 3") {
		t.Errorf("failure of an ended process: %s", got)
	}
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Fatal(err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Fatalf("error %v, want one that says %q", err, want)
	}
}
