package http1

import "time"

// watchInterval is how often, while a handler waits for an endpoint, it is looked whether
// the client is still there.
const watchInterval = time.Second

// leave begins a time in which the client's connection is neither read nor written: the
// sweeper looks after it meanwhile.
func (c *conn) leave() {
	c.state.Store(stateAway)
	c.timer.Arm(watchInterval)
}

// armWrite begins a write.
func (c *conn) armWrite() {
	c.state.Store(stateBusy)
	c.timer.Arm(c.settings.Timeouts.StreamIdle)
}

// gone reports, without waiting or reading, whether the client has reset the connection or,
// unless half-closed connections are served, closed it. It may be called while the
// connection is being read.
func (c *conn) gone() bool {
	raw := c.raw
	if raw == nil {
		if c.under == nil {
			return false
		}
		var err error
		if raw, err = c.under.SyscallConn(); err != nil {
			return false
		}
	}
	found := false
	err := raw.Control(func(fd uintptr) { found = hungUp(fd, c.server.HalfClose) })
	return err == nil && found
}
