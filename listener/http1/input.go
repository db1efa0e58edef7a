package http1

import "github.com/fairlead-mesh/fairlead/gateway/wire"

// input is a read buffer: buf[r:w] are the bytes read and not yet used. Its zero value
// owns no memory. Bytes below pinned are views of the request under way and stay.
type input struct {
	buf          []byte
	small        *[wire.SmallBuffer]byte
	large        *[wire.LargeBuffer]byte
	r, w, pinned int
}

func (in *input) unread() []byte { return in.buf[in.r:in.w] }

// space returns where to read to. It is never empty: with nothing pinned and the
// buffer full, unread bytes move to its start, or to a larger one.
func (in *input) space() []byte {
	switch {
	case in.buf == nil:
		in.small = wire.GetSmall()
		in.buf = in.small[:]
	case in.r == in.w:
		in.r, in.w = in.pinned, in.pinned
	case in.w == len(in.buf):
		in.makeRoom()
	}
	return in.buf[in.w:]
}

// room returns how many bytes space would have once everything read is used.
func (in *input) room() int { return len(in.buf) - in.pinned }

// makeRoom is called with nothing pinned.
func (in *input) makeRoom() {
	if in.r > 0 {
		in.w = copy(in.buf, in.buf[in.r:in.w])
		in.r = 0
		return
	}
	grown := input{w: in.w}
	if len(in.buf) < wire.LargeBuffer {
		grown.takeLarge()
	} else {
		grown.buf = make([]byte, 2*len(in.buf)) // only for limits above the default
	}
	copy(grown.buf, in.buf)
	in.release()
	*in = grown
}

func (in *input) takeLarge() {
	in.large = wire.GetLarge()
	in.buf = in.large[:]
}

// release gives the memory back, and with it whatever was unread.
func (in *input) release() {
	wire.PutSmall(in.small)
	wire.PutLarge(in.large)
	*in = input{}
}

// unpin ends the request whose views the buffer held.
func (in *input) unpin() {
	in.pinned = 0
	if in.r == in.w {
		in.r, in.w = 0, 0
	}
}
