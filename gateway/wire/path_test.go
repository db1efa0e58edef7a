package wire

import "testing"

func TestNormalizePath(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		// One result for each mode; "!reason" for a refusal.
		base, merge, decode, none string
	}{
		{"plain", "/a/b.c", "/a/b.c", "/a/b.c", "/a/b.c", "/a/b.c"},
		{"istio base", "/a/../b", "/b", "/b", "/b", "/a/../b"},
		{"istio merge", "/a//b", "/a//b", "/a/b", "/a/b", "/a//b"},
		{"istio decode", "/a%2f/b", "/a%2f/b", "/a%2f/b", "/a/b", "/a%2f/b"},
		{"backslash", `/a\b`, "/a/b", "/a/b", "/a/b", `/a\b`},
		{"encoded backslash", "/a%5c%5Cb", "/a%5c%5Cb", "/a%5c%5Cb", "/a/b", "/a%5c%5Cb"},
		{"dots before merging", "/a//../b", "/a/b", "/a/b", "/a/b", "/a//../b"},
		{"many slashes", "///a///b//", "///a///b//", "/a/b/", "/a/b/", "///a///b//"},
		{"unreserved", "/%61%2d", "/a-", "/a-", "/a-", "/%61%2d"},
		{"not decoded twice", "/%2541%252f", "/%2541%252f", "/%2541%252f", "/%2541%252f", "/%2541%252f"},
		{
			"dots after an encoded slash", "/a/b%2f..%2fc", "!path_encoded_dot_segment",
			"!path_encoded_dot_segment", "/a/c", "!path_encoded_dot_segment",
		},
		{
			"escapes the root", "/a/../../b", "!path_escapes_root", "!path_escapes_root",
			"!path_escapes_root", "!path_escapes_root",
		},
		{"parameters", "/..;/", "!path_dot_segment_params", "!path_dot_segment_params", "!path_dot_segment_params", "!path_dot_segment_params"},
		{"nul", "/%00", "!path_nul", "!path_nul", "!path_nul", "!path_nul"},
		{"raw nul", "/\x00", "!path_nul", "!path_nul", "!path_nul", "!path_nul"},
		{"no slash", "a", "!target_invalid", "!target_invalid", "!target_invalid", "!target_invalid"},
		{"empty", "", "!target_invalid", "!target_invalid", "!target_invalid", "!target_invalid"},
		{"fragment", "/a#b", "!target_fragment", "!target_fragment", "!target_fragment", "!target_fragment"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for mode, want := range map[Normalization]string{
				NormalizeBase: c.base, NormalizeMergeSlashes: c.merge,
				NormalizeDecodeAndMergeSlashes: c.decode, NormalizeNone: c.none,
			} {
				got, err := NormalizePath(nil, []byte(c.raw), mode)
				if err != nil {
					got = []byte("!" + err.Reason)
				}
				if string(got) != want {
					t.Errorf("mode %d: %q, want %q", mode, got, want)
				}
			}
		})
	}
}

// TestNormalizePathAppends checks that earlier bytes of dst stay.
func TestNormalizePathAppends(t *testing.T) {
	dst := []byte("kept")
	got, err := NormalizePath(dst, []byte("/a/../b"), NormalizeBase)
	if err != nil || string(got) != "/b" || string(dst) != "kept" {
		t.Errorf("%q, %v; dst is now %q", got, err, dst)
	}
}

func TestParseAuthority(t *testing.T) {
	for _, c := range []struct {
		name, in, host string
		port           uint16
		ok             bool
	}{
		{"name", "a.example", "a.example", 0, true},
		{"case kept", "A.Example:1", "A.Example", 1, true},
		{"highest port", "a:65535", "a", 65535, true},
		{"trailing dot", "a.:80", "a", 80, true},
		{"longest label", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk", 0, true},
		{"unspecified", "[::]", "[::]", 0, true},
		{"full IPv6", "[1:2:3:4:5:6:7:8]:9", "[1:2:3:4:5:6:7:8]", 9, true},
		{"gap at end", "[1::]", "[1::]", 0, true},
		{"IPv4 at end", "[64:ff9b::1.2.3.4]", "[64:ff9b::1.2.3.4]", 0, true},
		{"seven groups", "[1:2:3:4:5:6:7]", "", 0, false},
		{"gap of none", "[1:2:3:4:5:6:7:8::]", "", 0, false},
		{"five digits", "[12345::]", "", 0, false},
		{"colon at end", "[1:2:3:4:5:6:7:]", "", 0, false},
		{"IPv4 in the middle", "[::1.2.3.4:5]", "", 0, false},
		{"bad IPv4 at end", "[::1.2.3.256]", "", 0, false},
		{"hexadecimal label", "a.0x1", "", 0, false},
		{"number at end", "a.1", "", 0, false},
		{"leading zero", "01.2.3.4", "", 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, ok := ParseAuthority([]byte(c.in))
			if ok != c.ok {
				t.Fatalf("valid: %v, want %v", ok, c.ok)
			}
			if ok && (string(a.Host) != c.host || a.Port != c.port) {
				t.Errorf("%q %d, want %q %d", a.Host, a.Port, c.host, c.port)
			}
		})
	}
}

func TestCheckRewritten(t *testing.T) {
	tests := []struct {
		path string
		safe bool
	}{
		{"/", true},
		{"/content/x", true},
		{"/content//x", true},
		{"/content/.x./..y/...", true},
		{"/content/%2fx", true},
		{"/content/caf%C3%A9;p=q", true},
		{"/content/../x", false},
		{"/content/..", false},
		{"/..", false},
		{"/./x", false},
		{`/content/..\x`, false},
		{"/content/%2e%2e/x", false},
		{"/content/..%2fx", false},
		{"/content/..;/x", false},
		{"/content/%2", false},
	}
	for _, tt := range tests {
		if err := CheckRewritten(make([]byte, 0, len(tt.path)), []byte(tt.path)); (err == nil) != tt.safe {
			t.Errorf("%s: %v", tt.path, err)
		}
	}
}
