package e2e

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/test/harness"
)

// istioGatewayYAML is an Istio Gateway on loopback for every host of ports 80 and 8080.
const istioGatewayYAML = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"], bind: 127.0.0.1}
  - {port: {number: 8080, name: alt, protocol: HTTP}, hosts: ["*"], bind: 127.0.0.1}
`

// virtualServiceYAML is a VirtualService on the Gateway "edge". Rules are lines of a YAML list.
func virtualServiceYAML(name, hosts, rules string) string {
	return fmt.Sprintf(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: %s}
spec:
  hosts: [%s]
  gateways: [edge]
  http:
%s`, name, hosts, rules)
}

func TestIstioMatches(t *testing.T) {
	// Each match leads to "hit"; what it does not take goes on to "miss".
	matches := map[string]string{
		"uri-exact":        `uri: {exact: /a}`,
		"uri-prefix":       `uri: {prefix: /a}`,
		"uri-regex":        `uri: {regex: "/a[0-9]+"}`,
		"uri-case":         `{uri: {prefix: /Abc}, ignoreUriCase: true}`,
		"scheme":           `scheme: {exact: https}`,
		"method":           `method: {regex: "PUT|POST"}`,
		"authority":        `authority: {prefix: "AUTHORITY."}`,
		"header-exact":     `headers: {X-V: {exact: one}}`,
		"header-prefix":    `headers: {x-v: {prefix: "on"}}`,
		"header-regex":     `headers: {x-v: {regex: "o.e"}}`,
		"header-present":   `headers: {x-v: {}}`,
		"header-star":      `headers: {x-v: {regex: "*"}}`,
		"without-present":  `withoutHeaders: {x-v: {}}`,
		"without-exact":    `withoutHeaders: {x-v: {exact: one}}`,
		"query-exact":      `queryParams: {q: {exact: one}}`,
		"query-prefix":     `queryParams: {q: {prefix: "on"}}`,
		"query-regex":      `queryParams: {q: {regex: "o.e"}}`,
		"port":             `port: 8080`,
		"gateways":         `gateways: [edge]`,
		"gateways-mesh":    `gateways: [mesh]`,
		"source-labels":    `sourceLabels: {istio: ingressgateway}`,
		"source-others":    `sourceLabels: {app: curl}`,
		"source-namespace": `sourceNamespace: default`,
		"all-of":           `{uri: {prefix: /a}, headers: {x-v: {exact: one}}, method: {exact: GET}}`,
	}
	docs := []string{istioGatewayYAML, harness.Service("hit", harness.Echo(t, "hit")), harness.Service("miss", harness.Echo(t, "miss"))}
	for name, m := range matches {
		if !strings.HasPrefix(m, "{") {
			m = "{" + m + "}"
		}
		docs = append(docs, virtualServiceYAML(name, name+".example", fmt.Sprintf(
			"  - match: [%s]\n    route: [{destination: {host: hit}}]\n  - route: [{destination: {host: miss}}]\n", m)))
	}
	a := start(t, docs...)
	at := func(name, target string, header ...string) harness.Request {
		return get(name+".example", target, header...)
	}
	alt := at("port", "/")
	alt.Port = 8080
	put := at("method", "/")
	put.Method = "PUT"
	check(t, a, []exchange{
		{name: "uri exact", Request: at("uri-exact", "/a?q"), origin: "hit"},
		{name: "uri exact, not", Request: at("uri-exact", "/a/"), origin: "miss"},
		{name: "uri prefix", Request: at("uri-prefix", "/a/b"), origin: "hit"},
		{name: "uri prefix is of the string", Request: at("uri-prefix", "/abc"), origin: "hit"},
		{name: "uri prefix, case", Request: at("uri-prefix", "/A"), origin: "miss"},
		{name: "uri regex", Request: at("uri-regex", "/a12"), origin: "hit"},
		{name: "uri regex is of the whole", Request: at("uri-regex", "/a12/"), origin: "miss"},
		{name: "uri regex has no query", Request: at("uri-regex", "/a12?x=y"), origin: "hit"},
		{name: "ignoreUriCase", Request: at("uri-case", "/aBCd"), origin: "hit"},
		{name: "scheme", Request: at("scheme", "/"), origin: "miss"},
		{name: "scheme that a stranger claims", Request: at("scheme", "/", "X-Forwarded-Proto: https"), origin: "miss"},
		{name: "method", Request: put, origin: "hit"},
		{name: "method, not", Request: at("method", "/"), origin: "miss"},
		{name: "authority", Request: at("authority", "/"), origin: "hit"},
		{name: "header exact", Request: at("header-exact", "/", "x-v: one"), origin: "hit"},
		{name: "header exact, not", Request: at("header-exact", "/", "x-v: ONE"), origin: "miss"},
		{name: "header exact, absent", Request: at("header-exact", "/"), origin: "miss"},
		{name: "header prefix", Request: at("header-prefix", "/", "X-V: one"), origin: "hit"},
		{name: "header regex", Request: at("header-regex", "/", "X-V: one"), origin: "hit"},
		{name: "header regex is of the whole", Request: at("header-regex", "/", "X-V: one1"), origin: "miss"},
		{name: "header present", Request: at("header-present", "/", "X-V: any"), origin: "hit"},
		{name: "header present, not", Request: at("header-present", "/"), origin: "miss"},
		{name: "header regex star", Request: at("header-star", "/", "X-V: any"), origin: "hit"},
		{name: "without header", Request: at("without-present", "/"), origin: "hit"},
		{name: "without header, with", Request: at("without-present", "/", "x-v: any"), origin: "miss"},
		{name: "without a value", Request: at("without-exact", "/", "x-v: two"), origin: "hit"},
		{name: "without a value, with", Request: at("without-exact", "/", "x-v: one"), origin: "miss"},
		{name: "without a value, absent", Request: at("without-exact", "/"), origin: "hit"},
		{name: "query exact", Request: at("query-exact", "/?a=b&q=one"), origin: "hit"},
		{name: "query exact, not", Request: at("query-exact", "/?q=two"), origin: "miss"},
		{name: "query prefix", Request: at("query-prefix", "/?q=one"), origin: "hit"},
		{name: "query regex", Request: at("query-regex", "/?q=one"), origin: "hit"},
		{name: "port", Request: alt, origin: "hit"},
		{name: "port, not", Request: at("port", "/"), origin: "miss"},
		{name: "gateways", Request: at("gateways", "/"), origin: "hit"},
		{name: "gateways, mesh", Request: at("gateways-mesh", "/"), origin: "miss"},
		{name: "source labels are the gateway's", Request: at("source-labels", "/"), origin: "hit"},
		{name: "source labels of others", Request: at("source-others", "/"), origin: "miss"},
		{name: "source namespace is the gateway's", Request: at("source-namespace", "/"), origin: "hit"},
		{name: "all of several", Request: at("all-of", "/a", "x-v: one"), origin: "hit"},
		{name: "all but one", Request: at("all-of", "/a"), origin: "miss"},
	})
}

