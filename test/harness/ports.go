package harness

import (
	"net"
	"net/netip"
	"testing"
)

// Offsets are tried from firstOffset in steps of offsetStep, so that the ports of two
// appliances never meet (80 + one offset is not 8080 + another) and stay below those the
// kernel gives to clients.
const (
	firstOffset = 12000
	endOffset   = 19000
	offsetStep  = 100
)

// reserve returns a port offset that is this test's alone. A socket at the offset itself
// says so to other tests and other processes; listeners share ports (SO_REUSEPORT), so
// binding them would not.
func reserve(t testing.TB) int {
	t.Helper()
	for offset := firstOffset; offset < endOffset; offset += offsetStep {
		l, err := net.Listen("tcp", loopback(offset))
		if err != nil {
			continue
		}
		if !free(offset+80) || !free(offset+8080) {
			l.Close()
			continue
		}
		t.Cleanup(func() { l.Close() })
		return offset
	}
	t.Fatal("no free ports on this machine")
	return 0
}

// free reports whether nobody listens on a port, on whichever address.
func free(port int) bool {
	l, err := net.Listen("tcp", netip.AddrPortFrom(netip.IPv6Unspecified(), uint16(port)).String())
	if err != nil {
		return false
	}
	l.Close()
	return true
}

func loopback(port int) string {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port)).String()
}
