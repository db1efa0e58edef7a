package transport

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/egress/pool"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// A POST on a reused connection may be sent again only if the origin ended its direction before
// its TCP had a byte of it.
func TestUntouchedRequests(t *testing.T) {
	tests := []struct {
		name  string
		after func(c *net.TCPConn, r *bufio.Reader, closed chan<- bool) // after the first response
		want  exchange.Retry
	}{
		{"closed before", func(c *net.TCPConn, _ *bufio.Reader, closed chan<- bool) {
			c.Close()
			closed <- true
		}, exchange.RetryYes},
		{"read, then reset", func(c *net.TCPConn, r *bufio.Reader, closed chan<- bool) {
			closed <- true
			readRequest(r)
			_ = c.SetLinger(0)
			c.Close()
		}, exchange.RetryIfReused},
		{"read, then closed", func(c *net.TCPConn, r *bufio.Reader, closed chan<- bool) {
			closed <- true
			readRequest(r)
			_, _ = io.CopyN(io.Discard, r, 5)
			c.Close()
		}, exchange.RetryIfReused},
		{"unread, then closed", func(c *net.TCPConn, r *bufio.Reader, closed chan<- bool) {
			closed <- true
			_, _ = r.Peek(1) // it is here, and as far as anybody else knows it was read
			c.Close()
		}, exchange.RetryIfReused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			closed := make(chan bool, 1)
			conn := origin(t, func(c *net.TCPConn, r *bufio.Reader) {
				readRequest(r)
				_, _ = io.CopyN(io.Discard, r, 5)
				_, _ = io.WriteString(c, ok200)
				tt.after(c, r, closed)
			})
			post := func(call *Call) *exchange.Error {
				ex := request(t, "POST", "/order")
				ex.Request.Framing, ex.Request.ContentLength = exchange.FramingLength, 5
				ex.Request.Body = exchange.NewBytesBody([]byte("order"))
				if err := call.Start(ex, options); err != nil {
					t.Fatal(err)
				}
				return call.RoundTrip(conn)
			}
			connections := pool.New[*Conn](pool.Options{})
			connections.Add(conn)
			var call Call
			if err := post(&call); err != nil {
				t.Fatal(err)
			}
			call.Finish()
			connections.Put(conn, time.Now())
			<-closed
			err := post(&call)
			if err == nil || err.Retry != tt.want {
				t.Errorf("%v, retry %v, want %v", err, err.Retry, tt.want)
			}
			call.Finish()
		})
	}
}
