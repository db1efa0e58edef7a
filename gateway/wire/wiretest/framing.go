package wiretest

import "strings"

// bothFramings is row A1: Content-Length and Transfer-Encoding together.
func bothFramings() []Case {
	l := list{row: "A1"}
	const both = "content_length_and_transfer_encoding"
	l.bad("cl_te", "CVE-2019-18277", post+length+coded+end+helloChunked, both)
	l.bad("te_cl", "", post+coded+length+end+helloChunked, both)
	l.bad("cl_zero_te", "", post+"Content-Length: 0\r\n"+coded+end+helloChunked, both)
	l.bad("cl_te_far_apart", "", post+length+"X: y\r\nZ: z\r\n"+coded+end+helloChunked, both)
	l.bad("cl_te_case", "", post+"content-LENGTH: 5\r\nTRANSFER-encoding: Chunked\r\n"+end+helloChunked, both)
	l.bad("cl_empty_te", "", post+"Content-Length:\r\n"+coded+end+helloChunked, both)
	l.bad("cl_bad_te", "", post+"Content-Length: x\r\n"+coded+end+helloChunked, both)
	l.bad("cl_te_empty", "", post+length+"Transfer-Encoding:\r\n"+end+hello, both)
	l.bad("cl_te_get", "", get+length+coded+end+helloChunked, both)
	l.bad("cl_te_http10", "", "POST / HTTP/1.0\r\n"+host+length+coded+end+helloChunked, both)
	l.bad("cl_twice_te", "", post+length+length+coded+end+helloChunked, both)
	l.bad("cl_te_connection_close", "", post+"Connection: close\r\n"+length+coded+end+helloChunked, both)
	return l.cases
}

// line is a field line that tries to be Transfer-Encoding for one parser only.
type line struct {
	name, cve string
	text      string // without CRLF
	reason    string
}

// transferEncodings is row A2: each obfuscation alone and with a Content-Length.
func transferEncodings() []Case {
	l := list{row: "A2"}
	for _, v := range obfuscatedLines() {
		l.bad(v.name, v.cve, post+v.text+end+end+helloChunked, v.reason)
		reason := v.reason
		if reason == "transfer_encoding_unsupported" && !oddSpace(v.text) {
			reason = "content_length_and_transfer_encoding"
		}
		l.bad(v.name+"_with_length", v.cve, post+length+v.text+end+end+helloChunked, reason)
	}
	l.bad("two_lines", "CVE-2022-1705", post+coded+coded+end+helloChunked, "transfer_encoding_repeated")
	l.bad("two_lines_identity", "", post+"Transfer-Encoding: identity\r\n"+coded+end+helloChunked,
		"transfer_encoding_repeated")
	l.bad("http10", "CVE-2026-2835", "POST / HTTP/1.0\r\n"+host+coded+end+helloChunked,
		"transfer_encoding_http10")
	l.good("plain", "", post+coded+end+helloChunked, "POST", hello)
	l.good("upper_case", "", post+"TRANSFER-ENCODING: CHUNKED\r\n"+end+helloChunked, "POST", hello)
	l.good("no_space", "", post+"Transfer-Encoding:chunked\r\n"+end+helloChunked, "POST", hello)
	l.good("two_spaces", "", post+"Transfer-Encoding:  chunked\r\n"+end+helloChunked, "POST", hello)
	return l.cases
}

// oddSpace reports whether a line's value has white space that framing refuses.
func oddSpace(text string) bool {
	_, value, _ := strings.Cut(text, ":")
	return strings.HasPrefix(strings.TrimLeft(value, " "), "\t") ||
		strings.HasSuffix(value, " ") || strings.HasSuffix(value, "\t")
}

