package exchange

import "io"

// BytesBody is content that is all in memory.
type BytesBody struct {
	data []byte
	done bool
}

// NewBytesBody returns a body of these bytes, which it does not copy.
func NewBytesBody(data []byte) *BytesBody { return &BytesBody{data: data} }

// Next implements Body: everything at once, with io.EOF.
func (b *BytesBody) Next() ([]byte, error) {
	if b.done {
		return nil, io.EOF
	}
	b.done = true
	return b.data, io.EOF
}

// Trailers implements Body.
func (*BytesBody) Trailers() *Fields { return nil }
