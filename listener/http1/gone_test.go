package http1

import (
	"io"
	"runtime"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/listener"
)

// interrupted is what a handler waits for.
type interrupted chan struct{}

func (i interrupted) Interrupt() { close(i) }

func TestClientGoneWhileServed(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Log("other systems notice when they write")
		return
	}
	request := "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	tests := []struct {
		name    string
		request string
		leave   func(c *client) error
	}{
		{"closed", request, func(c *client) error { return c.CloseWrite() }},
		{"closed after another request", request + request, func(c *client) error { return c.CloseWrite() }},
		{"reset", request, func(c *client) error {
			if err := c.SetLinger(0); err != nil {
				return err
			}
			return c.Close()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			serving, ended := make(chan struct{}), make(chan bool, 1)
			rig := newRig(t, nil, func(ex *exchange.Exchange) {
				i := make(interrupted)
				ex.Wait.Begin(i)
				close(serving)
				<-i
				ended <- ex.Wait.End()
			})
			c := rig.dial(t)
			c.send(tt.request)
			<-serving
			if err := tt.leave(c); err != nil {
				t.Fatal(err)
			}
			if !<-ended {
				t.Error("the wait ended, but was not cancelled")
			}
			if n := rig.server.Stats.Refused(listener.ReasonClientGone); n != 1 {
				t.Errorf("counted %d times", n)
			}
		})
	}
}

// A client that is there, or has only ended its direction where that is allowed, is waited
// with. The watch is called by hand, as often as it is in minutes.
func TestClientStillThere(t *testing.T) {
	tests := []struct {
		name      string
		halfClose bool
	}{{"waits", false}, {"has ended its direction", true}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rig := newRig(t, nil, func(ex *exchange.Exchange) {
				c := ex.Downstream.(*conn)
				if tt.halfClose { // wait for the end to be here
					if _, err := c.stream.Read(c.first[:]); err != io.EOF {
						t.Errorf("read: %v", err)
					}
				}
				ex.Wait.Begin(make(interrupted))
				for range 100 {
					c.expire()
				}
				if ex.Wait.End() {
					t.Error("cancelled")
				}
				textPath(ex)
			}, func(s *Server) { s.HalfClose = tt.halfClose })
			c := rig.dial(t)
			// The body, which nobody reads, has the request served outside the poller's call.
			c.send("POST /there HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
			if tt.halfClose {
				if err := c.CloseWrite(); err != nil {
					t.Fatal(err)
				}
			}
			if _, body := c.response("POST"); body != "/there" {
				t.Errorf("%q", body)
			}
		})
	}
}
