package http2

import (
	"net"

	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// inputSmall is what a connection that waits reads into: enough for the usual request.
const inputSmall = 1 << 10

// input is a connection's read buffer: a small one of its own while it waits, a large
// pooled one while there is more.
type input struct {
	from  net.Conn
	b     []byte
	r, w  int
	large *[wire.LargeBuffer]byte
	small [inputSmall]byte
}

func (in *input) init(from net.Conn) {
	in.from = from
	in.b = in.small[:]
}

// need returns the next n bytes without taking them; n is at most a frame.
func (in *input) need(n int) ([]byte, error) {
	for in.w-in.r < n {
		if err := in.fill(n); err != nil {
			return nil, err
		}
	}
	return in.b[in.r : in.r+n], nil
}

func (in *input) take(n int) { in.r += n }

// fill reads once; there is room for n bytes then.
func (in *input) fill(n int) error {
	switch {
	case in.r == in.w:
		in.release()
	case in.large == nil && (n > len(in.b)-in.r || in.w == len(in.b)):
		in.large = wire.GetLarge()
		in.w = copy(in.large[:], in.b[in.r:in.w])
		in.r, in.b = 0, in.large[:]
	case n > len(in.b)-in.r:
		in.w = copy(in.b, in.b[in.r:in.w])
		in.r = 0
	}
	got, err := in.from.Read(in.b[in.w:])
	in.w += got
	if got > 0 {
		return nil
	}
	return err
}

// release gives the large buffer back.
func (in *input) release() {
	wire.PutLarge(in.large)
	in.large, in.b, in.r, in.w = nil, in.small[:], 0, 0
}
