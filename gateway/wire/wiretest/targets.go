package wiretest

import "strings"

// authorities is row A10: Host, absolute form and what an authority may be.
func authorities() []Case {
	l := list{row: "A10"}
	const line = "GET / HTTP/1.1\r\n"
	l.bad("missing", "", line+end, "host_missing")
	l.bad("missing_http10", "", "GET / HTTP/1.0\r\n"+end, "host_missing")
	l.bad("missing_absolute", "", "GET http://a.example/ HTTP/1.1\r\n"+end, "host_missing")
	l.bad("twice_same", "", line+host+host+end, "host_repeated")
	l.bad("twice_different", "", line+host+"Host: b.example\r\n"+end, "host_repeated")
	l.bad("twice_other_case", "", line+host+"hOST: b.example\r\n"+end, "host_repeated")
	for name, value := range map[string]string{
		"empty": "", "list": "a.example, b.example", "space": "a.example b.example",
		"userinfo": "user@a.example", "userinfo_password": "u:p@a.example", "path": "a.example/x",
		"query": "a.example?x", "fragment": "a.example#x", "scheme": "http://a.example",
		"percent": "a%2eexample", "port_letters": "a.example:http", "port_empty": "a.example:",
		"port_large": "a.example:65536", "port_long": "a.example:000080", "port_zero": "a.example:0",
		"port_sign": "a.example:+80", "port_twice": "a.example:80:80", "port_at": "a.example:80@b.example",
		"only_port": ":80", "backslash": `a.example\b`, "empty_label": "a..example",
		"leading_dot": ".a.example", "two_trailing_dots": "a.example..", "only_dot": ".",
		"ipv6_bare": "::1", "ipv6_open": "[::1", "ipv6_zone": "[fe80::1%25eth0]",
		"ipv6_zone_raw": "[fe80::1%eth0]", "ipv6_empty": "[]", "ipv6_long": "[1:2:3:4:5:6:7:8:9]",
		"ipv6_two_gaps": "[1::2::3]", "ipv6_junk_after": "[::1]x", "ipv6_three_colons": "[:::1]",
		"ipvfuture": "[v1.x]", "ipv4_short": "127.1", "ipv4_octal": "0177.0.0.1",
		"ipv4_hex": "0x7f000001", "ipv4_number": "2130706433", "ipv4_large": "256.1.1.1",
		"ipv4_five": "1.2.3.4.5", "non_ascii": "caf\xc3\xa9.example", "star": "*.example",
		"quote": `"a.example"`, "comma": "a,b", "pipe": "a|b", "label_64": strings.Repeat("a", 64) + ".example",
		"long": strings.Repeat("aaaaaaa.", 40) + "example", "tab": "a.example\tb", "angle": "<a>",
	} {
		l.bad("host_"+name, "", line+"Host: "+value+"\r\n"+end, "host_invalid")
	}
	for name, v := range map[string][2]string{
		"upper_case": {"A.EXAMPLE", "a.example"}, "port": {"a.example:8080", "a.example"},
		"trailing_dot": {"a.example.", "a.example"}, "trailing_dot_port": {"A.example.:80", "a.example"},
		"ipv4": {"192.0.2.1", "192.0.2.1"}, "ipv6": {"[2001:DB8::1]:8080", "[2001:db8::1]"},
		"ipv6_v4": {"[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"}, "single_label": {"localhost", "localhost"},
		"underscore": {"my_svc.ns", "my_svc.ns"}, "spaces_around": {" a.example ", "a.example"},
		"digits_first": {"1a.2b", "1a.2b"}, "punycode": {"xn--caf-dma.example", "xn--caf-dma.example"},
	} {
		l.add("host_"+name, "", line+"Host: "+v[0]+"\r\n"+end, Verdict{Method: "GET", Target: "/", Host: v[1]})
	}
	return append(l.cases, absoluteForms()...)
}

