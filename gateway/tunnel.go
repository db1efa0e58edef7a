package gateway

import (
	"errors"
	"io"

	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// tunnel relays bytes both ways after a switch of protocols. Each direction ends alone
// (half-close); the tunnel ends when both have, or when either fails. Where both ends are
// plain TCP the bytes stay in the kernel: the Duplexes unwrap for io.Copy.
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
	sent := make(chan int64, 1)
	go func() { sent <- relay(up, down) }()
	ex.BytesSent += relay(down, up)
	ex.BytesReceived += <-sent
}

// relay copies until src ends and then ends dst's direction. An error ends both, so that
// the other direction does not wait for a peer that is gone.
func relay(dst, src exchange.Duplex) int64 {
	n, err := io.Copy(dst, src)
	if err == nil {
		err = dst.CloseWrite()
	}
	if err != nil {
		dst.Close()
		src.Close()
	}
	return n
}

// asFailure turns an error of writing a response into the record of it.
func asFailure(err error) *exchange.Error {
	if e, ok := errors.AsType[*exchange.Error](err); ok {
		return e
	}
	return errGone
}
