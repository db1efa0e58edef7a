package transport

import "golang.org/x/sys/unix"

// ackedBytes returns how many bytes of a connection the other end's TCP has ever
// acknowledged, the handshake's one included (RFC 4898 tcpEStatsAppHCThruOctetsAcked).
func ackedBytes(fd uintptr) (uint64, bool) {
	info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return 0, false
	}
	return info.Bytes_acked, true
}