func obfuscatedLines() []line {
	const unsupported = "transfer_encoding_unsupported"
	var lines []line
	for name, value := range map[string]string{
		"xchunked": "xchunked", "chunkedx": "chunkedx", "chunk": "chunk", "empty": "",
		"identity": "identity", "chunked_identity": "chunked, identity",
		"identity_chunked": "identity, chunked", "comma_chunked": ",chunked",
		"chunked_comma": "chunked,", "comma_space_chunked": ", chunked",
		"chunked_chunked": "chunked, chunked", "gzip_chunked": "gzip, chunked",
		"chunked_gzip": "chunked, gzip", "gzip": "gzip", "deflate": "deflate",
		"parameter": "chunked;q=1", "bare_parameter": "chunked;", "quoted": `"chunked"`,
		"single_quoted": "'chunked'", "trailers": "trailers", "space_inside": "chun ked",
		"tab_inside": "chun\tked", "nbsp_after": "chunked\xa0", "nbsp_before": "\xa0chunked",
		"next_line_before": "\x85chunked", "utf8_nbsp": "\xc2\xa0chunked",
		"utf8_kelvin": "chun\xe2\x84\xaaed", "cow": "cow", "colon": ":chunked",
		"semicolon": ";chunked", "slash": "chunked/1", "percent": "%63hunked",
		"parenthesis": "(x) chunked", "bracket": "[chunked]", "equals": "=chunked",
		"length_after": "chunked, 5", "star": "*", "word_after": "chunked foo",
		"word_before": "foo chunked", "bom": "\xef\xbb\xbfchunked", "backslash": `\chunked`,
	} {
		lines = append(lines, line{"value_" + name, "", "Transfer-Encoding: " + value, unsupported})
	}
	lines = append(lines,
		line{"tab_before_value", "", "Transfer-Encoding:\tchunked", unsupported},
		line{"space_tab_before_value", "", "Transfer-Encoding: \tchunked", unsupported},
		line{"space_after_value", "", "Transfer-Encoding: chunked ", unsupported},
		line{"tab_after_value", "", "Transfer-Encoding: chunked\t", unsupported},
		line{"space_before_colon", "CVE-2019-16276", "Transfer-Encoding : chunked", "space_before_colon"},
		line{"tab_before_colon", "", "Transfer-Encoding\t: chunked", "space_before_colon"},
		line{"space_before_name", "", " Transfer-Encoding: chunked", "obs_fold"},
		line{"tab_before_name", "", "\tTransfer-Encoding: chunked", "obs_fold"},
		line{"folded_value", "", "Transfer-Encoding:\r\n chunked", "obs_fold"},
		line{"folded_value_tab", "", "Transfer-Encoding: chunked\r\n\tx", "obs_fold"},
		line{"colon_on_next_line", "", "Transfer-Encoding\r\n: chunked", "colon_missing"},
		line{"no_colon", "", "Transfer-Encoding chunked", "field_name_invalid"},
		line{"equals_for_colon", "", "Transfer-Encoding= chunked", "field_name_invalid"},
		line{"underscore", "", "Transfer_Encoding: chunked", "field_name_underscore"},
		line{"space_in_name", "", "Transfer Encoding: chunked", "field_name_invalid"},
		line{"nbsp_after_name", "", "Transfer-Encoding\xa0: chunked", "field_name_invalid"},
		line{"quoted_name", "", `"Transfer-Encoding": chunked`, "field_name_invalid"},
		line{"empty_name", "CVE-2023-25725", ": x\r\nTransfer-Encoding: chunked", "field_name_invalid"},
		line{"vt_before_value", "", "Transfer-Encoding:\x0bchunked", "control_byte"},
		line{"ff_after_value", "", "Transfer-Encoding: chunked\x0c", "control_byte"},
		line{"nul_after_value", "", "Transfer-Encoding: chunked\x00", "control_byte"},
		line{"nul_before_colon", "", "Transfer-Encoding\x00: chunked", "control_byte"},
		line{"del_after_value", "", "Transfer-Encoding: chunked\x7f", "control_byte"},
		line{"after_bare_lf", "", "X: y\nTransfer-Encoding: chunked", "bare_lf"},
		line{"after_bare_cr", "", "X: y\rTransfer-Encoding: chunked", "bare_cr"},
		line{"cr_before_name", "", "\rTransfer-Encoding: chunked", "bare_cr"},
		line{"cr_before_crlf", "", "Transfer-Encoding: chunked\r", "bare_cr"},
		line{"lf_before_value", "", "Transfer-Encoding:\nchunked", "bare_lf"},
	)
	return lines
}