func absoluteForms() []Case {
	l := list{row: "A10"}
	bad := func(name, cve, target, reason string) {
		l.bad(name, cve, "GET "+target+" HTTP/1.1\r\n"+host+end, reason)
	}
	good := func(name, target, want string) {
		l.add(name, "", "GET "+target+" HTTP/1.1\r\n"+host+end, passed("GET", want, ""))
	}
	good("absolute", "http://a.example/x?y", "/x?y")
	good("absolute_scheme_case", "HTTP://A.example/x", "/x")
	good("absolute_no_path", "http://a.example", "/")
	good("absolute_only_query", "http://a.example?x=y", "/?x=y")
	good("absolute_default_port", "http://a.example:80/", "/")
	good("at_in_path", "/@user", "/@user")
	l.add("absolute_http10_without_host", "", "GET http://a.example/ HTTP/1.0\r\n"+end,
		Verdict{Method: "GET", Target: "/", Host: "a.example", Closes: true})
	bad("absolute_other_host", "", "http://b.example/", "host_target_mismatch")
	bad("absolute_other_port", "", "http://a.example:8080/", "host_target_mismatch")
	bad("absolute_longer_host", "", "http://a.example.evil/", "host_target_mismatch")
	bad("absolute_userinfo", "", "http://user@a.example/", "target_userinfo")
	bad("absolute_userinfo_empty", "", "http://@a.example/", "target_userinfo")
	bad("absolute_no_host", "", "http:///x", "target_invalid")
	bad("absolute_one_slash", "", "http:/a.example/", "target_invalid")
	bad("absolute_no_slashes", "", "http:a.example", "target_invalid")
	bad("absolute_other_scheme", "", "ftp://a.example/", "target_invalid")
	bad("absolute_file", "", "file:///etc/passwd", "target_invalid")
	bad("absolute_backslash", "", `http:\\a.example\x`, "target_invalid")
	bad("absolute_backslash_in_host", "", `http://a.example\@b.example/`, "target_userinfo")
	bad("absolute_fragment", "", "http://a.example#x", "target_fragment")
	bad("absolute_bad_port", "", "http://a.example:x/", "target_invalid")
	bad("fragment", "CVE-2023-45539", "/x#y", "target_fragment")
	bad("fragment_before_dots", "CVE-2023-45539", "/static#/../admin", "target_fragment")
	bad("fragment_in_query", "", "/x?y#z", "target_fragment")
	bad("fragment_only", "", "#x", "target_invalid")
	bad("authority_form", "", "a.example:443", "target_invalid")
	bad("no_slash", "CVE-2026-33186", "x", "target_invalid")
	bad("query_only", "", "?x", "target_invalid")
	bad("asterisk_get", "", "*", "target_invalid")
	bad("asterisk_and_more", "", "*/x", "target_invalid")
	bad("backslash_first", "", `\x`, "target_invalid")
	bad("percent_slash_first", "", "%2fx", "target_invalid")
	l.add("https_on_plaintext", "", "GET https://a.example/ HTTP/1.1\r\n"+host+end,
		Verdict{Status: 421, Reason: "target_scheme_mismatch"})
	l.add("asterisk_options", "", "OPTIONS * HTTP/1.1\r\n"+host+end, passed("OPTIONS", "*", ""))
	l.add("asterisk_absolute", "", "OPTIONS http://a.example HTTP/1.1\r\n"+host+end, passed("OPTIONS", "*", ""))
	return l.cases
}

