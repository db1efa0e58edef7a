package gateway

import (
	"errors"
	"net/netip"
)

var (
	errNoHost    = errors.New("no host has this address")
	errOwnHost   = errors.New("a DNS name leads to the proxy's own machine")
	errLinkLocal = errors.New("a DNS name leads to a link-local address")
	errMetadata  = errors.New("a DNS name leads to a cloud's metadata service")

	broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})
	// metadataV6 is EC2's instance metadata service; its address is not link-local.
	metadataV6 = netip.MustParseAddr("fd00:ec2::254")
	// thisNetwork is "this host on this network" (RFC 1122 §3.2.1.3), which Linux takes for
	// itself.
	thisNetwork = netip.MustParsePrefix("0.0.0.0/8")
)

// permit is the floor under every configuration: which addresses may be connected to.
// Nothing reaches what no host has. What an object names itself may be loopback and
// link-local, as sidecars of the proxy and services of nodes are: who may write it is for
// the API server to say. A DNS name may not lead there, since whoever answers for it is a
// stranger, and may answer otherwise tomorrow; unless allow lists it.
func permit(addr netip.Addr, name string, allow func(name string) bool) error {
	switch {
	case addr.IsUnspecified(), addr.IsMulticast(), addr == broadcast, thisNetwork.Contains(addr):
		return errNoHost
	case name == "", allow != nil && allow(name):
		return nil
	case addr.IsLoopback():
		return errOwnHost
	case addr.IsLinkLocalUnicast():
		return errLinkLocal
	case addr == metadataV6:
		return errMetadata
	}
	return nil
}
