package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/test/harness"
)

// gatewayYAML is a Gateway on loopback with one listener for each "name port hostname".
func gatewayYAML(name string, listeners ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: %s}
spec:
  gatewayClassName: fairlead
  addresses: [{type: IPAddress, value: 127.0.0.1}]
  listeners:
`, name)
	for _, l := range listeners {
		words := strings.Fields(l)
		fmt.Fprintf(&b, "  - {name: %s, port: %s, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}", words[0], words[1])
		if len(words) > 2 {
			fmt.Fprintf(&b, ", hostname: %q", words[2])
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// routeYAML is an HTTPRoute for the Gateway "edge". Rules are lines of a YAML list.
func routeYAML(name, hostnames, rules string) string {
	if hostnames != "" {
		hostnames = "\n  hostnames: [" + hostnames + "]"
	}
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: %s}
spec:
  parentRefs: [{name: edge}]%s
  rules:
%s`, name, hostnames, rules)
}

func TestGatewayAPIMatches(t *testing.T) {
	one, two, three := harness.Echo(t, "one"), harness.Echo(t, "two"), harness.Echo(t, "three")
	a := start(t,
		gatewayYAML("edge", "http 80"),
		harness.Service("one", one), harness.Service("two", two), harness.Service("three", three),
		routeYAML("paths", "paths.example", `
  - matches: [{path: {type: Exact, value: /exact}}]
    backendRefs: [{name: one, port: 80}]
  - matches: [{path: {type: PathPrefix, value: /exact}}]
    backendRefs: [{name: two, port: 80}]
  - matches: [{path: {type: PathPrefix, value: /exact/longer}}]
    backendRefs: [{name: three, port: 80}]
  - matches: [{path: {type: PathPrefix, value: /slash/}}]
    backendRefs: [{name: one, port: 80}]
  - matches: [{path: {type: RegularExpression, value: "/re/[0-9]+"}}]
    backendRefs: [{name: three, port: 80}]
`),
		routeYAML("conditions", "conditions.example", `
  - matches:
    - {path: {value: /h}, headers: [{name: X-Version, value: "2"}]}
    backendRefs: [{name: two, port: 80}]
  - matches:
    - {path: {value: /h}, headers: [{name: x-version, value: "2"}, {name: X-Color, value: blue}]}
    backendRefs: [{name: three, port: 80}]
  - matches:
    - {path: {value: /h}, headers: [{name: X-Re, type: RegularExpression, value: "[a-c]+"}]}
    backendRefs: [{name: one, port: 80}]
  - matches:
    - {path: {value: /q}, queryParams: [{name: animal, value: whale}]}
    backendRefs: [{name: one, port: 80}]
  - matches:
    - {path: {value: /q}, queryParams: [{name: animal, value: whale}, {name: Color, value: blue}]}
    backendRefs: [{name: two, port: 80}]
  - matches:
    - {path: {value: /m}, method: POST}
    - {path: {value: /m}, method: DELETE}
    backendRefs: [{name: one, port: 80}]
  - matches: [{path: {value: /m}}]
    backendRefs: [{name: two, port: 80}]
  - matches: [{path: {value: /m}, headers: [{name: X-Version, value: "2"}]}]
    backendRefs: [{name: three, port: 80}]
`),
	)
	paths, conditions := "paths.example", "conditions.example"
	check(t, a, []exchange{
		{name: "exact", Request: get(paths, "/exact"), origin: "one", target: "/exact", host: paths},
		{name: "exact with query", Request: get(paths, "/exact?x=1"), origin: "one", target: "/exact?x=1"},
		{name: "exact and slash is a prefix", Request: get(paths, "/exact/"), origin: "two"},
		{name: "prefix", Request: get(paths, "/exact/x"), origin: "two"},
		{name: "prefix ends at a segment", Request: get(paths, "/exactly"), status: 404},
		{name: "longer prefix", Request: get(paths, "/exact/longer/x"), origin: "three"},
		{name: "longer prefix ends at a segment", Request: get(paths, "/exact/longest"), origin: "two"},
		{name: "prefix with slash, without", Request: get(paths, "/slash"), origin: "one"},
		{name: "prefix with slash, with", Request: get(paths, "/slash/x"), origin: "one"},
		{name: "case counts", Request: get(paths, "/EXACT"), status: 404},
		{name: "regex", Request: get(paths, "/re/12"), origin: "three"},
		{name: "regex is anchored", Request: get(paths, "/re/12x"), status: 404},
		{name: "port in Host is not matched and is forwarded", Request: get(paths+":8443", "/exact"), origin: "one", host: paths + ":8443"},
		{name: "host in capitals", Request: get("PATHS.example", "/exact"), origin: "one"},
		{name: "other host", Request: get("other.example", "/exact"), status: 404},
		{name: "dot segments", Request: get(paths, "/nowhere/../exact"), origin: "one", target: "/exact"},
		{name: "escapes of plain letters", Request: get(paths, "/%65xact"), origin: "one", target: "/exact"},

		{name: "header", Request: get(conditions, "/h", "x-VERSION: 2"), origin: "two"},
		{name: "more headers first", Request: get(conditions, "/h", "X-Version: 2", "X-Color: blue"), origin: "three"},
		{name: "header value is exact", Request: get(conditions, "/h", "X-Version: 22"), status: 404},
		{name: "header regex", Request: get(conditions, "/h", "X-Re: abc"), origin: "one"},
		{name: "header regex is anchored", Request: get(conditions, "/h", "X-Re: abcd"), status: 404},
		{name: "query", Request: get(conditions, "/q?animal=whale"), origin: "one"},
		{name: "more queries first", Request: get(conditions, "/q?Color=blue&animal=whale"), origin: "two"},
		{name: "query's case counts", Request: get(conditions, "/q?Animal=whale"), status: 404},
		{name: "only the first of a repeated query", Request: get(conditions, "/q?animal=cat&animal=whale"), status: 404},
		{name: "method", Request: harness.Request{Method: "POST", Host: conditions, Target: "/m", Body: "b"}, origin: "one"},
		{name: "second method", Request: harness.Request{Method: "DELETE", Host: conditions, Target: "/m"}, origin: "one"},
		{name: "no method", Request: get(conditions, "/m"), origin: "two"},
		{name: "method before header", Request: harness.Request{Method: "POST", Host: conditions, Target: "/m", Header: []string{"X-Version: 2"}}, origin: "one"},
		{name: "header before none", Request: get(conditions, "/m", "X-Version: 2"), origin: "three"},
	})
}