// requestLines is row A11.
func requestLines() []Case {
	l := list{row: "A11"}
	const line = "request_line_malformed"
	for _, v := range []struct{ name, line, reason string }{
		{"http09", "GET /", "version_missing"},
		{"no_target", "GET", line},
		{"no_target_space", "GET ", "version_missing"},
		{"empty_target", "GET  HTTP/1.1", line},
		{"two_spaces_after_method", "GET  / HTTP/1.1", line},
		{"two_spaces_before_version", "GET /  HTTP/1.1", line},
		{"space_at_end", "GET / HTTP/1.1 ", line},
		{"space_at_start", " GET / HTTP/1.1", "method_invalid"},
		{"space_in_target", "GET /a b HTTP/1.1", line},
		{"four_words", "GET / HTTP/1.1 HTTP/1.1", line},
		{"version_1_32", "GET / HTTP/1.32", "version_malformed"},
		{"version_1_10", "GET / HTTP/1.10", "version_malformed"},
		{"version_lower_case", "GET / http/1.1", "version_malformed"},
		{"version_no_minor", "GET / HTTP/1", "version_malformed"},
		{"version_comma", "GET / HTTP/1,1", "version_malformed"},
		{"version_letters", "GET / HTTP/x.y", "version_malformed"},
		{"version_other", "GET / XTTP/1.1", "version_malformed"},
		{"version_sign", "GET / HTTP/+1.1", "version_malformed"},
		{"version_zeros", "GET / HTTP/01.1", "version_malformed"},
		{"method_lower_case", "get / HTTP/1.1", "method_invalid"},
		{"method_mixed_case", "Get / HTTP/1.1", "method_invalid"},
		{"method_parenthesis", "G(T / HTTP/1.1", "method_invalid"},
		{"method_slash", "GE/T / HTTP/1.1", "method_invalid"},
		{"method_colon", "GET: / HTTP/1.1", "method_invalid"},
		{"method_quoted", `"GET" / HTTP/1.1`, "method_invalid"},
		{"method_non_ascii", "G\xc3\x89T / HTTP/1.1", "method_invalid"},
		{"method_33", strings.Repeat("A", 33) + " / HTTP/1.1", "method_invalid"},
		{"method_64k", strings.Repeat("A", 64<<10) + " / HTTP/1.1", "method_invalid"},
		{"target_non_ascii", "GET /caf\xc3\xa9 HTTP/1.1", "path_invalid_byte"},
		{"target_quote", `GET /"x" HTTP/1.1`, "path_invalid_byte"},
		{"target_angle", "GET /<x> HTTP/1.1", "path_invalid_byte"},
		{"query_non_ascii", "GET /?caf\xc3\xa9 HTTP/1.1", "query_invalid"},
		{"query_quote", `GET /?"x" HTTP/1.1`, "query_invalid"},
		{"query_percent", "GET /?x=100% HTTP/1.1", "query_invalid"},
		{"query_percent_u", "GET /?x=%u0441 HTTP/1.1", "query_invalid"},
	} {
		l.bad(v.name, "", v.line+"\r\n"+host+end, v.reason)
	}
	for _, version := range []string{"0.9", "1.2", "1.9", "2.0", "3.0", "9.9"} {
		l.add("version_"+version, "", "GET / HTTP/"+version+"\r\n"+host+end,
			Verdict{Status: 505, Reason: "version_unsupported"})
	}
	l.add("http2_preface", "", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Verdict{Status: 505, Reason: "http2_preface"})
	l.add("target_100k", "", "GET /"+strings.Repeat("a", 100<<10)+" HTTP/1.1\r\n"+host+end,
		Verdict{Status: 414, Reason: "target_too_long"})
	l.add("target_8k_and_one", "", "GET /"+strings.Repeat("a", 8192-13)+" HTTP/1.1\r\n"+host+end,
		Verdict{Status: 414, Reason: "target_too_long"})
	long := "/" + strings.Repeat("a", 8192-14)
	l.add("target_8k", "", "GET "+long+" HTTP/1.1\r\n"+host+end, passed("GET", long, ""))
	l.good("one_empty_line_before", "", "\r\n"+get+end, "GET", "")
	l.bad("two_empty_lines_before", "", "\r\n\r\n"+get+end, "leading_crlf_repeated")
	l.bad("bare_lf_before", "", "\n"+get+end, "bare_lf")
	l.add("query_kept", "", "GET /x?a[]=1&b={c}|d^e&f=/../g?h HTTP/1.1\r\n"+host+end,
		passed("GET", "/x?a[]=1&b={c}|d^e&f=/../g?h", ""))
	l.add("query_empty", "", "GET /x? HTTP/1.1\r\n"+host+end, passed("GET", "/x?", ""))
	return l.cases
}

