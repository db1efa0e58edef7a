package http2

import (
	"testing"

	"golang.org/x/net/http2"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// Rows B1 to B5 of the attacks: each is ended with GOAWAY and counted, and other clients
// are served.
func TestFloods(t *testing.T) {
	const many = 200_000
	tests := []struct {
		name   string
		attack func(c *client, i uint32) error
		reason string
	}{
		{"rapid reset", func(c *client, i uint32) error {
			c.request(2*i+1, true, plain...)
			return c.fr.WriteRSTStream(2*i+1, http2.ErrCodeCancel)
		}, ReasonPrematureResets},
		{"made you reset by window update 0", func(c *client, i uint32) error {
			c.request(2*i+1, false, plain...)
			return c.fr.WriteRawFrame(http2.FrameWindowUpdate, 0, 2*i+1, make([]byte, 4))
		}, ReasonPrematureResets},
		{"made you reset by window overflow", func(c *client, i uint32) error {
			c.request(2*i+1, false, plain...)
			return c.fr.WriteWindowUpdate(2*i+1, 1<<31-1)
		}, ReasonPrematureResets},
		{"made you reset by a bad length", func(c *client, i uint32) error {
			c.request(2*i+1, false, with("content-length", "1")...)
			return c.fr.WriteData(2*i+1, true, []byte("xx"))
		}, ReasonPrematureResets},
		{"made you reset by self-dependency", func(c *client, i uint32) error {
			c.request(2*i+1, false, plain...)
			return c.fr.WritePriority(2*i+1, http2.PriorityParam{StreamDep: 2*i + 1})
		}, ReasonPrematureResets},
		{"malformed requests", func(c *client, i uint32) error {
			c.request(2*i+1, true, with("te", "x")...)
			return c.fr.WriteRSTStream(2*i+1, http2.ErrCodeCancel)
		}, ReasonPrematureResets},
		{"empty continuations", func(c *client, i uint32) error {
			if i == 0 {
				return c.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.encode(plain...)})
			}
			return c.fr.WriteContinuation(1, false, nil)
		}, ReasonContinuationFlood},
		{"small continuations", func(c *client, i uint32) error {
			if i == 0 {
				return c.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.encode(plain...)})
			}
			return c.fr.WriteContinuation(1, false, []byte{0x82})
		}, ReasonContinuationFlood},
		{"endless continuations", func(c *client, i uint32) error {
			if i == 0 {
				return c.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.encode(plain...)})
			}
			full := make([]byte, 16<<10)
			for j := range full {
				full[j] = 0x82
			}
			return c.fr.WriteContinuation(1, false, full)
		}, ReasonContinuationFlood},
		{"empty data", func(c *client, i uint32) error {
			if i == 0 {
				c.request(1, false, plain...)
			}
			return c.fr.WriteData(1, false, nil)
		}, ReasonEmptyDataFlood},
		{"padding alone", func(c *client, i uint32) error {
			if i == 0 {
				c.request(1, false, plain...)
			}
			return c.fr.WriteDataPadded(1, false, nil, make([]byte, 10))
		}, ReasonEmptyDataFlood},
		{"pings", func(c *client, i uint32) error {
			return c.fr.WritePing(false, [8]byte{})
		}, ReasonControlFlood},
		{"settings", func(c *client, i uint32) error {
			return c.fr.WriteSettings()
		}, ReasonControlFlood},
		{"priorities", func(c *client, i uint32) error {
			return c.fr.WritePriority(2*i+1, http2.PriorityParam{})
		}, ReasonControlFlood},
		{"window updates", func(c *client, i uint32) error {
			return c.fr.WriteWindowUpdate(0, 1)
		}, ReasonControlFlood},
		{"unknown frames", func(c *client, i uint32) error {
			return c.fr.WriteRawFrame(0xbb, 0, 0, nil)
		}, ReasonControlFlood},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// Handlers are slow, so that a reset finds them running.
			release := make(chan struct{})
			r := newRig(t, nil, func(ex *exchange.Exchange) {
				<-release
				swallow(ex)
			})
			c := newClient(t, r.dial(t))
			sent := uint32(0)
			for ; sent < many; sent++ {
				if tt.attack(c, sent) != nil {
					break
				}
			}
			if sent == many {
				t.Error("every frame was taken")
			}
			close(release)
			c.until("closed")
			// Who reads slowly is stopped by the queue of answers before the count of frames.
			if got := r.server.Refusals(tt.reason) + r.server.Refusals(ReasonOutputFlood); got != 1 {
				t.Errorf("%s counted %d times", tt.reason, got)
			}
			if most := int64(maxHandlers + 1); r.calls.Load() > most {
				t.Errorf("%d handlers ran", r.calls.Load())
			}
			r.wantService(t)
		})
	}
}
