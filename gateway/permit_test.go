package gateway

import (
	"net/netip"
	"testing"
)

func TestPermit(t *testing.T) {
	tests := []struct {
		address       string
		literal, name error // as configuration has it itself, and as a DNS name leads to it
	}{
		{"10.0.0.1", nil, nil},
		{"203.0.113.9", nil, nil},
		{"2001:db8::1", nil, nil},
		{"fd00::1", nil, nil},
		{"127.0.0.1", nil, errOwnHost},
		{"127.9.9.9", nil, errOwnHost},
		{"::1", nil, errOwnHost},
		{"169.254.169.254", nil, errLinkLocal},
		{"fe80::1", nil, errLinkLocal},
		{"fd00:ec2::254", nil, errMetadata},
		{"0.0.0.0", errNoHost, errNoHost},
		{"0.1.2.3", errNoHost, errNoHost},
		{"::", errNoHost, errNoHost},
		{"224.0.0.1", errNoHost, errNoHost},
		{"239.255.255.250", errNoHost, errNoHost},
		{"ff02::1", errNoHost, errNoHost},
		{"255.255.255.255", errNoHost, errNoHost},
	}
	o := ProcessOptions{AllowNames: []string{"LocalHost"}}
	for _, tt := range tests {
		t.Run(tt.address, func(t *testing.T) {
			addr := netip.MustParseAddr(tt.address)
			if err := permit(addr, "", nil); err != tt.literal {
				t.Errorf("literal: %v, want %v", err, tt.literal)
			}
			if err := permit(addr, "shop.example", o.AllowName()); err != tt.name {
				t.Errorf("by a name: %v, want %v", err, tt.name)
			}
			if err := permit(addr, "localhost.", o.AllowName()); err != tt.literal {
				t.Errorf("by a name that is listed: %v, want %v", err, tt.literal)
			}
		})
	}
}
