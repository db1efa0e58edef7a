package process

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// grace is how long a program may take to end when asked, before it is killed.
const grace = 5 * time.Second

// Command is a program to start.
type Command struct {
	Path   string
	Args   []string
	Env    []string // in addition to the harness's own
	Output string   // file that takes standard output and standard error
}

// Process is a running program with all its descendants.
type Process struct {
	PID    int
	output string
	stop   sync.Once
	ended  chan struct{} // closed when the program has been waited for
	err    error         // of the wait; read after ended
}

// Start starts a program as the leader of its own process group.
func Start(command Command) (*Process, error) {
	output, err := os.OpenFile(command.Output, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	cmd := exec.Command(command.Path, command.Args...)
	cmd.Env = append(os.Environ(), command.Env...)
	cmd.Stdout, cmd.Stderr = output, output
	// nginx and others end their own children on SIGTERM, which they would not on SIGKILL.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{PID: cmd.Process.Pid, output: command.Output, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// Ended is closed when the program is gone.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Stop asks the program to end, kills its group if it does not, and waits.
func (p *Process) Stop() {
	p.stop.Do(func() {
		select {
		case <-p.ended:
			return
		default:
		}
		// The group still exists: its leader has not been waited for.
		_ = syscall.Kill(p.PID, syscall.SIGTERM)
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-p.ended:
		case <-timer.C:
			_ = syscall.Kill(-p.PID, syscall.SIGKILL)
		}
	})
	<-p.ended
}

// OutputSize is the number of bytes the program has written so far.
func (p *Process) OutputSize() int64 {
	stat, err := os.Stat(p.output)
	if err != nil {
		return 0
	}
	return stat.Size()
}

// Failure describes a program that is in trouble: how it ended, if it did, and the end of its output.
func (p *Process) Failure() error {
	state := "still running"
	select {
	case <-p.ended:
		state = "ended: exit status 0"
		if p.err != nil {
			state = "ended: " + p.err.Error()
		}
	default:
	}
	return fmt.Errorf("process %d %s; its last output: %s", p.PID, state, p.tail(2000))
}

// tail returns at most the last size bytes of the output, on one line.
func (p *Process) tail(size int64) string {
	file, err := os.Open(p.output)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	_, _ = file.Seek(max(0, p.OutputSize()-size), io.SeekStart)
	text, err := io.ReadAll(io.LimitReader(file, size))
	if err != nil {
		return err.Error()
	}
	if len(text) == 0 {
		return "none"
	}
	return strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", " | ")
}