// contentLengths is row A3.
func contentLengths() []Case {
	l := list{row: "A3"}
	for _, v := range []struct{ name, cve, value string }{
		{"list_same", "", "5, 5"},
		{"list_same_no_space", "", "5,5"},
		{"list_different", "", "5, 6"},
		{"comma_after", "", "5,"},
		{"comma_before", "", ",5"},
		{"plus", "", "+5"},
		{"minus", "", "-5"},
		{"minus_one", "", "-1"},
		{"minus_zero", "", "-0"},
		{"hexadecimal", "", "0x5"},
		{"empty", "CVE-2023-40225", ""},
		{"only_space", "", " "},
		{"overflow", "CVE-2021-40346", "18446744073709551616"},
		{"overflow_by_five", "", "18446744073709551621"},
		{"int64_overflow", "", "9223372036854775808"},
		{"twenty_digits", "", "00000000000000000005"},
		{"hundred_digits", "", strings.Repeat("9", 100)},
		{"space_inside", "", "5 0"},
		{"space_after", "", "5 "},
		{"tab_after", "", "5\t"},
		{"tab_before", "", "\t5"},
		{"letter_after", "", "5a"},
		{"letter_before", "", "a5"},
		{"underscore", "", "1_0"},
		{"point", "", "5.0"},
		{"exponent", "", "5e0"},
		{"quoted", "", `"5"`},
		{"semicolon", "", "5;x=y"},
		{"arabic_digit", "", "\xd9\xa5"},
		{"fullwidth_digit", "", "\xef\xbc\x95"},
		{"nbsp", "", "5\xa0"},
		{"percent", "", "%35"},
		{"octal", "", "0o5"},
		{"chunked", "", "chunked"},
	} {
		l.bad(v.name, v.cve, post+"Content-Length: "+v.value+"\r\n"+end+hello, "content_length_malformed")
	}
	const twice = "content_length_repeated"
	l.bad("repeated_same", "", post+length+length+end+hello, twice)
	l.bad("repeated_different", "", post+length+"Content-Length: 6\r\n"+end+hello, twice)
	l.bad("repeated_zero_first", "", post+"Content-Length: 0\r\n"+length+end+hello, twice)
	l.bad("repeated_other_case", "", post+length+"content-length: 5\r\n"+end+hello, twice)
	l.bad("repeated_empty_first", "CVE-2023-40225", post+"Content-Length:\r\n"+length+end+hello, twice)
	l.bad("space_before_colon", "", post+"Content-Length : 5\r\n"+end+hello, "space_before_colon")
	l.bad("folded", "", post+"Content-Length:\r\n 5\r\n"+end+hello, "obs_fold")
	l.bad("underscore_name", "", post+"Content_Length: 5\r\n"+end+hello, "field_name_underscore")
	l.bad("long_name_overflow", "CVE-2021-40346",
		post+"Content-Length0"+strings.Repeat("a", 255)+":\r\n"+length+end+hello, "")
	l.cases[len(l.cases)-1].Want = Verdict{Status: 431, Reason: "field_name_too_long"}
	l.good("plain", "", post+length+end+hello, "POST", hello)
	l.good("zero", "", post+"Content-Length: 0\r\n"+end, "POST", "")
	l.good("leading_zeros", "", post+"Content-Length: 0005\r\n"+end+hello, "POST", hello)
	l.good("no_space", "", post+"Content-Length:5\r\n"+end+hello, "POST", hello)
	return l.cases
}

// bodies is row A4: content is framed whatever the method, and ends where it ends.
func bodies() []Case {
	l := list{row: "A4"}
	for _, m := range []string{"GET", "HEAD", "DELETE", "OPTIONS", "PUT", "PATCH", "PROPFIND"} {
		head := m + " / HTTP/1.1\r\n" + host
		l.good("length_"+m, "", head+length+end+hello, m, hello)
		l.good("chunked_"+m, "", head+coded+end+helloChunked, m, hello)
		l.good("none_"+m, "", head+end, m, "")
	}
	next := passed("GET", "/", "")
	l.add("length_zero_then_request", "", post+"Content-Length: 0\r\n"+end+get+end,
		passed("POST", "/", ""), next)
	l.add("no_length_then_request", "", post+end+get+end, passed("POST", "/", ""), next)
	l.add("body_that_is_a_request", "",
		post+"Content-Length: 35\r\n"+end+get+end, passed("POST", "/", get+end))
	l.add("body_then_junk", "", post+length+end+hello+"X\r\n\r\n",
		passed("POST", "/", hello), Verdict{Status: 400, Reason: "request_line_malformed"})
	return l.cases
}
