package listener

import (
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/tls/handshake"
)

// plainAnswer is for clients that speak HTTP to a port of TLS. Nothing they sent was read as a
// request.
const plainAnswer = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 37\r\n" +
	"Connection: close\r\n\r\nthis port speaks HTTPS and not HTTP.\n"

// plainAnswerTime bounds writing it, and reading what the client still sends, of which no more
// is read than plainAnswerBytes.
const (
	plainAnswerTime  = time.Second
	plainAnswerBytes = 64 << 10
)

// TLS is the layer that ends TLS on an accepted connection before a codec sees it. Unlike
// a plain connection an idle one keeps memory: crypto/tls's own.
type TLS struct {
	Stats *Stats
	Log   *slog.Logger
	// Serve is given each connection whose handshake succeeded, with its scheme and server
	// name set.
	Serve func(*Conn)
}

// Accept shakes hands and serves the connection. One whose handshake fails is counted by its
// reason, logged at debug level, and has nothing else done for it.
func (t *TLS) Accept(c *Conn, chooser handshake.Chooser) {
	stream := c.Stream
	conn, name, refusal := handshake.Accept(stream, chooser)
	if refusal != nil {
		t.Stats.Refuse(refusal.Reason)
		t.Log.Debug("handshake failed", "peer", c.Peer.String(), "server_name", name,
			"reason", refusal.Reason, "error", refusal.Cause)
		if refusal.Plain {
			_ = stream.SetWriteDeadline(time.Now().Add(plainAnswerTime)) // shows when written
			_, _ = io.WriteString(stream, plainAnswer)                   // a courtesy
			discard(stream)
		}
		return
	}
	c.Stream, c.SNI, c.Scheme = conn, name, exchange.SchemeHTTPS
	t.Serve(c)
}

// discard ends our direction and reads on a little: a close with bytes unread would destroy the
// answer on its way.
func discard(stream net.Conn) {
	half, ok := stream.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || stream.SetReadDeadline(time.Now().Add(plainAnswerTime)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, stream, plainAnswerBytes) // its end is all there is to wait for
}
