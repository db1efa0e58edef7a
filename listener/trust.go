package listener

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// Trust says whose forwarding fields are believed; see config.ForwardingTrust. The zero
// value trusts nobody.
type Trust struct {
	// Hops is the number of trusted proxies in front.
	Hops int
	// Blocks are the peers that are trusted.
	Blocks []netip.Prefix

	everyone bool
}

// maxHops is far more than any real chain.
const maxHops = 64

func (t *Trust) apply(c *config.ForwardingTrust) error {
	if hops := c.GetTrustedHops(); hops > maxHops {
		return fmt.Errorf("http.forwarding.trusted_hops: %d is more than %d", hops, maxHops)
	}
	override(&t.Hops, c.GetTrustedHops())
	if len(c.GetTrustedCidrs()) == 0 {
		return nil
	}
	t.Blocks = make([]netip.Prefix, 0, len(c.GetTrustedCidrs()))
	for i, text := range c.GetTrustedCidrs() {
		block, err := netip.ParsePrefix(text)
		if err != nil {
			return fmt.Errorf("http.forwarding.trusted_cidrs[%d]: %w", i, err)
		}
		if block.Addr().Is4In6() {
			return fmt.Errorf("http.forwarding.trusted_cidrs[%d]: %s: write it as IPv4", i, text)
		}
		t.Blocks = append(t.Blocks, block.Masked())
	}
	return nil
}

func (t *Trust) finish() { t.everyone = t.Hops > 0 && len(t.Blocks) == 0 }

// Trusts reports whether addr may speak for others.
func (t *Trust) Trusts(addr netip.Addr) bool { return t.everyone || t.inBlocks(addr) }

func (t *Trust) inBlocks(addr netip.Addr) bool {
	return slices.ContainsFunc(t.Blocks, func(b netip.Prefix) bool { return b.Contains(addr) })
}

// Client returns the user's address as a trusted peer tells it in X-Forwarded-For: the
// one Hops places from the right, or, without Hops, the first from the right that is in
// no trusted block. It is the peer's own if that place does not exist or holds no
// address: what cannot be read is not believed.
func (t *Trust) Client(fields *exchange.Fields, peer netip.Addr) netip.Addr {
	place := 0
	client := peer
	lines := fields.All()
	for _, line := range slices.Backward(lines) {
		if line.ID != exchange.FieldXForwardedFor {
			continue
		}
		for rest := line.Value; rest != nil; {
			var item []byte
			rest, item = lastItem(rest)
			addr, ok := parseForwardedAddr(item)
			if place++; t.Hops > 0 && place < t.Hops {
				continue
			}
			if !ok {
				return peer
			}
			if t.Hops > 0 || !t.inBlocks(addr) {
				return addr
			}
			client = addr
		}
	}
	if t.Hops > 0 {
		return peer
	}
	return client
}

// lastItem cuts the last element off a comma-separated list. rest is nil if there was
// only one.
func lastItem(list []byte) (rest, item []byte) {
	comma := bytes.LastIndexByte(list, ',')
	item = bytes.Trim(list[comma+1:], " \t")
	if comma < 0 {
		return nil, item
	}
	return list[:comma:comma], item
}

// parseForwardedAddr reads an element of X-Forwarded-For: an address, or one with a
// port. IPv4-mapped addresses become IPv4 and zones are refused, so that an address
// has one form in policies.
func parseForwardedAddr(b []byte) (netip.Addr, bool) {
	if addr, ok := parseIPv4(b); ok {
		return addr, true
	}
	if len(b) > len("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535") {
		return netip.Addr{}, false
	}
	text := string(b)
	addr, err := netip.ParseAddr(text)
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		addr = withPort.Addr()
	}
	return addr.Unmap(), addr.Zone() == ""
}

// parseIPv4 reads the usual case without allocating.
func parseIPv4(b []byte) (netip.Addr, bool) {
	var octets [4]byte
	part, digits, value := 0, 0, 0
	for _, c := range b {
		switch {
		case '0' <= c && c <= '9' && digits < 3 && (digits == 0 || value > 0):
			value = value*10 + int(c-'0')
			digits++
		case c == '.' && digits > 0 && part < 3 && value < 256:
			octets[part] = byte(value)
			part++
			digits, value = 0, 0
		default:
			return netip.Addr{}, false
		}
	}
	if part != 3 || digits == 0 || value > 255 {
		return netip.Addr{}, false
	}
	octets[3] = byte(value)
	return netip.AddrFrom4(octets), true
}
