package http2

import (
	"encoding/binary"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// asker sends one request after another and reads their responses.
type asker struct {
	t       testing.TB
	conn    io.ReadWriter
	request []byte
	buf     []byte
	id      uint32
}

func newAsker(t testing.TB, r *rig) *asker {
	c := newEncoder(t)
	a := &asker{t: t, conn: r.dial(t), buf: make([]byte, 64<<10), id: 1}
	c.encode(with("user-agent", "probe/1.0", "accept", "*/*")...)
	section := c.encode(with("user-agent", "probe/1.0", "accept", "*/*")...)
	a.request = wire.AppendFrameHeader(nil, wire.FrameHeader{
		Length: len(section), Type: wire.FrameHeaders, Flags: wire.FlagEndHeaders | wire.FlagEndStream,
	})
	a.request = append(a.request, section...)
	// The first section fills the dynamic table that the others refer to.
	first := newEncoder(t).encode(with("user-agent", "probe/1.0", "accept", "*/*")...)
	start := wire.AppendFrameHeader([]byte(wire.HTTP2Preface), wire.FrameHeader{Type: wire.FrameSettings})
	start = wire.AppendWindowUpdate(start, 0, 1<<30)
	start = wire.AppendFrameHeader(start, wire.FrameHeader{
		Length: len(first), Type: wire.FrameHeaders, Flags: wire.FlagEndHeaders | wire.FlagEndStream, Stream: a.id,
	})
	a.exchange(append(start, first...))
	return a
}

func (a *asker) ask() {
	a.id += 2
	binary.BigEndian.PutUint32(a.request[5:], a.id)
	a.exchange(a.request)
}

// exchange writes and reads up to the end of a stream.
func (a *asker) exchange(request []byte) {
	if _, err := a.conn.Write(request); err != nil {
		a.t.Fatal(err)
	}
	for have := 0; ; {
		n, err := a.conn.Read(a.buf[have:])
		if err != nil {
			a.t.Fatal(err)
		}
		have += n
		at := 0
		for have-at >= wire.FrameHeaderSize {
			h := wire.ParseFrameHeader(a.buf[at:])
			if have-at < wire.FrameHeaderSize+h.Length {
				break
			}
			at += wire.FrameHeaderSize + h.Length
			if h.Type == wire.FrameData && h.Flags.Has(wire.FlagEndStream) {
				return
			}
		}
		have = copy(a.buf, a.buf[at:have])
	}
}

// maxAllocs is what a request may allocate: its goroutine above all.
const maxAllocs = 4

func TestAllocations(t *testing.T) {
	if raceEnabled {
		return // the detector allocates
	}
	r := newRig(t, nil, swallow)
	a := newAsker(t, r)
	if got := testing.AllocsPerRun(2000, a.ask); got > maxAllocs {
		t.Errorf("%v allocations for a request, want %d at most", got, maxAllocs)
	} else {
		t.Logf("%v allocations for a request", got)
	}
}

func BenchmarkRequest(b *testing.B) {
	a := newAsker(b, newRig(b, nil, swallow))
	b.ReportAllocs()
	for b.Loop() {
		a.ask()
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// maxHeld is what one connection may make us hold.
const maxHeld = 2 << 20

// Rows B5 and B6: what a connection can make us hold while its handlers do not read.
func TestMemoryHeld(t *testing.T) {
	// The crumbs are a byte each but for the first: references to the dynamic table.
	bomb := with(slices.Repeat([]string{"cookie", strings.Repeat("x", 3900)}, 16)...)
	tests := []struct {
		name   string
		attack func(c *client)
	}{
		{"windows full", func(c *client) {
			for i := range uint32(100) {
				c.request(2*i+1, false, plain...)
			}
			for i := range uint32(16) {
				for range 4 {
					_ = c.fr.WriteData(2*i+1, false, make([]byte, 16<<10))
				}
			}
		}},
		{"a byte each", func(c *client) {
			for i := range uint32(100) {
				c.request(2*i+1, false, plain...)
				_ = c.fr.WriteData(2*i+1, false, []byte{0})
			}
		}},
		{"header bomb", func(c *client) {
			for i := range uint32(100) {
				c.request(2*i+1, false, bomb...)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			release := make(chan struct{})
			r := newRig(t, nil, func(ex *exchange.Exchange) {
				<-release
				swallow(ex)
			})
			c := newClient(t, r.dial(t), http2.Setting{ID: http2.SettingInitialWindowSize})
			_ = c.fr.WritePing(false, [8]byte{1})
			c.until("ping")
			before := heap()
			tt.attack(c)
			_ = c.fr.WritePing(false, [8]byte{2})
			c.until("ping")
			held := int64(heap()) - int64(before)
			t.Logf("%d KiB held", held>>10)
			if held > maxHeld {
				t.Errorf("%d bytes held, want %d at most", held, maxHeld)
			}
			close(release)
		})
	}
}
