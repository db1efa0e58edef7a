package wiretest

import "strings"

// chunks is row A8: the chunked coding.
func chunks() []Case {
	l := list{row: "A8"}
	const size = "chunk_size_malformed"
	for _, v := range []struct{ name, cve, body, reason string }{
		{"0x", "", "0x5\r\nhello\r\n0\r\n\r\n", size},
		{"plus", "", "+5\r\nhello\r\n0\r\n\r\n", size},
		{"minus", "", "-5\r\nhello\r\n0\r\n\r\n", size},
		{"underscore", "", "0_5\r\nhello\r\n0\r\n\r\n", size},
		{"space_before", "", " 5\r\nhello\r\n0\r\n\r\n", size},
		{"space_after", "", "5 \r\nhello\r\n0\r\n\r\n", size},
		{"tab_after", "", "5\t\r\nhello\r\n0\r\n\r\n", size},
		{"empty", "", "\r\nhello\r\n0\r\n\r\n", size},
		{"letter", "", "g\r\nhello\r\n0\r\n\r\n", size},
		{"quoted", "", "\"5\"\r\nhello\r\n0\r\n\r\n", size},
		{"point", "", "5.0\r\nhello\r\n0\r\n\r\n", size},
		{"comma", "", "5,5\r\nhello\r\n0\r\n\r\n", size},
		{"only_extension", "", ";a\r\nhello\r\n0\r\n\r\n", size},
		{"overflow_64", "", "10000000000000005\r\nhello\r\n0\r\n\r\n", "chunk_size_overflow"},
		{"overflow_63", "", "8000000000000000\r\nhello\r\n0\r\n\r\n", "chunk_size_overflow"},
		{"overflow_all_f", "", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n", "chunk_size_overflow"},
		{"seventeen_zeros", "", "00000000000000005\r\nhello\r\n0\r\n\r\n", "chunk_size_overflow"},
		{"sum_overflow", "", "5\r\nhello\r\n7fffffffffffffff\r\nx", "chunk_size_overflow"},
		{"bare_lf_after_size", "CVE-2025-22871", "5\nhello\r\n0\r\n\r\n", "bare_lf"},
		{"bare_cr_after_size", "", "5\rhello\r\n0\r\n\r\n", "bare_cr"},
		{"bare_lf_after_last", "", "5\r\nhello\r\n0\n\r\n", "bare_lf"},
		{"bare_lf_at_end", "", "5\r\nhello\r\n0\r\n\n", "bare_lf"},
		{"bare_lf_after_data", "", "5\r\nhello\n0\r\n\r\n", "chunk_end_malformed"},
		{"bare_cr_after_data", "", "5\r\nhello\r0\r\n\r\n", "bare_cr"},
		{"spill", "", "3\r\nhello\r\n0\r\n\r\n", "chunk_end_malformed"},
		{"short", "", "6\r\nhello\r\n0\r\n\r\n", "chunk_end_malformed"},
		{"no_crlf_after_data", "", "5\r\nhello0\r\n\r\n", "chunk_end_malformed"},
		{"bare_semicolon", "", "5;\r\nhello\r\n0\r\n\r\n", "chunk_extension_malformed"},
		{"double_semicolon", "", "5;;a\r\nhello\r\n0\r\n\r\n", "chunk_extension_malformed"},
		{"extension_no_value", "", "5;a=\r\nhello\r\n0\r\n\r\n", "chunk_extension_malformed"},
		{"extension_no_name", "", "5;=b\r\nhello\r\n0\r\n\r\n", "chunk_extension_malformed"},
		{"extension_space", "", "5; a\r\nhello\r\n0\r\n\r\n", "chunk_extension_malformed"},
		{"extension_space_before", "", "5 ;a\r\nhello\r\n0\r\n\r\n", size},
		{"extension_space_equals", "", "5;a =b\r\nhello\r\n0\r\n\r\n", "chunk_extension_malformed"},
		{"extension_lf", "", "5;a\nhello\r\n0\r\n\r\n", "bare_lf"},
		{"extension_cr", "", "5;a\rb\r\nhello\r\n0\r\n\r\n", "bare_cr"},
		{"extension_nul", "", "5;a=\x00\r\nhello\r\n0\r\n\r\n", "control_byte"},
		{"extension_open_quote", "", "5;a=\"b\r\nhello\r\n0\r\n\r\n", "chunk_extension_malformed"},
		{"extension_lf_in_quote", "", "5;a=\"b\nc\"\r\nhello\r\n0\r\n\r\n", "bare_lf"},
		{"extension_after_quote", "", "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n", "chunk_extension_malformed"},
		{"extension_64k", "CVE-2023-39326", "5;a=" + strings.Repeat("b", 64<<10) + "\r\nhello\r\n0\r\n\r\n",
			"chunk_line_too_long"},
		{"extensions_together_64k", "CVE-2023-39326",
			strings.Repeat("5;a="+strings.Repeat("b", 2000)+"\r\nhello\r\n", 32) + "0\r\n\r\n",
			"chunk_extensions_too_large"},
		{"one_byte_chunks", "CVE-2023-39326", strings.Repeat("1\r\nx\r\n", 100_000) + "0\r\n\r\n",
			"chunk_overhead"},
	} {
		l.badBody(v.name, v.cve, post+coded+end+v.body, v.reason)
	}
	for _, v := range []struct{ name, body string }{
		{"plain", helloChunked}, {"upper_hex", "00000000000000A\r\nhellohello\r\n0\r\n\r\n"},
		{"two_chunks", "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"}, {"many_zeros", "5\r\nhello\r\n0000\r\n\r\n"},
		{"extension", "5;a\r\nhello\r\n0;b=c\r\n\r\n"}, {"extensions", "5;a=b;c=\"d;\\\"e\";f\r\nhello\r\n0\r\n\r\n"},
	} {
		body := hello
		if v.name == "upper_hex" {
			body = hello + hello
		}
		l.good(v.name, "", post+coded+end+v.body, "POST", body)
	}
	l.good("empty_body", "", post+coded+end+"0\r\n\r\n", "POST", "")
	return l.cases
}

// trailers is row A9. What of a trailer section is passed on is for the reader of the
// case to check: none of these fields may be.
func trailers() []Case {
	l := list{row: "A9"}
	for _, f := range ForbiddenTrailers() {
		name, _, _ := strings.Cut(f, ":")
		l.good("dropped_"+strings.ToLower(name), "", post+coded+end+"5\r\nhello\r\n0\r\n"+f+"\r\n\r\n",
			"POST", hello)
	}
	l.good("allowed", "", post+coded+end+"5\r\nhello\r\n0\r\nX-Checksum: 1\r\nGrpc-Status: 0\r\n\r\n",
		"POST", hello)
	for _, v := range []struct{ name, section, reason string }{
		{"space_before_colon", "X : y\r\n\r\n", "space_before_colon"},
		{"fold", "X: y\r\n z\r\n\r\n", "obs_fold"},
		{"no_colon", "X\r\n\r\n", "colon_missing"},
		{"underscore", "X_Y: z\r\n\r\n", "field_name_underscore"},
		{"bare_lf", "X: y\n\r\n", "bare_lf"},
		{"bad_name", "X(: y\r\n\r\n", "field_name_invalid"},
	} {
		l.badBody(v.name, "", post+coded+end+"0\r\n"+v.section, v.reason)
	}
	large := Verdict{Status: 431, Reason: "trailers_too_large", InBody: true}
	l.add("too_large", "", post+coded+end+"0\r\n"+strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 20)+end, large)
	many := Verdict{Status: 431, Reason: "trailers_too_many", InBody: true}
	l.add("too_many", "", post+coded+end+"0\r\n"+strings.Repeat("X: y\r\n", 40)+end, many)
	return l.cases
}

// ForbiddenTrailers returns field lines that must not be passed on as trailers.
func ForbiddenTrailers() []string {
	return []string{
		"Content-Length: 5", "Transfer-Encoding: chunked", "Host: evil.example",
		"Authorization: Basic eDp5", "Cookie: a=b", "Set-Cookie: a=b", "Connection: close",
		"Content-Type: text/html", "Content-Encoding: gzip", "Content-Range: bytes 0-1/2",
		"X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Prefix: /x",
		"Forwarded: for=10.0.0.1", "X-Real-IP: 10.0.0.1", "Via: 1.1 x", "Upgrade: h2c",
		"Proxy-Authorization: x", "TE: trailers", "Trailer: x", "Expect: 100-continue",
		"Max-Forwards: 1", "Cache-Control: no-store", "If-None-Match: *", "Range: bytes=0-1",
		"X-Envoy-Original-Path: /x", "X-Forwarded-Client-Cert: x", "Keep-Alive: timeout=5",
		"WWW-Authenticate: Basic", "X-Request-Id: x",
	}
}