func TestIstioActions(t *testing.T) {
	a := start(t, istioGatewayYAML,
		harness.Service("one", harness.Echo(t, "one")), harness.Service("two", harness.Echo(t, "two")),
		virtualServiceYAML("order", "order.example", `
  - match: [{uri: {prefix: /a}}]
    route: [{destination: {host: one}}]
  - match: [{uri: {exact: /a/longer}}]
    route: [{destination: {host: two}}]
  - match: [{uri: {prefix: /b}}, {headers: {x-b: {exact: "1"}}}]
    route: [{destination: {host: two}}]
`),
		virtualServiceYAML("rewrite", "rewrite.example", `
  - match: [{uri: {prefix: /root}}]
    rewrite: {uri: /}
    route: [{destination: {host: one}}]
  - match: [{uri: {prefix: /slash/}}]
    rewrite: {uri: /}
    route: [{destination: {host: one}}]
  - match: [{uri: {prefix: /foo}}]
    rewrite: {uri: /bar}
    route: [{destination: {host: one}}]
  - match: [{uri: {exact: /exact}}]
    rewrite: {uri: /whole}
    route: [{destination: {host: one}}]
  - match: [{uri: {regex: "/re/.*"}}]
    rewrite: {uri: /whole}
    route: [{destination: {host: one}}]
  - match: [{uri: {prefix: /service/}}]
    rewrite: {uriRegexRewrite: {match: "^/service/([^/]+)(/.*)$", rewrite: '\2/instance/\1'}}
    route: [{destination: {host: one}}]
  - match: [{uri: {prefix: /authority}}]
    rewrite: {authority: inner.example}
    route: [{destination: {host: one}}]
  - match: [{uri: {prefix: /both}}]
    rewrite: {uri: /x, authority: inner.example}
    route: [{destination: {host: one}}]
`),
		virtualServiceYAML("redirect", "redirect.example", `
  - match: [{uri: {exact: /uri}}]
    redirect: {uri: /new}
  - match: [{uri: {exact: /authority}}]
    redirect: {authority: other.example}
  - match: [{uri: {exact: /code}}]
    redirect: {uri: /new, redirectCode: 308}
  - match: [{uri: {exact: /scheme}}]
    redirect: {scheme: https}
  - match: [{uri: {exact: /port}}]
    redirect: {authority: other.example, port: 8443}
  - match: [{uri: {exact: /derive}}]
    redirect: {derivePort: FROM_REQUEST_PORT}
`),
		virtualServiceYAML("direct", "direct.example", `
  - match: [{uri: {exact: /teapot}}]
    directResponse: {status: 418, body: {string: "short and stout"}}
    headers: {response: {set: {x-kind: tea}}}
  - match: [{uri: {exact: /bytes}}]
    directResponse: {status: 200, body: {bytes: "aGVsbG8="}}
  - match: [{uri: {exact: /empty}}]
    directResponse: {status: 204}
`),
		virtualServiceYAML("headers", "headers.example", `
  - match: [{uri: {prefix: /route}}]
    headers:
      request: {set: {x-set: new}, add: {x-add: more}, remove: [x-gone]}
      response: {set: {x-got: "1"}, add: {x-origin: edge}, remove: [x-seen]}
    route: [{destination: {host: one}}]
  - match: [{uri: {prefix: /destination}}]
    route:
    - destination: {host: one}
      headers: {request: {set: {x-set: destination}}, response: {set: {x-got: destination}}}
  - match: [{uri: {prefix: /host}}]
    headers: {request: {set: {Host: inner.example}}}
    route: [{destination: {host: one}}]
`),
	)
	at := func(host, target string, header ...string) harness.Request {
		return get(host+".example", target, header...)
	}
	location := func(target string, status int, want string) exchange {
		return exchange{name: "redirect " + target, Request: at("redirect", target), status: status, got: []string{"Location: " + want}}
	}
	check(t, a, []exchange{
		{name: "the first rule wins", Request: at("order", "/a/longer"), origin: "one"},
		{name: "any match of a rule", Request: at("order", "/x", "x-b: 1"), origin: "two"},
		{name: "none", Request: at("order", "/x"), status: 404},
		{name: "rewrite to root", Request: at("rewrite", "/root/x?y=z"), origin: "one", target: "/x?y=z"},
		{name: "rewrite to root, alone", Request: at("rewrite", "/root"), origin: "one", target: "/"},
		{name: "rewrite of a prefix with slash", Request: at("rewrite", "/slash/x"), origin: "one", target: "/x"},
		{name: "rewrite within a segment", Request: at("rewrite", "/foobar"), origin: "one", target: "/barbar"},
		{name: "rewrite of exact", Request: at("rewrite", "/exact?q"), origin: "one", target: "/whole?q"},
		{name: "rewrite of regex", Request: at("rewrite", "/re/x"), origin: "one", target: "/whole"},
		{name: "uriRegexRewrite", Request: at("rewrite", "/service/foo/v1/api?q=1"), origin: "one", target: "/v1/api/instance/foo?q=1"},
		{name: "uriRegexRewrite that does not match", Request: at("rewrite", "/service/foo"), origin: "one", target: "/service/foo"},
		{name: "rewrite of authority", Request: at("rewrite", "/authority"), origin: "one", target: "/authority", host: "inner.example"},
		{name: "rewrite of both", Request: at("rewrite", "/both/y"), origin: "one", target: "/x/y", host: "inner.example"},

		location("/uri", 301, "http://redirect.example/new"),
		location("/authority", 301, "http://other.example/authority"),
		location("/code", 308, "http://redirect.example/new"),
		location("/scheme", 301, "https://redirect.example/scheme"),
		location("/port", 301, "http://other.example:8443/port"),
		location("/derive", 301, "http://redirect.example/derive"),

		{name: "direct response", Request: at("direct", "/teapot"), status: 418, body: "short and stout", got: []string{"X-Kind: tea"}},
		{name: "direct response of bytes", Request: at("direct", "/bytes"), body: "hello"},
		{name: "direct response without body", Request: at("direct", "/empty"), status: 204},

		{
			name: "headers", Request: at("headers", "/route", "X-Set: old", "X-Add: one", "X-Gone: 1"), origin: "one",
			sent: []string{"X-Set: new", "X-Add: one, more", "X-Gone:"}, got: []string{"X-Got: 1", "X-Origin: one, edge", "X-Seen:"},
		},
		{name: "headers of a destination", Request: at("headers", "/destination"), origin: "one", sent: []string{"X-Set: destination"}, got: []string{"X-Got: destination"}},
		{name: "header Host", Request: at("headers", "/host"), origin: "one", host: "inner.example"},
	})
}

