package wiretest

import "strings"

// pipelines is row A12: several requests in one write.
func pipelines() []Case {
	l := list{row: "A12"}
	one := passed("GET", "/", "")
	l.add("three", "", strings.Repeat(get+end, 3), one, one, one)
	l.add("bodies", "", post+length+end+hello+post+coded+end+helloChunked+get+end,
		passed("POST", "/", hello), passed("POST", "/", hello), one)
	l.add("second_bad", "", get+end+get+"X y\r\n"+end+get+end, one,
		Verdict{Status: 400, Reason: "field_name_invalid"})
	l.add("second_ambiguous", "", get+end+post+length+coded+end+helloChunked, one,
		Verdict{Status: 400, Reason: "content_length_and_transfer_encoding"})
	closes := one
	closes.Closes = true
	l.add("close_then_more", "", get+"Connection: close\r\n"+end+get+end, closes)
	l.add("http10_then_more", "", "GET / HTTP/1.0\r\n"+host+end+get+end, closes)
	l.add("http10_keep_alive", "", "GET / HTTP/1.0\r\n"+host+"Connection: keep-alive\r\n"+end+get+end, one, one)
	l.add("close_beats_keep_alive", "", get+"Connection: keep-alive, close\r\n"+end+get+end, closes)
	l.add("empty_line_between", "", get+end+"\r\n"+get+end, one, one)
	l.add("trailers_then_request", "", post+coded+end+"0\r\nX: y\r\n\r\n"+get+end, passed("POST", "/", ""), one)
	return l.cases
}

// hopByHop is row A13.
func hopByHop() []Case {
	l := list{row: "A13"}
	for _, name := range []string{
		"Host", "Content-Length", "Transfer-Encoding", "X-Forwarded-For", "X-Forwarded-Host",
		"X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Real-IP", "Forwarded",
		"Via", "X-Request-Id", "Authorization", "Cookie", "X-Forwarded-Client-Cert", "Expect",
		"Content-Type", "x-envoy-internal",
	} {
		cve := ""
		switch name {
		case "X-Forwarded-For":
			cve = "CVE-2024-45410"
		case "X-Real-IP":
			cve = "CVE-2026-29054"
		}
		l.bad("names_"+strings.ToLower(name), cve, get+"Connection: close, "+name+"\r\n"+end,
			"connection_names_protected_field")
	}
	for _, v := range []struct{ name, value string }{
		{"space_inside", "x y"}, {"seventeen_empty_options", strings.Repeat(",", 16)},
		{"colon", "x:y"}, {"quoted", `"close"`}, {"seventeen_options", strings.Repeat("x, ", 16) + "y"},
	} {
		l.bad("connection_"+v.name, "", get+"Connection: "+v.value+"\r\n"+end, "connection_malformed")
	}
	l.good("connection_empty", "", get+"Connection:\r\n"+end, "GET", "")
	l.good("connection_empty_options", "", get+"Connection: keep-alive,,x,\r\nX: y\r\n"+end, "GET", "")
	l.good("names_other", "", get+"Connection: X-Auth, X-B\r\nX-Auth: y\r\nX-B: z\r\n"+end, "GET", "")
	l.good("proxy_fields", "", get+"Proxy-Connection: close\r\nProxy-Authorization: x\r\nKeep-Alive: 5\r\nTE: gzip\r\n"+end,
		"GET", "")
	return l.cases
}

// upgrades is row A14.
func upgrades() []Case {
	l := list{row: "A14"}
	const websocket = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	l.good("websocket", "", get+websocket+end, "GET", "")
	l.good("websocket_length_zero", "", get+websocket+"Content-Length: 0\r\n"+end, "GET", "")
	l.bad("websocket_with_length", "CVE-2026-2833", get+websocket+length+end+hello, "upgrade_with_body")
	l.bad("websocket_with_chunked", "", get+websocket+coded+end+helloChunked, "upgrade_with_body")
	l.good("h2c_dropped", "CVE-2024-23326",
		get+"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"+end, "GET", "")
	l.good("h2c_with_body_dropped", "", post+"Connection: Upgrade\r\nUpgrade: h2c\r\n"+length+end+hello, "POST", hello)
	l.good("list_dropped", "", get+"Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n"+end, "GET", "")
	l.good("two_lines_dropped", "", get+websocket+"Upgrade: h2c\r\n"+end, "GET", "")
	l.good("without_connection_dropped", "", get+"Upgrade: websocket\r\n"+end, "GET", "")
	l.good("tls_dropped", "", get+"Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n"+end, "GET", "")
	v := passed("GET", "/", "")
	v.Closes = true
	l.add("http10_dropped", "", "GET / HTTP/1.0\r\n"+host+websocket+end, v)
	return l.cases
}

// methods is row A15.
func methods() []Case {
	l := list{row: "A15"}
	refuse := Verdict{Status: 405, Reason: "method_refused"}
	for _, v := range []struct{ name, cve, line string }{
		{"trace", "", "TRACE / HTTP/1.1"}, {"track", "", "TRACK / HTTP/1.1"},
		{"connect", "CVE-2026-71324", "CONNECT a.example:443 HTTP/1.1"},
		{"connect_path", "CVE-2025-64763", "CONNECT / HTTP/1.1"},
		{"connect_absolute", "", "CONNECT http://a.example/ HTTP/1.1"},
		{"trace_http10", "", "TRACE / HTTP/1.0"},
	} {
		l.add(v.name, v.cve, v.line+"\r\n"+host+end, refuse)
	}
	l.bad("trace_lower_case", "", "trace / HTTP/1.1\r\n"+host+end, "method_invalid")
	l.bad("connect_lower_case", "", "connect / HTTP/1.1\r\n"+host+end, "method_invalid")
	l.good("extension_method", "", "M-SEARCH / HTTP/1.1\r\n"+host+end, "M-SEARCH", "")
	return l.cases
}

// limits are those of row A11 that are not about the request line.
func limits() []Case {
	l := list{row: "A11"}
	large := func(reason string) Verdict { return Verdict{Status: 431, Reason: reason} }
	l.add("value_100k", "", get+"X: "+strings.Repeat("y", 100<<10)+"\r\n"+end, large("field_too_large"))
	l.add("value_8k_and_one", "", get+"X: "+strings.Repeat("y", 8193)+"\r\n"+end, large("field_too_large"))
	l.good("value_8k", "", get+"X: "+strings.Repeat("y", 8192)+"\r\n"+end, "GET", "")
	l.add("name_100k", "", get+strings.Repeat("x", 100<<10)+": y\r\n"+end, large("field_too_large"))
	l.add("name_257", "", get+strings.Repeat("x", 257)+": y\r\n"+end, large("field_name_too_long"))
	l.add("fields_101", "", get+strings.Repeat("X: y\r\n", 100)+end, large("field_too_many"))
	l.good("fields_100", "", get+strings.Repeat("X: y\r\n", 99)+end, "GET", "")
	l.add("fields_10000", "", get+strings.Repeat("a:\r\n", 10_000)+end, large("field_too_many"))
	l.add("head_80k", "", get+strings.Repeat("X: "+strings.Repeat("y", 8000)+"\r\n", 10)+end, large("head_too_large"))
	l.add("cookie_crumbs", "CVE-2026-47774", get+strings.Repeat("Cookie: a=b\r\n", 200)+end, large("field_too_many"))
	return l.cases
}
