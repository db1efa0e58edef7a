package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in /proc/PID/stat: USER_HZ, 100 on every architecture that Go runs on.
const tick = time.Second / 100

// Usage is what a program and its descendants have used.
type Usage struct {
	User      time.Duration // CPU time in user mode, in steps of 10 ms
	System    time.Duration // CPU time in the kernel, in steps of 10 ms
	RSS       int64         // resident bytes; pages shared by several processes count in each
	Processes int
}

// CPU is the time in both modes.
func (u Usage) CPU() time.Duration { return u.User + u.System }

// Usage reads the present usage of the program and of every descendant.
func (p *Process) Usage() (Usage, error) {
	pids, err := family("/proc", p.PID)
	if err != nil {
		return Usage{}, err
	}
	var sum Usage
	for _, pid := range pids {
		one, err := usageOf(filepath.Join("/proc", strconv.Itoa(pid)))
		if err != nil {
			return Usage{}, fmt.Errorf("process %d: %w", pid, err)
		}
		sum.User += one.User
		sum.System += one.System
		sum.RSS += one.RSS
		sum.Processes++
	}
	return sum, nil
}

// usageOf reads one process from its directory below /proc.
func usageOf(dir string) (Usage, error) {
	line, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return Usage{}, err
	}
	stat, err := parseStat(line)
	if err != nil {
		return Usage{}, err
	}
	// statm and stat are off by up to a page batch for each CPU; the roll-up walks the page tables.
	rollup, err := os.ReadFile(filepath.Join(dir, "smaps_rollup"))
	if err != nil {
		return Usage{}, err
	}
	rss, err := parseRollup(rollup)
	if err != nil {
		return Usage{}, err
	}
	return Usage{User: stat.user, System: stat.system, RSS: rss}, nil
}

// stat is what is needed of /proc/PID/stat (proc_pid_stat(5)).
type stat struct {
	parent       int
	user, system time.Duration
}

// parseStat reads a line of /proc/PID/stat. The second field is the program's name in parentheses and may
// hold spaces and parentheses itself, so fields are counted from the last ")".
func parseStat(line []byte) (stat, error) {
	_, after, ok := bytes.CutLast(line, []byte{')'})
	if !ok {
		return stat{}, errors.New("stat: no program name")
	}
	fields := strings.Fields(string(after)) // from field 3, the state
	const parent, user, system = 4 - 3, 14 - 3, 15 - 3
	if len(fields) <= system {
		return stat{}, fmt.Errorf("stat: %d fields after the name, need %d", len(fields), system+1)
	}
	var numbers [3]int64
	for i, field := range [...]int{parent, user, system} {
		number, err := strconv.ParseInt(fields[field], 10, 64)
		if err != nil {
			return stat{}, fmt.Errorf("stat: field %d: %w", field+3, err)
		}
		numbers[i] = number
	}
	return stat{
		parent: int(numbers[0]),
		user:   time.Duration(numbers[1]) * tick,
		system: time.Duration(numbers[2]) * tick,
	}, nil
}

// parseRollup reads the resident bytes from /proc/PID/smaps_rollup.
func parseRollup(text []byte) (int64, error) {
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[0] != "Rss:" || fields[2] != "kB" {
			continue
		}
		kib, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("smaps_rollup: Rss: %w", err)
		}
		return kib << 10, nil
	}
	return 0, errors.New("smaps_rollup: no Rss line")
}

// family lists pid and all its descendants, by the parents that proc (a mounted /proc) names.
func family(proc string, pid int) ([]int, error) {
	lines, err := filepath.Glob(filepath.Join(proc, "[0-9]*", "stat"))
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, path := range lines {
		line, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		stat, err := parseStat(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return nil, err
		}
		children[stat.parent] = append(children[stat.parent], child)
	}
	found := []int{pid}
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i]]...)
	}
	return found, nil
}
