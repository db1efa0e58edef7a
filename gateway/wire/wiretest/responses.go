package wiretest

import "strings"

const ok = "HTTP/1.1 200 OK\r\n"

// Responses returns row A16: what an origin could send. Every refusal is answered
// 502 to the client and costs the origin's connection.
func Responses() []Case {
	l := list{row: "A16"}
	refusedResponses(&l)
	passedResponses(&l)
	for i := range l.cases {
		if l.cases[i].Method == "" {
			l.cases[i].Method = "GET"
		}
	}
	return l.cases
}

func refusedResponses(l *list) {
	refuse := func(name, cve, raw, reason string) {
		l.add(name, cve, raw, Verdict{Status: 502, Reason: reason})
	}
	for _, v := range []struct{ name, fields, reason string }{
		{"length_twice", length + "Content-Length: 6\r\n", "content_length_repeated"},
		{"length_twice_same", length + length, "content_length_repeated"},
		{"length_list", "Content-Length: 5, 5\r\n", "content_length_malformed"},
		{"length_negative", "Content-Length: -5\r\n", "content_length_malformed"},
		{"length_plus", "Content-Length: +5\r\n", "content_length_malformed"},
		{"length_empty", "Content-Length:\r\n", "content_length_malformed"},
		{"length_overflow", "Content-Length: 18446744073709551621\r\n", "content_length_malformed"},
		{"length_and_coding", length + coded, "content_length_and_transfer_encoding"},
		{"coding_and_length", coded + length, "content_length_and_transfer_encoding"},
		{"coding_gzip", "Transfer-Encoding: gzip\r\n", "transfer_encoding_unsupported"},
		{"coding_gzip_chunked", "Transfer-Encoding: gzip, chunked\r\n", "transfer_encoding_unsupported"},
		{"coding_identity", "Transfer-Encoding: identity\r\n", "transfer_encoding_unsupported"},
		{"coding_xchunked", "Transfer-Encoding: xchunked\r\n", "transfer_encoding_unsupported"},
		{"coding_twice", coded + coded, "transfer_encoding_repeated"},
		{"fold", "X: a\r\n b\r\n", "obs_fold"},
		{"space_before_colon", "X : a\r\n", "space_before_colon"},
		{"colon_missing", "X\r\n", "colon_missing"},
		{"name_empty", ": x\r\n", "field_name_invalid"},
		{"name_bad", "X(Y: x\r\n", "field_name_invalid"},
		{"value_nul", "X: a\x00b\r\n", "control_byte"},
		{"value_escape", "X: a\x1b[0m\r\n", "control_byte"},
		{"bare_lf", "X: a\nSet-Cookie: b=c\r\n", "bare_lf"},
		{"bare_cr", "X: a\rSet-Cookie: b=c\r\n", "bare_cr"},
		{"value_20k", "X: " + strings.Repeat("y", 20<<10) + "\r\n", "field_too_large"},
		{"many_fields", strings.Repeat("X: y\r\n", 201), "field_too_many"},
		{"head_10mb", strings.Repeat("X: "+strings.Repeat("y", 8000)+"\r\n", 1300), "head_too_large"},
		{"connection_names_length", "Connection: content-length\r\n" + length, "connection_names_protected_field"},
	} {
		refuse(v.name, "", ok+v.fields+end+hello, v.reason)
	}
	for _, v := range []struct{ name, line, reason string }{
		{"status_99", "HTTP/1.1 099 X", "status_out_of_range"},
		{"status_600", "HTTP/1.1 600 X", "status_out_of_range"},
		{"status_999", "HTTP/1.1 999 X", "status_out_of_range"},
		{"status_two_digits", "HTTP/1.1 20 OK", "status_line_malformed"},
		{"status_four_digits", "HTTP/1.1 2000 OK", "status_line_malformed"},
		{"status_letters", "HTTP/1.1 2xx OK", "status_line_malformed"},
		{"status_sign", "HTTP/1.1 +20 OK", "status_line_malformed"},
		{"status_missing", "HTTP/1.1", "status_line_malformed"},
		{"status_two_spaces", "HTTP/1.1  200 OK", "status_line_malformed"},
		{"status_no_space", "HTTP/1.1200 OK", "status_line_malformed"},
		{"status_tab", "HTTP/1.1\t200 OK", "status_line_malformed"},
		{"version_2", "HTTP/2.0 200 OK", "version_unsupported"},
		{"version_0_9", "HTTP/0.9 200 OK", "version_unsupported"},
		{"version_lower_case", "http/1.1 200 OK", "version_malformed"},
		{"not_http", "220 mail.example ESMTP", "status_line_malformed"},
		{"icy", "ICY 200 OK", "status_line_malformed"},
		{"reason_nul", "HTTP/1.1 200 O\x00K", "control_byte"},
		{"line_10k", "HTTP/1.1 200 " + strings.Repeat("x", 10_000), "status_line_too_long"},
		{"reason_bare_lf", "HTTP/1.1 200 OK\nX: y", "bare_lf"},
	} {
		refuse(v.name, "", v.line+"\r\n"+length+end+hello, v.reason)
	}
	refuse("many_short_lines", "CVE-2025-61724", ok+strings.Repeat("a:\r\n", 100_000)+end, "field_too_many")
	refuse("http09", "", "hello\r\n\r\n", "status_line_malformed")
	refuse("leading_empty_line", "", "\r\n"+ok+length+end+hello, "leading_crlf_repeated")
	refuse("coding_http10", "CVE-2026-2835", "HTTP/1.0 200 OK\r\n"+coded+end+helloChunked, "transfer_encoding_http10")
	refuse("length_on_100", "", "HTTP/1.1 100 Continue\r\n"+length+end+hello, "framing_forbidden")
	refuse("coding_on_103", "", "HTTP/1.1 103 Early Hints\r\n"+coded+end+helloChunked, "framing_forbidden")
	refuse("length_on_101", "", "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"+length+end, "framing_forbidden")
	refuse("length_on_204", "", "HTTP/1.1 204 No Content\r\n"+length+end+hello, "framing_forbidden")
	refuse("coding_on_204", "", "HTTP/1.1 204 No Content\r\n"+coded+end+helloChunked, "framing_forbidden")
	refuse("101_without_upgrade", "CVE-2026-58055", "HTTP/1.1 101 X\r\n"+end, "upgrade_malformed")
	refuse("101_without_connection", "", "HTTP/1.1 101 X\r\nUpgrade: websocket\r\n"+end, "upgrade_malformed")
	refuse("101_other_protocol", "", "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: h2c\r\n"+end, "upgrade_malformed")
	inBody := Verdict{Status: 502, Reason: "chunk_size_malformed", InBody: true}
	l.add("chunk_size_bad", "", ok+coded+end+"0x5\r\nhello\r\n0\r\n\r\n", inBody)
	inBody.Reason = "chunk_end_malformed"
	l.add("chunk_spill", "", ok+coded+end+"4\r\nhello\r\n0\r\n\r\n", inBody)
	inBody.Reason = "bare_lf"
	l.add("chunk_bare_lf", "CVE-2025-22871", ok+coded+end+"5\nhello\r\n0\r\n\r\n", inBody)
}