func TestGatewayAPIFilters(t *testing.T) {
	a := start(t,
		gatewayYAML("edge", "http 80", "alt 8080"),
		harness.Service("one", harness.Echo(t, "one")),
		routeYAML("headers", "headers.example", `
  - matches: [{path: {value: /request}}]
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier:
        set: [{name: X-Set, value: new}]
        add: [{name: X-Add, value: more}]
        remove: [X-Gone]
    backendRefs: [{name: one, port: 80}]
  - matches: [{path: {value: /response}}]
    filters:
    - type: ResponseHeaderModifier
      responseHeaderModifier:
        set: [{name: X-Set, value: new}]
        add: [{name: X-Origin, value: edge}]
        remove: [X-Seen]
    backendRefs: [{name: one, port: 80}]
  - matches: [{path: {value: /backend}}]
    backendRefs:
    - name: one
      port: 80
      filters:
      - type: RequestHeaderModifier
        requestHeaderModifier: {set: [{name: X-Set, value: backend}]}
      - type: ResponseHeaderModifier
        responseHeaderModifier: {set: [{name: X-Got, value: backend}]}
      - type: URLRewrite
        urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}
  - matches: [{path: {value: /both}}]
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {add: [{name: X-Add, value: route}]}
    backendRefs:
    - name: one
      port: 80
      filters:
      - type: RequestHeaderModifier
        requestHeaderModifier: {add: [{name: X-Add, value: backend}]}
`),
		routeYAML("rewrites", "rewrites.example", `
  - matches: [{path: {value: /prefix}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}]
    backendRefs: [{name: one, port: 80}]
  - matches: [{path: {value: /root}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]
    backendRefs: [{name: one, port: 80}]
  - matches: [{path: {value: /slash}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /new/}}}]
    backendRefs: [{name: one, port: 80}]
  - matches: [{path: {value: /full}}]
    filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /all}}}]
    backendRefs: [{name: one, port: 80}]
  - matches: [{path: {value: /host}}]
    filters: [{type: URLRewrite, urlRewrite: {hostname: inner.example}}]
    backendRefs: [{name: one, port: 80}]
  - matches: [{path: {value: /all}}]
    filters: [{type: URLRewrite, urlRewrite: {hostname: inner.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /x}}}]
    backendRefs: [{name: one, port: 80}]
`),
		routeYAML("redirects", "redirects.example", `
  - matches: [{path: {value: /plain}}]
    filters: [{type: RequestRedirect, requestRedirect: {}}]
  - matches: [{path: {value: /host}}]
    filters: [{type: RequestRedirect, requestRedirect: {hostname: other.example}}]
  - matches: [{path: {value: /status}}]
    filters: [{type: RequestRedirect, requestRedirect: {hostname: other.example, statusCode: 301}}]
  - matches: [{path: {value: /see}}]
    filters: [{type: RequestRedirect, requestRedirect: {hostname: other.example, statusCode: 303}}]
  - matches: [{path: {value: /temporary}}]
    filters: [{type: RequestRedirect, requestRedirect: {hostname: other.example, statusCode: 307}}]
  - matches: [{path: {value: /permanent}}]
    filters: [{type: RequestRedirect, requestRedirect: {hostname: other.example, statusCode: 308}}]
  - matches: [{path: {value: /scheme}}]
    filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}]
  - matches: [{path: {value: /port}}]
    filters: [{type: RequestRedirect, requestRedirect: {port: 8443}}]
  - matches: [{path: {value: /port-of-scheme}}]
    filters: [{type: RequestRedirect, requestRedirect: {scheme: https, port: 443}}]
  - matches: [{path: {value: /port-of-other-scheme}}]
    filters: [{type: RequestRedirect, requestRedirect: {scheme: https, port: 80}}]
  - matches: [{path: {value: /full}}]
    filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}]
  - matches: [{path: {value: /prefix}}]
    filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}]
  - matches: [{path: {value: /strip}}]
    filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}]
  - matches: [{path: {value: /modified}}]
    filters:
    - {type: RequestRedirect, requestRedirect: {hostname: other.example}}
    - {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: X-Got, value: "1"}]}}
`),
	)
	headers, rewrites, redirects := "headers.example", "rewrites.example", "redirects.example"
	location := func(name, target string, status int, want string) exchange {
		return exchange{name: name, Request: get(redirects, target), status: status, got: []string{"Location: " + want}}
	}
	check(t, a, []exchange{
		{
			name: "request headers", Request: get(headers, "/request", "x-set: old", "X-Set: older", "X-Add: one", "x-gone: 1"),
			origin: "one", sent: []string{"X-Set: new", "X-Add: one, more", "X-Gone:"},
		},
		{name: "request headers that were not there", Request: get(headers, "/request"), origin: "one", sent: []string{"X-Set: new", "X-Add: more"}},
		{name: "response headers", Request: get(headers, "/response"), origin: "one", got: []string{"X-Set: new", "X-Origin: one, edge", "X-Seen:"}},
		{name: "backend's filters", Request: get(headers, "/backend/x"), origin: "one", target: "/b/x", sent: []string{"X-Set: backend"}, got: []string{"X-Got: backend"}},
		{name: "route's and backend's", Request: get(headers, "/both"), origin: "one", sent: []string{"X-Add: route, backend"}},

		{name: "prefix", Request: get(rewrites, "/prefix/x?q=1"), origin: "one", target: "/new/x?q=1", host: rewrites},
		{name: "prefix alone", Request: get(rewrites, "/prefix"), origin: "one", target: "/new"},
		{name: "prefix and slash", Request: get(rewrites, "/prefix/"), origin: "one", target: "/new/"},
		{name: "root", Request: get(rewrites, "/root/x"), origin: "one", target: "/x"},
		{name: "root alone", Request: get(rewrites, "/root"), origin: "one", target: "/"},
		{name: "root and slash", Request: get(rewrites, "/root/"), origin: "one", target: "/"},
		{name: "replacement with slash", Request: get(rewrites, "/slash/x"), origin: "one", target: "/new/x"},
		{name: "full", Request: get(rewrites, "/full/x?q=1"), origin: "one", target: "/all?q=1"},
		{name: "hostname", Request: get(rewrites, "/host/x"), origin: "one", target: "/host/x", host: "inner.example"},
		{name: "hostname and path", Request: get(rewrites, "/all/x"), origin: "one", target: "/x/x", host: "inner.example"},

		location("to itself", "/plain?q=1", 302, "http://redirects.example/plain?q=1"),
		location("to a host", "/host/x?q=1", 302, "http://other.example/host/x?q=1"),
		location("301", "/status", 301, "http://other.example/status"),
		location("303", "/see", 303, "http://other.example/see"),
		location("307", "/temporary", 307, "http://other.example/temporary"),
		location("308", "/permanent", 308, "http://other.example/permanent"),
		location("to a scheme", "/scheme", 302, "https://redirects.example/scheme"),
		location("to a port", "/port", 302, "http://redirects.example:8443/port"),
		location("to a scheme's port", "/port-of-scheme", 302, "https://redirects.example/port-of-scheme"),
		location("to another scheme's port", "/port-of-other-scheme", 302, "https://redirects.example:80/port-of-other-scheme"),
		location("to a path", "/full/x?q=1", 302, "http://redirects.example/new?q=1"),
		location("to a prefix", "/prefix/x", 302, "http://redirects.example/new/x"),
		location("without a prefix", "/strip/x", 302, "http://redirects.example/x"),
		location("without a prefix, alone", "/strip", 302, "http://redirects.example/"),
		{
			name: "redirect with response headers", Request: get(redirects, "/modified"), status: 302,
			got: []string{"Location: http://other.example/modified", "X-Got: 1"},
		},
		{
			name: "from port 8080", Request: harness.Request{Port: 8080, Host: redirects, Target: "/plain"}, status: 302,
			got: []string{"Location: http://redirects.example:8080/plain"},
		},
		{
			name: "from port 8080 whatever Host says", Request: harness.Request{Port: 8080, Host: redirects + ":9", Target: "/host"}, status: 302,
			got: []string{"Location: http://other.example:8080/host"},
		},
		{
			name: "from port 8080 to a scheme", Request: harness.Request{Port: 8080, Host: redirects, Target: "/scheme"}, status: 302,
			got: []string{"Location: https://redirects.example/scheme"},
		},
	})
}