func TestIstioDelegateAndMerging(t *testing.T) {
	older := func(age int, doc string) string {
		return strings.Replace(doc, "metadata: {", fmt.Sprintf("metadata: {creationTimestamp: 2026-01-%02dT00:00:00Z, ", age), 1)
	}
	var docs []string
	for _, name := range []string{"one", "two", "three", "rest"} {
		docs = append(docs, harness.Service(name, harness.Echo(t, name)), harness.Service("team/"+name, harness.Echo(t, "team-"+name)))
	}
	a := start(t, append(docs, istioGatewayYAML,
		// Three of one host: concatenated by age, whatever the names; a catch-all goes last.
		older(3, virtualServiceYAML("a", "merged.example", `
  - match: [{uri: {prefix: /shared}}]
    route: [{destination: {host: three}}]
  - match: [{uri: {prefix: /a}}]
    route: [{destination: {host: three}}]
`)),
		older(1, virtualServiceYAML("b", "merged.example", `
  - match: [{uri: {prefix: /}}]
    route: [{destination: {host: rest}}]
`)),
		older(2, virtualServiceYAML("c", "merged.example", `
  - match: [{uri: {prefix: /shared}}]
    route: [{destination: {host: two}}]
`)),
		virtualServiceYAML("wild", `"*.wild.example"`, "  - route: [{destination: {host: one}}]\n"),
		virtualServiceYAML("exact", `"a.wild.example"`, "  - match: [{uri: {prefix: /only}}]\n    route: [{destination: {host: two}}]\n"),
		virtualServiceYAML("root", "delegating.example", `
  - match: [{uri: {prefix: /team}}]
    delegate: {name: branch, namespace: team}
  - route: [{destination: {host: rest}}]
`), `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: branch, namespace: team}
spec:
  http:
  - match: [{uri: {prefix: /team/one}}]
    rewrite: {uri: /rewritten}
    route: [{destination: {host: one}}]
  - match: [{uri: {prefix: /elsewhere}}]
    route: [{destination: {host: two}}]
  - route: [{destination: {host: three}}]
`)...)
	check(t, a, []exchange{
		{name: "the older of two", Request: get("merged.example", "/shared"), origin: "two"},
		{name: "the youngest's own", Request: get("merged.example", "/a"), origin: "three"},
		{name: "the oldest's catch-all is last", Request: get("merged.example", "/other"), origin: "rest"},
		{name: "wildcard host", Request: get("x.wild.example", "/"), origin: "one"},
		{name: "exact host", Request: get("a.wild.example", "/only"), origin: "two"},
		{name: "exact host is all there is", Request: get("a.wild.example", "/"), status: 404},
		{name: "delegate, in its namespace", Request: get("delegating.example", "/team/one/x"), origin: "team-one", target: "/rewritten/x"},
		{name: "delegate's rest is within the root's match", Request: get("delegating.example", "/team/x"), origin: "team-three"},
		{name: "delegate outside the root's match", Request: get("delegating.example", "/elsewhere"), origin: "rest"},
	})
	if got := a.Condition(t, "VirtualService", "a", "fairlead.dev/ConflictFree"); !strings.HasPrefix(got, "False") {
		t.Errorf("of the younger one ConflictFree is %q, want False", got)
	}
}

