package wiretest

import "strings"

// expectations is row A5.
func expectations() []Case {
	l := list{row: "A5"}
	refuse := Verdict{Status: 417, Reason: "expectation_unknown"}
	for _, v := range []struct{ name, value string }{
		{"word_before", "y 100-continue"}, {"word_after", "100-continue y"},
		{"list", "100-continue, 100-continue"}, {"other", "200-ok"}, {"empty", ""},
		{"parameter", "100-continue;q=1"}, {"quoted", `"100-continue"`},
		{"comma", ",100-continue"}, {"nbsp", "\xa0100-continue"},
	} {
		l.add(v.name, "", post+"Expect: "+v.value+"\r\n"+length+end+hello, refuse)
	}
	l.add("twice", "", post+"Expect: 100-continue\r\nExpect: 100-continue\r\n"+length+end+hello, refuse)
	l.good("plain", "", post+"Expect: 100-continue\r\n"+length+end+hello, "POST", hello)
	l.good("upper_case", "", post+"Expect: 100-CONTINUE\r\n"+length+end+hello, "POST", hello)
	l.good("without_body", "CVE-2024-24791", get+"Expect: 100-continue\r\n"+end, "GET", "")
	v := passed("POST", "/", hello)
	v.Closes = true
	l.add("http10", "", "POST / HTTP/1.0\r\n"+host+"Expect: 100-continue\r\n"+length+end+hello, v)
	return l.cases
}

// folds is row A6: obsolete line folding.
func folds() []Case {
	l := list{row: "A6"}
	for _, v := range []struct{ name, fields string }{
		{"space", "X: a\r\n b\r\n"}, {"tab", "X: a\r\n\tb\r\n"}, {"many_spaces", "X: a\r\n    b\r\n"},
		{"empty_value", "X:\r\n b\r\n"}, {"only_space", "X: a\r\n \r\n"}, {"only_tab", "X: a\r\n\t\r\n"},
		{"field_in_fold", "X: a\r\n Content-Length: 5\r\n"}, {"twice", "X: a\r\n b\r\n c\r\n"},
	} {
		l.bad(v.name, "", get+v.fields+end, "obs_fold")
	}
	l.bad("first_line", "", "GET / HTTP/1.1\r\n "+host+end, "obs_fold")
	l.bad("host", "", "GET / HTTP/1.1\r\nHost: a.example\r\n .evil\r\n"+end, "obs_fold")
	l.bad("space_then_end", "", get+" \r\n"+end, "obs_fold")
	return l.cases
}

// controlBytes is row A7.
func controlBytes() []Case {
	l := list{row: "A7"}
	for _, b := range controls() {
		c, n, reason := string([]byte{b}), byteName(b), lineReason(b)
		l.bad("method_"+n, "", "GE"+c+"T / HTTP/1.1\r\n"+host+end, reason)
		l.bad("target_"+n, "", "GET /a"+c+"b HTTP/1.1\r\n"+host+end, reason)
		l.bad("version_"+n, "", "GET / HTTP/1.1"+c+"x\r\n"+host+end, reason)
		l.bad("name_"+n, "", get+"X"+c+"Y: z\r\n"+end, reason)
		l.bad("value_"+n, "", get+"X: y"+c+"z\r\n"+end, reason)
		chunk := "chunk_size_malformed"
		if b == '\r' || b == '\n' {
			chunk = reason
		}
		l.badBody("chunk_size_"+n, "", post+coded+end+"5"+c+"\r\nhello\r\n0\r\n\r\n", chunk)
		l.badBody("chunk_extension_"+n, "", post+coded+end+"5;a"+c+"b\r\nhello\r\n0\r\n\r\n", reason)
		l.badBody("trailer_"+n, "", post+coded+end+"0\r\nX: y"+c+"z\r\n\r\n", reason)
	}
	l.bad("tab_in_method", "", "GE\tT / HTTP/1.1\r\n"+host+end, "method_invalid")
	l.bad("tab_for_space", "", "GET\t/ HTTP/1.1\r\n"+host+end, "method_invalid")
	l.bad("tab_in_target", "", "GET /a\tb HTTP/1.1\r\n"+host+end, "path_invalid_byte")
	l.bad("tab_in_name", "", get+"X\tY: z\r\n"+end, "field_name_invalid")
	l.good("tab_in_value", "", get+"X: y\tz\r\n"+end, "GET", "")
	l.bad("lf_only_request", "", strings.ReplaceAll(get+end, "\r\n", "\n"), "bare_lf")
	l.bad("cr_only_request", "", strings.ReplaceAll(get+end, "\r\n", "\r"), "bare_cr")
	l.bad("lf_ends_head", "", get+"\n", "bare_lf")
	l.bad("cr_cr_lf", "", get+"X: y\r\r\n"+end, "bare_cr")
	l.bad("lf_cr", "", get+"X: y\n\r\n", "bare_lf")
	for _, name := range []string{
		"a b", "a(b", "a)b", "a<b", "a>b", "a@b", "a,b", "a;b", `a\b`, `a"b`, "a/b", "a[b",
		"a]b", "a?b", "a=b", "a{b", "a}b", "caf\xc3\xa9", "\xa0a", "a\xff",
	} {
		l.bad("name_with_"+byteName(strings.Trim(name, "abcf")[0]), "", get+name+": z\r\n"+end,
			"field_name_invalid")
	}
	l.bad("name_empty", "CVE-2023-25725", get+": z\r\n"+end, "field_name_invalid")
	l.bad("name_underscore", "CVE-2026-33433", get+"X_User: root\r\n"+end, "field_name_underscore")
	l.bad("colon_missing", "", get+"X\r\n"+end, "colon_missing")
	l.bad("space_before_colon", "", get+"X : y\r\n"+end, "space_before_colon")
	l.good("value_opaque", "", get+"X: caf\xc3\xa9 \xff\r\n"+end, "GET", "")
	l.good("value_empty", "", get+"X:\r\n"+end, "GET", "")
	l.bad("tls_hello", "", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "control_byte")
	return l.cases
}