func TestGatewayAPIHostnames(t *testing.T) {
	var services []string
	for _, name := range []string{"any", "wild", "deep", "exact", "port", "named"} {
		services = append(services, harness.Service(name, harness.Echo(t, name)))
	}
	forward := func(path, service string) string {
		return fmt.Sprintf("  - matches: [{path: {value: %s}}]\n    backendRefs: [{name: %s, port: 80}]\n", path, service)
	}
	to := func(name, section, hostnames, rules string) string {
		r := routeYAML(name, hostnames, rules)
		if section != "" {
			r = strings.Replace(r, "{name: edge}", "{name: edge, "+section+"}", 1)
		}
		return r
	}
	a := start(t, append(services,
		// The Gateway of the specification's own example of listener isolation, and another port.
		gatewayYAML("edge", "empty 80", "wild 80 *.example.com", "deep 80 *.foo.example.com", "exact 80 abc.foo.example.com", "alt 8080"),
		to("empty", "sectionName: empty", "", forward("/empty", "any")),
		to("wild", "sectionName: wild", "", forward("/wild", "wild")),
		to("deep", "sectionName: deep", "", forward("/deep", "deep")),
		to("exact", "sectionName: exact", "", forward("/exact", "exact")),
		// On another port: hostnames of routes, of which the more specific one wins whatever the path.
		to("p-any", "port: 8080", "", forward("/", "port")),
		to("p-wild", "port: 8080", `"*.example.org"`, forward("/", "wild")+forward("/long/path", "deep")),
		to("p-exact", "port: 8080", "www.example.org", forward("/", "exact")+forward("/only", "any")),
		to("p-exact-only", "port: 8080", "sub.example.org", forward("/only", "any")),
		to("p-named", "port: 8080", "named.example", "  - name: first\n    matches: [{path: {value: /a}}]\n    backendRefs: [{name: named, port: 80}]\n"+
			"  - name: second\n    backendRefs: [{name: any, port: 80}]\n"),
	)...)
	alt := func(host, target string) harness.Request {
		return harness.Request{Port: 8080, Host: host, Target: target}
	}
	check(t, a, []exchange{
		{name: "empty listener", Request: get("bar.com", "/empty"), origin: "any"},
		{name: "empty listener, others' path", Request: get("bar.com", "/wild"), status: 404},
		{name: "wildcard listener", Request: get("bar.example.com", "/wild"), origin: "wild"},
		{name: "wildcard listener, others' path", Request: get("bar.example.com", "/empty"), status: 404},
		{name: "apex is not under the wildcard", Request: get("example.com", "/wild"), status: 404},
		{name: "deeper listener", Request: get("bar.foo.example.com", "/deep"), origin: "deep"},
		{name: "deeper listener, others' path", Request: get("bar.foo.example.com", "/wild"), status: 404},
		{name: "two labels under the wildcard", Request: get("a.b.example.com", "/wild"), origin: "wild"},
		{name: "exact listener", Request: get("abc.foo.example.com", "/exact"), origin: "exact"},
		{name: "exact listener, others' path", Request: get("abc.foo.example.com", "/deep"), status: 404},
		{name: "routes of one port only", Request: alt("bar.com", "/empty"), origin: "port"},

		{name: "no hostname", Request: alt("other.example", "/x"), origin: "port"},
		{name: "wildcard before none", Request: alt("a.example.org", "/x"), origin: "wild"},
		{name: "exact before wildcard", Request: alt("www.example.org", "/x"), origin: "exact"},
		{name: "exact before wildcard with the longer path", Request: alt("www.example.org", "/long/path"), origin: "exact"},
		{name: "exact has a rule", Request: alt("sub.example.org", "/only/x"), origin: "any"},
		{name: "exact has no rule: wildcard's turn", Request: alt("sub.example.org", "/long/path"), origin: "deep"},
		{name: "named rule", Request: alt("named.example", "/a"), origin: "named"},
		{name: "second named rule", Request: alt("named.example", "/b"), origin: "any"},
	})
}

