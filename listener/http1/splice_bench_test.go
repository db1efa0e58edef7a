package http1

import (
	"fmt"
	"io"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// copiedBody hides that its connection can be spliced.
type copiedBody struct {
	from *upstreamBody
	buf  []byte
}

func (c *copiedBody) Next() ([]byte, error) {
	n, err := c.from.conn.Read(c.buf[:min(c.from.left, int64(len(c.buf)))])
	c.from.left -= int64(n)
	return c.buf[:n], err
}

func (c *copiedBody) Trailers() *exchange.Fields { return nil }

// BenchmarkRelay relays content of some length from an origin, spliced or copied by way
// of 64 KiB: process CPU, both peers' share included, decides where splicing begins.
func BenchmarkRelay(b *testing.B) {
	for _, size := range []int64{64 << 10, 256 << 10, 1 << 20, 8 << 20} {
		for _, spliced := range []bool{false, true} {
			b.Run(fmt.Sprintf("%dKiB/spliced=%v", size>>10, spliced), func(b *testing.B) {
				origin := newOrigin(b, size)
				r := newRig(b, nil, func(ex *exchange.Exchange) {
					body := &upstreamBody{conn: origin, left: size}
					_, _ = origin.Write([]byte{1})
					ex.Response.Status, ex.Response.Framing = 200, exchange.FramingLength
					ex.Response.ContentLength = size
					ex.Response.Body = body
					if !spliced {
						ex.Response.Body = &copiedBody{from: body, buf: make([]byte, 64<<10)}
					}
					_ = ex.Downstream.WriteResponse(ex)
				})
				c := r.dial(b)
				b.SetBytes(size)
				start := cpuTime(b)
				for b.Loop() {
					c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
					skipHead(b, c)
					if _, err := io.CopyN(io.Discard, c.r, size); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N)/1000, "cpu-µs/op")
			})
		}
	}
}

func skipHead(b *testing.B, c *client) {
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			b.Fatal(err)
		}
		if len(line) == 2 {
			return
		}
	}
}

// newOrigin returns a connection on which each byte sent is answered by size bytes.
func newOrigin(b *testing.B, size int64) *net.TCPConn {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { near.Close(); far.Close() })
	go func() {
		content := make([]byte, size)
		for one := make([]byte, 1); ; {
			if _, err := far.Read(one); err != nil {
				return
			}
			if _, err := far.Write(content); err != nil {
				return
			}
		}
	}()
	return near.(*net.TCPConn)
}

// cpuTime returns the process's CPU time in nanoseconds.
func cpuTime(b *testing.B) int64 {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}
