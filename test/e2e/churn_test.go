package e2e

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/test/harness"
)

var churnFor = flag.Duration("churn", 4*time.Second, "how long TestChurn changes manifests at least, under full load")

const (
	churnChanges = 200 // at least
	churnClients = 12
)

// churn is a configuration that changes under load. Everything that a request can show of it carries the number of
// the configuration, its generation: the rewritten path, a request header and a response header, of three routes of
// two APIs in one file.
type churn struct {
	a      *harness.Appliance
	canary *harness.Origin
	homes  []*harness.Origin // where "main" lives by turns

	generation int
	// live is the generation that every request which begins now must show, or a later one.
	live atomic.Int64
	stop atomic.Bool

	requests   atomic.Int64
	visits     atomic.Int64 // to the listener that comes and goes
	unanswered atomic.Int64 // requests there
	mu         sync.Mutex
	faults     []string
}

func (c *churn) fault(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// routes is the file of the routes. With the canary its Service comes along, and in odd generations it has a share.
func (c *churn) routes(canary bool) string {
	n := c.generation
	share := 0
	if canary && n%2 == 1 {
		share = 50
	}
	gatewayBackends := fmt.Sprintf("{name: main, port: 80, weight: %d}", 100-share)
	istioBackends := fmt.Sprintf("{destination: {host: main}, weight: %d}", 100-share)
	docs := []string{}
	if canary {
		gatewayBackends += fmt.Sprintf(", {name: canary, port: 80, weight: %d}", share)
		istioBackends += fmt.Sprintf(", {destination: {host: canary}, weight: %d}", share)
		docs = append(docs, harness.Service("canary", c.canary))
	}
	for _, name := range []string{"one", "two"} {
		docs = append(docs, routeYAML(name, "", fmt.Sprintf(`
  - matches: [{path: {value: /%[1]s}}]
    filters:
    - {type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /%[2]d}}}
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Gen, value: "%[2]d"}]}}
    - {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: X-Gen, value: "%[2]d"}]}}
    backendRefs: [%[3]s]
`, name, n, gatewayBackends)))
	}
	docs = append(docs, virtualServiceYAML("three", "istio.example", fmt.Sprintf(`
  - match: [{uri: {prefix: /three}}]
    rewrite: {uri: /%[1]d}
    headers: {request: {set: {x-gen: "%[1]d"}}, response: {set: {x-gen: "%[1]d"}}}
    route: [%[2]s]
`, n, istioBackends)))
	return harness.Join(docs...)
}

// change writes the next generation of the routes.
func (c *churn) change(canary bool) {
	c.generation++
	c.a.Write("routes.yaml", c.routes(canary))
	c.live.Store(int64(c.generation))
}

// step makes one change. It returns after the change is live.
func (c *churn) step(i int) {
	switch i % 10 {
	case 0, 3, 6: // weights, rewrites, header values
		c.change(true)
	case 1, 5: // endpoints move
		c.a.Write("main.yaml", harness.Service("main", c.homes[i%len(c.homes)], c.homes[(i+1)%len(c.homes)]))
	case 2: // a listener goes, or comes
		c.a.Write("gateway.yaml", churnGateway(i/10%2 == 0))
	case 4: // every document of the file is made invalid
		broken := strings.NewReplacer("  rules:", "  rulez:", "  http:", "  htpp:", "spec: {ports", "spec: {prots").Replace(c.routes(true))
		c.a.Write("routes.yaml", broken)
	case 7: // the backend is removed, with its Service and endpoints, at once
		c.change(false)
	case 8: // it is added again
		c.change(true)
	case 9: // a file of others comes and goes
		c.a.Write("others.yaml", routeYAML("others", "others.example", "  - backendRefs: [{name: main, port: 80}]\n"))
		c.a.Remove("others.yaml")
	}
}

// istioGatewayHTTP is istioGatewayYAML with port 80 alone.
var istioGatewayHTTP, _, _ = strings.Cut(istioGatewayYAML, "  - {port: {number: 8080")

func churnGateway(both bool) string {
	listeners := []string{"http 80"}
	if both {
		listeners = append(listeners, "alt 8080")
	}
	return harness.Join(gatewayYAML("edge", listeners...), istioGatewayHTTP)
}

// client sends requests on one connection as fast as they are answered, and looks at each answer. Not one may fail.
func (c *churn) client() {
	conn, err := c.a.TryDial(80)
	if err != nil {
		c.fault("connect: %v", err)
		return
	}
	defer conn.Close()
	seen := int64(0)
	for i := 0; !c.stop.Load(); i++ {
		if i%100 == 0 {
			if err := conn.Renew(); err != nil {
				c.fault("%v", err)
				return
			}
		}
		least := max(seen, c.live.Load())
		got, err := exchangeOn(conn, churnRequests[i%len(churnRequests)])
		if err != nil || got.close {
			c.fault("connection after %d requests: %v, close %v", i, err, got.close)
			return
		}
		c.requests.Add(1)
		generation, fault := judge(got)
		switch {
		case fault != "":
			c.fault("%s", fault)
		case generation < least:
			c.fault("generation %d after %d: %+v", generation, least, got)
		}
		seen = generation
	}
}

var churnRequests = [][]byte{
	[]byte(get("gateway.example", "/one/x?y=z").Bytes()),
	[]byte(get("gateway.example", "/two/x?y=z").Bytes()),
	[]byte(get("istio.example", "/three/x?y=z").Bytes()),
}

// judge returns the one generation that a reply shows, or what is wrong with it.
func judge(got reply) (int64, string) {
	words := strings.Fields(got.body)
	if got.status != 200 || len(words) != 3 {
		return 0, fmt.Sprintf("failed: %+v", got)
	}
	origin, target, generation := words[0], words[1], words[2]
	if got.generation != generation || target != "/"+generation+"/x?y=z" {
		return 0, fmt.Sprintf("mixed: response header %s, request header %s, target %s", got.generation, generation, target)
	}
	n, err := strconv.ParseInt(generation, 10, 64)
	if err != nil {
		return 0, fmt.Sprintf("generation %q", generation)
	}
	if origin == "canary" && n%2 == 0 {
		return 0, fmt.Sprintf("mixed: generation %d has no share for the canary", n)
	}
	return n, ""
}

// visitor uses the listener that comes and goes. It may find nobody there, and its first request may meet the end
// of the listener; each later one gets a whole answer of one generation, the last of which says that it is.
func (c *churn) visitor() {
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for !c.stop.Load() {
		conn, err := c.a.TryDial(8080)
		if err != nil {
			<-again.C
			continue
		}
		c.visits.Add(1)
		for i, last := 0, time.Now(); !c.stop.Load(); i++ {
			paused := time.Since(last) > promptly
			got, err := exchangeOn(conn, churnRequests[i%2])
			last = time.Now()
			if errors.Is(err, errUnanswered) && (i == 0 || paused) {
				c.unanswered.Add(1)
				break
			}
			if err != nil {
				c.fault("visitor's request %d: %v", i, err)
				break
			}
			c.requests.Add(1)
			if _, fault := judge(got); fault != "" && got.status != 404 { // 404: the listener has just gone
				c.fault("visitor: %s", fault)
			}
			if got.close {
				break
			}
		}
		conn.Close()
	}
}

// TestChurn: manifests change hundreds of times under full load. No request fails, none sees parts of two
// configurations, and none sees an older configuration after a newer one.
func TestChurn(t *testing.T) {
	c := &churn{canary: mirror(t, "canary"), homes: []*harness.Origin{mirror(t, "main-0"), mirror(t, "main-1"), mirror(t, "main-2")}}
	c.a = harness.Start(t, harness.Options{}, harness.Files{
		"gateway.yaml": churnGateway(false), "main.yaml": harness.Service("main", c.homes[0], c.homes[1]),
	})
	c.change(true)
	sound(t, c.a)

	var clients sync.WaitGroup
	for range churnClients {
		clients.Go(c.client)
	}
	clients.Go(c.visitor)
	begin := time.Now()
	changes := 0
	for changes < churnChanges || time.Since(begin) < *churnFor {
		c.step(changes)
		changes++
	}
	c.stop.Store(true)
	clients.Wait()

	t.Logf("%d changes and %d requests in %v; %d visits, %d requests there unanswered",
		changes, c.requests.Load(), time.Since(begin).Round(time.Millisecond), c.visits.Load(), c.unanswered.Load())
	if len(c.faults) > 0 {
		t.Errorf("%d faults, among them:\n%s", len(c.faults), strings.Join(c.faults[:min(20, len(c.faults))], "\n"))
	}
	if n := c.requests.Load(); n < int64(changes) || c.visits.Load() == 0 {
		t.Errorf("%d requests and %d visits during %d changes: no load at all", n, c.visits.Load(), changes)
	}
}