func TestGatewayAPIBackends(t *testing.T) {
	a := start(t,
		gatewayYAML("edge", "http 80"),
		harness.Service("one", harness.Echo(t, "one")),
		harness.ServiceAlone("empty"),
		harness.Service("down", harness.Refusing(t)),
		harness.Service("other/far", harness.Echo(t, "far")),
		routeYAML("r", "", `
  - matches: [{path: {value: /missing}}]
    backendRefs: [{name: missing, port: 80}]
  - matches: [{path: {value: /no-such-port}}]
    backendRefs: [{name: one, port: 81}]
  - matches: [{path: {value: /kind}}]
    backendRefs: [{group: example.com, kind: Bucket, name: one}]
  - matches: [{path: {value: /none}}]
  - matches: [{path: {value: /empty}}]
    backendRefs: [{name: empty, port: 80}]
  - matches: [{path: {value: /down}}]
    backendRefs: [{name: down, port: 80}]
  - matches: [{path: {value: /far}}]
    backendRefs: [{name: far, namespace: other, port: 80}]
  - matches: [{path: {value: /zero}}]
    backendRefs: [{name: one, port: 80, weight: 0}]
  - matches: [{path: {value: /missing/but}}]
    backendRefs: [{name: one, port: 80}]
`))
	invalid := "the backend of this route is not valid\n"
	check(t, a, []exchange{
		{name: "missing service", Request: get("", "/missing"), status: 500, body: invalid},
		{name: "missing port", Request: get("", "/no-such-port"), status: 500, body: invalid},
		{name: "unknown kind", Request: get("", "/kind"), status: 500, body: invalid},
		{name: "no backend", Request: get("", "/none"), status: 500, body: invalid},
		{name: "no endpoint", Request: get("", "/empty"), status: 503, body: "no healthy upstream"},
		{name: "nobody listens", Request: get("", "/down"), status: 503},
		{name: "another namespace", Request: get("", "/far"), status: 500, body: invalid},
		{name: "all weights 0", Request: get("", "/zero"), status: 500},
		{name: "a longer prefix beside a broken one", Request: get("", "/missing/but/x"), origin: "one"},
	})

	grant := `
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: g, namespace: other}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}]
  to: [{group: "", kind: Service}]
`
	for range 3 {
		a.Write("grant.yaml", grant)
		check(t, a, []exchange{{name: "granted", Request: get("", "/far"), origin: "far"}})
		a.Remove("grant.yaml")
		check(t, a, []exchange{{name: "revoked", Request: get("", "/far"), status: 500, body: invalid}})
	}
	if got := a.Condition(t, "HTTPRoute", "r", "ResolvedRefs"); !strings.HasPrefix(got, "False") {
		t.Errorf("ResolvedRefs is %q, want False", got)
	}

	a.Write("empty.yaml", harness.Slice("empty", "late", nil, harness.Echo(t, "late")))
	check(t, a, []exchange{{name: "an endpoint comes", Request: get("", "/empty"), origin: "late"}})
	a.Remove("empty.yaml")
	check(t, a, []exchange{{name: "an endpoint goes", Request: get("", "/empty"), status: 503}})
}