func passedResponses(l *list) {
	pass := func(name, method, raw string, code int, body string, closes bool) {
		l.add(name, "", raw, Verdict{Code: code, Body: body, Closes: closes})
		l.cases[len(l.cases)-1].Method = method
	}
	pass("length", "GET", ok+length+end+hello, 200, hello, false)
	pass("chunked", "GET", ok+coded+end+helloChunked, 200, hello, false)
	pass("until_close", "GET", ok+end+hello, 200, hello, true)
	pass("until_close_http10", "GET", "HTTP/1.0 200 OK\r\n"+end+hello, 200, hello, true)
	pass("length_http10", "GET", "HTTP/1.0 200 OK\r\n"+length+end+hello, 200, hello, true)
	pass("keep_alive_http10", "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"+length+end+hello, 200, hello, false)
	pass("connection_close", "GET", ok+"Connection: close\r\n"+length+end+hello, 200, hello, true)
	pass("no_reason", "GET", "HTTP/1.1 200 \r\n"+length+end+hello, 200, hello, false)
	pass("no_reason_no_space", "GET", "HTTP/1.1 200\r\n"+length+end+hello, 200, hello, false)
	pass("reason_opaque", "GET", "HTTP/1.1 200 caf\xc3\xa9 !\r\n"+length+end+hello, 200, hello, false)
	pass("head_with_length", "HEAD", ok+length+end, 200, "", false)
	pass("head_with_coding", "HEAD", ok+coded+end, 200, "", false)
	pass("not_modified_with_length", "GET", "HTTP/1.1 304 Not Modified\r\n"+length+end, 304, "", false)
	pass("no_content", "GET", "HTTP/1.1 204 No Content\r\n"+end, 204, "", false)
	pass("no_content_length_zero", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n"+end, 204, "", false)
	pass("early_hints", "GET", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n"+end, 103, "", false)
	pass("websocket", "GET", "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"+end, 101, "", false)
	pass("underscore_name", "GET", ok+"X_Y: z\r\n"+length+end+hello, 200, hello, false)
	pass("unregistered_status", "GET", "HTTP/1.1 299 X\r\n"+length+end+hello, 299, hello, false)
}
