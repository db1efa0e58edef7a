package http2

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
	"github.com/fairlead-mesh/fairlead/listener"
)

// tape is a connection that says what is on it and takes anything.
type tape struct {
	io.Reader
	net.Conn // nil: what is not overridden is not called
}

func (t *tape) Read(p []byte) (int, error)       { return t.Reader.Read(p) }
func (t *tape) Write(p []byte) (int, error)      { return len(p), nil }
func (t *tape) Close() error                     { return nil }
func (t *tape) SetReadDeadline(time.Time) error  { return nil }
func (t *tape) SetWriteDeadline(time.Time) error { return nil }
func (t *tape) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (t *tape) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// Whatever comes after the preface, serving ends, nothing panics, and what a handler sees
// has the form that routing relies on.
func FuzzFrames(f *testing.F) {
	f.Add([]byte(nil))
	for _, fields := range [][]string{plain, with("cookie", "a", "cookie", "b"), with("te", "gzip")} {
		var b bytes.Buffer
		fr := http2.NewFramer(&b, nil)
		c := newEncoder(f)
		_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.encode(fields...), EndHeaders: true})
		_ = fr.WriteDataPadded(1, false, []byte("content"), []byte{0})
		_ = fr.WriteWindowUpdate(1, 5)
		_ = fr.WritePriority(3, http2.PriorityParam{StreamDep: 1})
		_ = fr.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.encode("x-sum", "1"), EndStream: true})
		_ = fr.WriteContinuation(1, true, c.encode("a", "b"))
		_ = fr.WritePing(false, [8]byte{})
		_ = fr.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1})
		_ = fr.WriteRSTStream(1, http2.ErrCodeCancel)
		_ = fr.WriteGoAway(0, 0, nil)
		f.Add(b.Bytes())
	}
	s := newServer(f, func(ex *exchange.Exchange) {
		if len(ex.Path) == 0 || ex.Path[0] != '/' && string(ex.Path) != "*" || len(ex.Host) == 0 {
			panic("a request without a path or a host")
		}
		relay(ex)
	})
	settings, err := listener.NewSettings()
	if err != nil {
		f.Fatal(err)
	}
	var current atomic.Pointer[listener.Settings]
	current.Store(settings)
	start := wire.HTTP2Preface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"
	f.Fuzz(func(t *testing.T, frames []byte) {
		in := io.MultiReader(bytes.NewReader([]byte(start)), bytes.NewReader(frames))
		s.Serve(listener.NewConn(&tape{Reader: in}, 80, &current))
		if n := s.Stats.Panics.Load(); n > 0 {
			t.Fatalf("%d panics", n)
		}
	})
}