func TestIstioDestinations(t *testing.T) {
	v1, v2 := harness.Echo(t, "v1"), harness.Echo(t, "v2")
	one, two, three := harness.Echo(t, "e1"), harness.Echo(t, "e2"), harness.Echo(t, "e3")
	balanced := harness.Join(harness.Service("balanced", one, two, three), harness.Service("random", one, two, three), harness.Service("least", one, two, three))
	route := func(path, destination string) string {
		return fmt.Sprintf("  - match: [{uri: {prefix: %s}}]\n    route: [{destination: {%s}}]\n", path, destination)
	}
	a := start(t, istioGatewayYAML, balanced,
		harness.ServiceAlone("app"),
		harness.Slice("app", "v1", map[string]string{"version": "v1"}, v1),
		harness.Slice("app", "v2", map[string]string{"version": "v2"}, v2), `
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: {name: app}
spec:
  host: app
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
  - {name: v3, labels: {version: v3}}
---
apiVersion: networking.istio.io/v1beta1
kind: DestinationRule
metadata: {name: balanced}
spec: {host: balanced.default.svc.cluster.local, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: random}
spec: {host: random, trafficPolicy: {loadBalancer: {simple: RANDOM}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: least}
spec: {host: least, trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}}
`,
		virtualServiceYAML("vs", `"*"`,
			route("/v1", "host: app, subset: v1")+route("/v2", "host: app, subset: v2")+route("/v3", "host: app, subset: v3")+
				route("/none", "host: app, subset: none")+route("/unknown", "host: nowhere")+
				route("/fqdn", "host: app.default.svc.cluster.local, subset: v1, port: {number: 80}")+
				route("/balanced", "host: balanced")+route("/random", "host: random")+route("/least", "host: least")))
	check(t, a, []exchange{
		{name: "subset", Request: get("", "/v1"), origin: "v1"},
		{name: "other subset", Request: get("", "/v2"), origin: "v2"},
		{name: "subset by full name", Request: get("", "/fqdn"), origin: "v1"},
		{name: "subset without endpoints", Request: get("", "/v3"), status: 503, body: "no healthy upstream"},
		{name: "subset that is not defined", Request: get("", "/none"), status: 503},
		{name: "unknown host", Request: get("", "/unknown"), status: 503},
	})
	for path, exact := range map[string]bool{"/balanced": true, "/random": false, "/least": false} {
		count := map[string]int{}
		const each = 100
		for range 3 * each {
			count[a.Do(t, get("", path)).Echo.Origin]++
		}
		for _, o := range []string{"e1", "e2", "e3"} {
			// Of 300 at random one in three has a standard deviation of 8.2.
			if n := count[o]; exact && n != each || !exact && (n < each-50 || n > each+50) {
				t.Errorf("%s: %v, want about %d each (exactly: %v)", path, count, each, exact)
				break
			}
		}
	}
}

