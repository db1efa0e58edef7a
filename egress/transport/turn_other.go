//go:build !linux

package transport

// turn exists where the kernel's calls are known.
type turn struct{}

func (*turn) init() {}

func (c *Conn) exchange(out, in []byte) (wrote, read int, err error) {
	return c.exchangeSlowly(out, in)
}
