package listener

import (
	"net/netip"
	"testing"
)

// FuzzParseForwardedAddr holds the fast reading of IPv4 against the standard library's.
func FuzzParseForwardedAddr(f *testing.F) {
	for _, seed := range []string{
		"192.0.2.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "::1", "[::1]:80",
		"1.2.3.4:80", "fe80::1%eth0", "", "1..2.3", "999.1.1.1", "0.0.0.0",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, ok := parseForwardedAddr(in)
		if ok && (!got.IsValid() || got.Is4In6() || got.Zone() != "") {
			t.Fatalf("%q: %v", in, got)
		}
		fast, fastOK := parseIPv4(in)
		want, err := netip.ParseAddr(string(in))
		if is4 := err == nil && want.Is4(); is4 != fastOK || is4 && fast != want {
			t.Fatalf("%q: %v %v, want %v %v", in, fast, fastOK, want, err)
		}
	})
}
