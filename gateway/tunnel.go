package gateway

import (
	"errors"
	"io"
	"net"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// tunnel relays bytes both ways after a switch of protocols. Each direction ends alone
// (half-close); the tunnel ends when both have, or when either fails.
func tunnel(ex *exchange.Exchange) {
	down, err := ex.Downstream.Tunnel()
	if err != nil {
		return
	}
	up, err := ex.Upstream.Tunnel()
	if err != nil {
		down.Close()
		return
	}
	// What was read along with the heads goes first; then the bytes can stay in the
	// kernel.
	received, err := flush(up, down)
	if err == nil {
		var n int64
		n, err = flush(down, up)
		ex.BytesSent += n
	}
	ex.BytesReceived += received
	if err != nil {
		down.Close()
		up.Close()
		return
	}
	sent := make(chan int64, 1)
	go func() { sent <- relay(up, down) }()
	ex.BytesSent += relay(down, up)
	ex.BytesReceived += <-sent
}

// flush sends on what src has buffered above its connection. It does not wait for more.
func flush(dst, src exchange.Duplex) (int64, error) {
	from, ok := src.(exchange.TCPDuplex)
	if !ok {
		return 0, nil
	}
	var sent int64
	buf := wire.GetSmall()
	defer wire.PutSmall(buf)
	for from.TCPConn() == nil {
		n, err := src.Read(buf[:])
		if err != nil {
			return sent, err
		}
		n, err = dst.Write(buf[:n])
		sent += int64(n)
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// relay copies until src ends and then ends dst's direction. An error ends both, so that
// the other direction does not wait for a peer that is gone.
func relay(dst, src exchange.Duplex) int64 {
	n, err := io.Copy(writer(dst), reader(src))
	if err == nil {
		err = dst.CloseWrite()
	}
	if err != nil {
		dst.Close()
		src.Close()
	}
	return n
}

// reader and writer return the connection itself where there is one: io.Copy splices
// between two of them.
func reader(d exchange.Duplex) io.Reader {
	if c := plain(d); c != nil {
		return c
	}
	return d
}

func writer(d exchange.Duplex) io.Writer {
	if c := plain(d); c != nil {
		return c
	}
	return d
}

func plain(d exchange.Duplex) *net.TCPConn {
	if t, ok := d.(exchange.TCPDuplex); ok {
		return t.TCPConn()
	}
	return nil
}

// asFailure turns an error of writing a response into the record of it.
func asFailure(err error) *exchange.Error {
	if e, ok := errors.AsType[*exchange.Error](err); ok {
		return e
	}
	return errGone
}
