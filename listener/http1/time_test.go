package http1

import (
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/deadline"
	"github.com/fairlead-mesh/fairlead/listener"
)

// piped runs client against a server in a bubble of fake time and returns the server.
func piped(t *testing.T, h handlerFunc, client func(t *testing.T, conn net.Conn)) *Server {
	var server *Server
	synctest.Test(t, func(t *testing.T) {
		sweeper := deadline.New()
		defer sweeper.Stop()
		server = &Server{
			Handler: h, Stats: listener.NewStats(), Sweeper: sweeper,
		}
		near, far := net.Pipe()
		var settings atomic.Pointer[listener.Settings]
		settings.Store(newSettings(t, shortTimeouts()))
		done := make(chan bool)
		go func() {
			defer close(done)
			server.Serve(listener.NewConn(far, 80, &settings))
		}()
		client(t, near)
		near.Close()
		<-done
		time.Sleep(2 * time.Second) // of fake time: drips find out
	})
	return server
}

func write(t *testing.T, conn net.Conn, s string) {
	t.Helper()
	if _, err := io.WriteString(conn, s); err != nil {
		t.Fatal(err)
	}
}

// readUntilClosed returns what comes and how long that took.
func readUntilClosed(t *testing.T, conn net.Conn) (string, time.Duration) {
	t.Helper()
	start := time.Now()
	b, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), time.Since(start)
}

func within(t *testing.T, what string, got, want time.Duration) {
	t.Helper()
	if got < want || got > want+4*deadline.Interval {
		t.Errorf("%s after %v, want %v", what, got, want)
	}
}

func TestFirstByteTimeout(t *testing.T) {
	s := piped(t, textPath, func(t *testing.T, conn net.Conn) {
		got, took := readUntilClosed(t, conn)
		within(t, "close", took, 10*time.Second)
		if got != "" {
			t.Errorf("got %q", got)
		}
	})
	if n := s.Stats.Refused(listener.ReasonFirstByte); n != 1 {
		t.Errorf("counted %d", n)
	}
}

func TestHeadTimeoutIsNotExtendedByDrips(t *testing.T) {
	s := piped(t, textPath, func(t *testing.T, conn net.Conn) {
		start := time.Now()
		go func() {
			for _, b := range []byte("GET / HTTP/1.1\r\nHost: example.com\r\n") {
				if _, err := conn.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		got, _ := readUntilClosed(t, conn)
		within(t, "answer", time.Since(start), 5*time.Second)
		if !strings.HasPrefix(got, "HTTP/1.1 408 ") || !strings.Contains(got, "Connection: close\r\n") {
			t.Errorf("got %q", got)
		}
	})
	if n := s.Stats.Refused(listener.ReasonHeadTimeout); n != 1 {
		t.Errorf("counted %d", n)
	}
}

func TestIdleTimeout(t *testing.T) {
	piped(t, textPath, func(t *testing.T, conn net.Conn) {
		write(t, conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		if _, err := conn.Read(make([]byte, 4096)); err != nil {
			t.Fatal(err)
		}
		got, took := readUntilClosed(t, conn)
		within(t, "close", took, 60*time.Second)
		if got != "" {
			t.Errorf("got %q", got)
		}
	})
}

func TestSlowBody(t *testing.T) {
	tests := []struct {
		name   string
		drip   int           // bytes each second
		pause  time.Duration // before the drip
		length string
		status string
		after  time.Duration
	}{
		// 5 s of grace, and each second's 100 bytes buy 100/240 s more.
		{"too slow", 100, 0, "100000", "408", 9 * time.Second},
		{"nothing", 0, 0, "100", "408", 5 * time.Second},
		{"fast enough", 1000, 0, "20000", "200", 19 * time.Second},
		// 100,000 bytes at once buy more than the idle time of a stream.
		{"then nothing", -100000, 0, "200000", "408", 30 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			piped(t, echoLength, func(t *testing.T, conn net.Conn) {
				start := time.Now()
				go func() {
					head := "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: " + tt.length + "\r\n\r\n"
					if _, err := io.WriteString(conn, head); err != nil {
						return
					}
					if tt.drip < 0 {
						_, _ = conn.Write(make([]byte, -tt.drip))
						return
					}
					for tt.drip > 0 {
						if _, err := conn.Write(make([]byte, tt.drip)); err != nil {
							return
						}
						time.Sleep(time.Second)
					}
				}()
				first := make([]byte, 4096)
				n, err := conn.Read(first)
				if err != nil {
					t.Fatal(err)
				}
				took := time.Since(start)
				if took < tt.after-time.Second || took > tt.after+time.Second {
					t.Errorf("after %v, want %v", took, tt.after)
				}
				if got := string(first[:n]); !strings.HasPrefix(got, "HTTP/1.1 "+tt.status) {
					t.Errorf("got %q", got)
				}
				conn.Close()
			})
		})
	}
}

func TestClientThatDoesNotRead(t *testing.T) {
	s := piped(t, textPath, func(t *testing.T, conn net.Conn) {
		write(t, conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		time.Sleep(40 * time.Second)
		if got, _ := readUntilClosed(t, conn); got != "" {
			t.Errorf("got %q", got)
		}
	})
	if n := s.Stats.Refused(listener.ReasonStreamIdle); n != 1 {
		t.Errorf("counted %d", n)
	}
}

func TestGenericConnPipelines(t *testing.T) {
	piped(t, textPath, func(t *testing.T, conn net.Conn) {
		go func() {
			_, _ = io.WriteString(conn, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		}()
		got, _ := readUntilClosed(t, conn)
		if strings.Count(got, "HTTP/1.1 200 OK") != 2 || !strings.HasSuffix(got, "/2") {
			t.Errorf("got %q", got)
		}
	})
}
