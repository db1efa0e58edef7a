package hostile

// PolicyCase is a request whose verdict must not depend on the version of HTTP that
// carries it: what a gateway makes of paths, hosts and fields that say who a client is.
// It is asked of a gateway that routes everything to one origin, with default settings;
// the client is a stranger at 127.0.0.1. Cases are rows E1, E3 and E4.
type PolicyCase struct {
	Name string
	// Path is :path, or the target of HTTP/1.1 in origin form; Authority is :authority,
	// or Host.
	Path, Authority string
	// Fields are name and value in pairs, names in lower case.
	Fields [][2]string
	Want   PolicyVerdict
}

// PolicyVerdict is what becomes of it.
type PolicyVerdict struct {
	// Status of a refusal; 0 if the request is passed on.
	Status int
	// Reason of a refusal, as counters have it.
	Reason string
	// Path is what the origin is asked for.
	Path string
	// Fields are what the origin must find: the value, or "" for none. Further fields
	// are not looked at.
	Fields map[string]string
}

const (
	stranger = "127.0.0.1"
	shop     = "shop.example"
)

// PolicyCases returns them all, new ones on each call.
func PolicyCases() []PolicyCase {
	var all []PolicyCase
	for _, rows := range []func() []PolicyCase{pathCases, authorityCases, spoofCases, variantCases} {
		all = append(all, rows()...)
	}
	return all
}

func pathCases() (cases []PolicyCase) {
	for _, c := range []struct{ name, path, want, reason string }{
		{"plain", "/a/b", "/a/b", ""},
		{"dots", "/a/../b", "/b", ""},
		{"encoded_dots", "/a/%2e%2E/b", "/b", ""},
		{"backslash", `/a\..\b`, "/b", ""},
		{"encoded_slash", "/a%2fb", "/a%2fb", ""},
		{"double_slash", "/a//b", "/a//b", ""},
		{"twice_encoded", "/a/%252e%252e/b", "/a/%252e%252e/b", ""},
		{"parameters", "/a;x=y/b", "/a;x=y/b", ""},
		{"query_kept", "/a?b=/../c", "/a?b=/../c", ""},
		{"root_escape", "/../a", "", "path_escapes_root"},
		{"dots_parameters", "/a/..;/b", "", "path_dot_segment_params"},
		{"dots_encoded_slash", "/a/..%2fb", "", "path_encoded_dot_segment"},
		{"dots_encoded_backslash", "/a/..%5cb", "", "path_encoded_dot_segment"},
		{"nul", "/a%00b", "", "path_nul"},
		{"overlong", "/a/%c0%ae%c0%ae/b", "", "path_overlong_utf8"},
		{"bad_percent", "/a%zz", "", "path_percent_invalid"},
		{"fragment", "/a#b", "", "target_fragment"},
		{"no_slash", "a", "", "target_invalid"},
		{"query_percent", "/a?b=%", "", "query_invalid"},
	} {
		p := PolicyCase{Name: "E1_" + c.name, Path: c.path, Authority: shop}
		p.Want = PolicyVerdict{Path: c.want, Reason: c.reason}
		if c.reason != "" {
			p.Want.Status = 400
		}
		cases = append(cases, p)
	}
	return cases
}

func authorityCases() (cases []PolicyCase) {
	for name, authority := range map[string]string{
		"userinfo": "user@" + shop, "path": shop + "/x", "list": shop + ", b.example", "fragment": shop + "#x",
		"percent": "shop%2eexample", "bad_port": shop + ":x", "port_zero": shop + ":0", "two_dots": "shop..example",
		"short_address": "127.1", "zone": "[fe80::1%25eth0]",
	} {
		cases = append(cases, PolicyCase{
			Name: "E1_authority_" + name, Path: "/", Authority: authority,
			Want: PolicyVerdict{Status: 400, Reason: "host_invalid"},
		})
	}
	return cases
}

// spoofCases are row E3: what only a proxy may say is overwritten or removed.
func spoofCases() (cases []PolicyCase) {
	for name, want := range map[string]string{
		"x-forwarded-for": stranger, "x-real-ip": stranger, "x-forwarded-host": shop, "x-forwarded-proto": "http",
		"forwarded": "", "x-forwarded-prefix": "", "x-forwarded-client-cert": "", "x-forwarded-user": "",
		"x-forwarded-server": "", "x-envoy-original-path": "", "x-envoy-internal": "", "x-envoy-external-address": "",
		"x-original-url": "", "x-rewrite-url": "", "x-host": "", "x-original-host": "", "x-http-host-override": "",
	} {
		cases = append(cases, PolicyCase{
			Name: "E3_" + name, Path: "/", Authority: shop, Fields: [][2]string{{name, "spoofed"}, {name, "again"}},
			Want: PolicyVerdict{Path: "/", Fields: map[string]string{name: want}},
		})
	}
	return cases
}

// variantCases are row E4: names that a CGI-like origin cannot tell from another.
func variantCases() (cases []PolicyCase) {
	for _, name := range []string{
		"x_user", "x-auth_user", "x_forwarded_for", "x_forwarded-for", "remote_user", "content_length", "_", "x-user_",
	} {
		cases = append(cases, PolicyCase{
			Name: "E4_" + name, Path: "/", Authority: shop, Fields: [][2]string{{name, "admin"}},
			Want: PolicyVerdict{Status: 400, Reason: "field_name_underscore"},
		})
	}
	return cases
}