func TestServiceEntryAndExternalName(t *testing.T) {
	one, two, ext := harness.Echo(t, "one"), harness.Echo(t, "two"), harness.Echo(t, "ext")
	names := &harness.Names{}
	names.Set("dns.example.com", one.Addr.Addr())
	names.Set("target.example.net", ext.Addr.Addr())
	route := func(path, destination string) string {
		return fmt.Sprintf("  - match: [{uri: {prefix: %s}}]\n    route: [{destination: {%s}}]\n", path, destination)
	}
	a := harness.Start(t, harness.Options{Resolver: names}, harness.Files{"all.yaml": harness.Join(istioGatewayYAML, fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: static}
spec:
  hosts: [static.example.com]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints:
  - {address: 127.0.0.1, ports: {http: %[1]d}, labels: {version: a}}
  - {address: 127.0.0.1, ports: {http: %[2]d}, labels: {version: b}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: static}
spec: {host: static.example.com, subsets: [{name: b, labels: {version: b}}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: dns}
spec:
  hosts: [dns.example.com]
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: %[1]d}]
  resolution: DNS
---
apiVersion: v1
kind: Service
metadata: {name: external}
spec: {type: ExternalName, externalName: target.example.net, ports: [{name: http, port: %[3]d}]}
---
apiVersion: v1
kind: Service
metadata: {name: inward}
spec: {type: ExternalName, externalName: localhost, ports: [{name: http, port: %[3]d}]}
`, one.Addr.Port(), two.Addr.Port(), ext.Addr.Port()),
		virtualServiceYAML("vs", `"*"`,
			route("/static", "host: static.example.com")+route("/b", "host: static.example.com, subset: b")+route("/dns", "host: dns.example.com")+
				route("/external", "host: external")+route("/inward", "host: inward")))})
	sound(t, a)
	count := map[string]int{}
	for range 40 {
		count[a.Do(t, get("", "/static")).Echo.Origin]++
	}
	if count["one"] == 0 || count["two"] == 0 || count["one"]+count["two"] != 40 {
		t.Errorf("of 40: %v, want both endpoints", count)
	}
	harness.Await(t, "dns.example.com is resolved", func() bool { return a.Do(t, get("", "/dns")).Status == 200 })
	harness.Await(t, "target.example.net is resolved", func() bool { return a.Do(t, get("", "/external")).Status == 200 })
	check(t, a, []exchange{
		{name: "subset of a ServiceEntry", Request: get("", "/b"), origin: "two"},
		{name: "dns", Request: get("", "/dns"), origin: "one"},
		{name: "external name", Request: get("", "/external"), origin: "ext"},
		{name: "external name of this machine", Request: get("", "/inward"), status: 503},
	})
	// The name moves to an address where nobody listens, and back.
	names.Set("dns.example.com", netip.MustParseAddr("127.0.0.9"))
	check(t, a, []exchange{{name: "dns moved", Request: get("", "/dns"), status: 503}})
	names.Set("dns.example.com")
	check(t, a, []exchange{{name: "dns empty", Request: get("", "/dns"), status: 503, body: "no healthy upstream"}})
	names.Set("dns.example.com", one.Addr.Addr())
	check(t, a, []exchange{{name: "dns back", Request: get("", "/dns"), origin: "one"}})
	a.Write("all.yaml", istioGatewayYAML)
	harness.Await(t, "the name is no longer watched", func() bool { return !names.Watched("dns.example.com") })
}