// paths is row E1.
func paths() []Case {
	l := list{row: "E1"}
	for _, v := range []struct{ name, cve, path, reason string }{
		{"escape_root", "", "/../x", "path_escapes_root"},
		{"escape_root_deep", "", "/a/../../x", "path_escapes_root"},
		{"escape_root_at_end", "", "/..", "path_escapes_root"},
		{"escape_root_encoded", "", "/%2e%2e/x", "path_escapes_root"},
		{"escape_root_backslash", "", `/..\x`, "path_escapes_root"},
		{"params_after_dots", "CVE-2026-73551", "/a/..;/x", "path_dot_segment_params"},
		{"params_with_value", "CVE-2026-73551", "/a/..;x=y/b", "path_dot_segment_params"},
		{"params_after_encoded_dots", "", "/a/%2e%2e;/x", "path_dot_segment_params"},
		{"params_encoded", "", "/a/..%3b/x", "path_dot_segment_params"},
		{"params_after_one_dot", "", "/a/.;/x", "path_dot_segment_params"},
		{"params_at_end", "", "/a/..;", "path_dot_segment_params"},
		{"encoded_slash_after_dots", "CVE-2025-66490", "/a/..%2fx", "path_encoded_dot_segment"},
		{"encoded_slash_upper", "", "/a/..%2Fx", "path_encoded_dot_segment"},
		{"encoded_slash_before_dots", "", "/a%2f../x", "path_encoded_dot_segment"},
		{"encoded_slash_dots_encoded", "", "/a/%2e%2e%2fx", "path_encoded_dot_segment"},
		{"encoded_slash_dots_at_end", "", "/a%2f..", "path_encoded_dot_segment"},
		{"encoded_backslash_after_dots", "", "/a/..%5cx", "path_encoded_dot_segment"},
		{"encoded_slash_one_dot", "", "/a%2f.", "path_encoded_dot_segment"},
		{"nul", "", "/a%00b", "path_nul"},
		{"nul_before_suffix", "", "/a%00.png", "path_nul"},
		{"percent_end", "", "/a%", "path_percent_invalid"},
		{"percent_one_digit", "", "/a%2", "path_percent_invalid"},
		{"percent_letters", "", "/a%zz", "path_percent_invalid"},
		{"percent_percent", "", "/a%%32", "path_percent_invalid"},
		{"percent_u", "", "/a%u002e", "path_percent_invalid"},
		{"percent_split", "", "/a%/2e", "path_percent_invalid"},
		{"overlong_slash", "", "/a/..%c0%afx", "path_overlong_utf8"},
		{"overlong_dot", "", "/a/%c0%ae%c0%ae/x", "path_overlong_utf8"},
		{"overlong_three", "", "/a/%e0%80%af", "path_overlong_utf8"},
		{"overlong_four", "", "/a/%f0%80%80%af", "path_overlong_utf8"},
		{"overlong_c1", "", "/a%c1%9cx", "path_overlong_utf8"},
	} {
		l.bad(v.name, v.cve, "GET "+v.path+" HTTP/1.1\r\n"+host+end, v.reason)
	}
	for _, v := range []struct{ name, cve, path, want string }{
		{"dot", "", "/a/./b", "/a/b"}, {"dots", "", "/a/../b", "/b"}, {"dots_at_end", "", "/a/b/..", "/a/"},
		{"dot_at_end", "", "/a/.", "/a/"}, {"only_dot", "", "/.", "/"}, {"to_root", "", "/a/..", "/"},
		{"encoded_dots", "CVE-2025-47952", "/content/%2e%2e/blockedz", "/blockedz"},
		{"half_encoded_dots", "CVE-2026-40912", "/content/.%2E/blockedz", "/blockedz"},
		{"encoded_dot", "", "/a/%2e/b", "/a/b"}, {"three_dots", "", "/a/.../b", "/a/.../b"},
		{"backslash", "", `/a\b`, "/a/b"}, {"backslash_dots", "CVE-2026-48020", `/content\..\blockedz`, "/blockedz"},
		{"encoded_slash", "", "/a%2fb", "/a%2fb"}, {"encoded_backslash", "", "/a%5Cb", "/a%5Cb"},
		{"double_encoded", "", "/a/%252e%252e%252fb", "/a/%252e%252e%252fb"},
		{"params", "", "/a;x=y/b;z", "/a;x=y/b;z"}, {"dotted_name_params", "", "/a/.b;x/c", "/a/.b;x/c"},
		{"double_slash", "", "/a//b", "/a//b"}, {"double_slash_first", "", "//a", "//a"},
		{"double_slash_dots", "", "/a//../b", "/a/b"}, {"unreserved", "", "/%41%7e%2D%5f", "/A~-_"},
		{"reserved_kept", "", "/%3f%23%25%20", "/%3f%23%25%20"}, {"utf8", "", "/caf%C3%A9", "/caf%C3%A9"},
		{"latin1", "", "/caf%E9", "/caf%E9"}, {"case_kept", "", "/AbC", "/AbC"},
		{"browser_characters", "", "/a|b/[c]/{d}^e`", "/a|b/[c]/{d}^e`"}, {"dot_names", "", "/.a/..b/c..", "/.a/..b/c.."},
	} {
		l.add(v.name, v.cve, "GET "+v.path+" HTTP/1.1\r\n"+host+end, passed("GET", v.want, ""))
	}
	return l.cases
}
