package listener

import (
	"context"
	"log/slog"
	"testing"

	"golang.org/x/sys/unix"
)

// signalHandler tells a channel of every record.
type signalHandler struct {
	slog.Handler
	logged chan string
}

func (h *signalHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *signalHandler) Handle(_ context.Context, r slog.Record) error {
	select {
	case h.logged <- r.Message:
	default:
	}
	return nil
}

// TestRunningOutOfDescriptors takes the process's descriptors away while a client waits.
func TestRunningOutOfDescriptors(t *testing.T) {
	o := options(t, nil)
	logged := make(chan string, 1)
	o.Log = slog.New(&signalHandler{logged: logged})
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	conn := dial(t, s)

	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := unix.Rlimit{Cur: 3, Max: limit.Max}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	go s.Serve(greet)
	message := <-logged
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if n := o.Stats.AcceptExhausted.Load(); message != "accept failed" || n < 1 {
		t.Errorf("logged %q, counted %d", message, n)
	}
	wantGreeting(t, conn)
	conn.Close()
	if err := s.Drain(context.Background()); err != nil {
		t.Error(err)
	}
}
