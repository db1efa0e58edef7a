package gateway

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/listener"
)

// pipeEnd is one side of an Exchange over a net.Pipe.
type pipeEnd struct{ net.Conn }

func (p pipeEnd) CloseWrite() error                     { return p.Close() }
func (p pipeEnd) Tunnel() (exchange.Duplex, error)      { return p, nil }
func (pipeEnd) WriteInformational(*exchange.Head) error { return nil }
func (pipeEnd) WriteResponse(*exchange.Exchange) error  { return nil }
func (pipeEnd) Release(*exchange.Exchange)              {}
func (p pipeEnd) send(t *testing.T, s string, to net.Conn) { // and waits until it has come
	t.Helper()
	go func() { _, _ = io.WriteString(p, s) }()
	b := make([]byte, len(s))
	if _, err := io.ReadFull(to, b); err != nil || string(b) != s {
		t.Fatalf("%q, %v", b, err)
	}
}

func TestTunnelIdle(t *testing.T) {
	const idle = 300 * time.Second
	tests := []struct {
		name string
		use  func(t *testing.T, client, origin pipeEnd)
		last time.Duration // when bytes last went
	}{
		{"silent from the start", func(*testing.T, pipeEnd, pipeEnd) {}, 0},
		{"only the client talks", func(t *testing.T, client, origin pipeEnd) {
			for range 10 {
				time.Sleep(299 * time.Second)
				client.send(t, "x", origin)
			}
		}, 2990 * time.Second},
		{"only the origin talks", func(t *testing.T, client, origin pipeEnd) {
			for range 10 {
				time.Sleep(299 * time.Second)
				origin.send(t, "x", client)
			}
		}, 2990 * time.Second},
		{"a client that does not read", func(_ *testing.T, _, origin pipeEnd) {
			go func() { _, _ = origin.Write([]byte("stuck")) }()
		}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, down := net.Pipe()
				up, origin := net.Pipe()
				defer client.Close()
				defer origin.Close()
				g := &Gateway{stats: listener.NewStats()}
				ex := exchange.Get()
				ex.Downstream, ex.Upstream = pipeEnd{down}, pipeEnd{up}
				start := time.Now()
				ended := make(chan time.Duration)
				go func() {
					g.tunnel(ex, idle)
					ended <- time.Since(start)
				}()
				tt.use(t, pipeEnd{client}, pipeEnd{origin})
				took := <-ended
				if least, most := tt.last+idle, tt.last+idle+3*idle/tunnelSteps+time.Second; took < least || took > most {
					t.Errorf("ended after %v, want %v to %v", took, least, most)
				}
				if ex.Failure != errTunnelIdle || g.stats.Refused(listener.ReasonStreamIdle) != 1 {
					t.Errorf("failure %v, counted %d", ex.Failure, g.stats.Refused(listener.ReasonStreamIdle))
				}
			})
		})
	}
}
