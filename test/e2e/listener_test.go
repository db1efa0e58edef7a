package e2e

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/test/harness"
)

func TestListenersComeAndGo(t *testing.T) {
	release := make(chan struct{})
	o, heads := scripted(t, func(head string, p *harness.Peer) error {
		if strings.HasPrefix(head, "GET /slow") {
			<-release
		}
		_, err := io.WriteString(p, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		return err
	})
	one, two := gatewayYAML("edge", "http 80"), gatewayYAML("edge", "http 80", "alt 8080")
	a := harness.Start(t, harness.Options{}, harness.Files{
		"gateway.yaml": one, "rest.yaml": harness.Join(harness.Service("one", o), routeYAML("r", "", "  - backendRefs: [{name: one, port: 80}]\n")),
	})
	sound(t, a)
	if !a.Refuses(8080) {
		t.Fatal("8080 is open before any listener asks for it")
	}
	stays := a.Dial(t, 80)
	for round := range 3 {
		a.Write("gateway.yaml", two)
		idle, busy := a.Dial(t, 8080), a.Dial(t, 8080)
		idle.Send(get("", "/").Bytes())
		if got := idle.Next("GET"); got.Status != 200 {
			t.Fatalf("round %d: the new listener answers %d", round, got.Status)
		}
		harness.Receive(t, "the request", heads)
		busy.Send(get("", "/slow").Bytes())
		harness.Receive(t, "the slow request", heads)

		a.Write("gateway.yaml", one)
		if rest, err := idle.Ended(); rest != "" || err != nil {
			t.Errorf("round %d: the idle connection ends with %q, %v", round, rest, err)
		}
		harness.Await(t, "8080 refuses", func() bool { return a.Refuses(8080) })
		release <- struct{}{}
		if got := busy.Next("GET"); got.Status != 200 || !got.Close {
			t.Errorf("round %d: the request under way gets %d, close %v; want 200 and close", round, got.Status, got.Close)
		}
		if rest, err := busy.Ended(); rest != "" || err != nil {
			t.Errorf("round %d: the busy connection ends with %q, %v", round, rest, err)
		}
		stays.Send(get("", "/").Bytes())
		if got := stays.Next("GET"); got.Status != 200 || got.Close {
			t.Errorf("round %d: the other listener's connection: %+v", round, got)
		}
		harness.Receive(t, "the request", heads)
	}
}

func TestListenerMovesToAnotherGateway(t *testing.T) {
	o := harness.Echo(t, "one")
	route := strings.Replace(routeYAML("r", "", "  - backendRefs: [{name: one, port: 80}]\n"), "[{name: edge}]", "[{name: edge}, {name: other}]", 1)
	a := harness.Start(t, harness.Options{}, harness.Files{
		"gateway.yaml": gatewayYAML("edge", "http 80"), "rest.yaml": harness.Join(harness.Service("one", o), route),
	})
	c := a.Dial(t, 80)
	for i := range 10 {
		a.Write("gateway.yaml", gatewayYAML([]string{"other", "edge"}[i%2], "http 80"))
		c.Send(get("", "/").Bytes())
		if got := c.Next("GET"); got.Status != 200 || got.Close {
			t.Fatalf("after move %d: %+v; the socket is the same, so the connection is", i, got)
		}
	}
}

func TestPortInUse(t *testing.T) {
	a := harness.Start(t, harness.Options{}, harness.Files{
		"gateway.yaml": gatewayYAML("edge", "http 80"),
		"rest.yaml":    harness.Join(harness.Service("one", harness.Echo(t, "one")), routeYAML("r", "", "  - backendRefs: [{name: one, port: 80}]\n")),
	})
	sound(t, a)
	// Somebody else's socket, who does not share.
	taken, err := net.Listen("tcp", a.Addr(8080))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	a.Write("gateway.yaml", gatewayYAML("edge", "http 80", "alt 8080"))
	rejected := a.Gateway.Ack().Rejected
	if len(rejected) != 1 || rejected[0].Name.Name != "gatewayapi/default/edge/alt" || !strings.Contains(rejected[0].Reason, "address already in use") {
		t.Errorf("rejected: %v, want the listener alt with the reason", rejected)
	}
	programmed := func() string { return a.Condition(t, "Gateway", "edge", "Programmed") }
	if got := programmed(); !strings.Contains(got, "address already in use") {
		t.Errorf("Programmed: %q, want the reason", got)
	}
	check(t, a, []exchange{{name: "the other listener serves", Request: get("", "/"), origin: "one"}})

	// The next change tries again; until then the data plane does by itself, every few seconds.
	taken.Close()
	a.Write("other.yaml", harness.ServiceAlone("other"))
	if rejected := a.Gateway.Ack().Rejected; len(rejected) > 0 {
		t.Errorf("still rejected: %v", rejected)
	}
	check(t, a, []exchange{{name: "the port is free now", Request: harness.Request{Port: 8080}, origin: "one"}})
	if got := programmed(); strings.Contains(got, "False") {
		t.Errorf("Programmed: %q, want no False", got)
	}
}

// TestPortFreedLater: nothing changes but that the port becomes free.
func TestPortFreedLater(t *testing.T) {
	a := harness.Start(t, harness.Options{}, harness.Files{
		"rest.yaml": harness.Join(harness.Service("one", harness.Echo(t, "one")), routeYAML("r", "", "  - backendRefs: [{name: one, port: 80}]\n")),
	})
	taken, err := net.Listen("tcp", a.Addr(80))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	a.Write("gateway.yaml", gatewayYAML("edge", "http 80"))
	if rejected := a.Gateway.Ack().Rejected; len(rejected) != 1 {
		t.Fatalf("rejected: %v", rejected)
	}
	taken.Close()
	harness.Await(t, "the listener opens", func() bool { return !a.Refuses(80) })
	check(t, a, []exchange{{name: "served", Request: get("", "/"), origin: "one"}})
	harness.Await(t, "the status says so", func() bool {
		return !strings.Contains(a.Condition(t, "Gateway", "edge", "Programmed"), "False")
	})
}

func TestDrain(t *testing.T) {
	release := make(chan struct{})
	o, heads := scripted(t, func(head string, p *harness.Peer) error {
		if strings.HasPrefix(head, "GET /slow") {
			<-release
		}
		_, err := io.WriteString(p, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		return err
	})
	a := behind(t, o)
	idle, busy := a.Dial(t, 80), a.Dial(t, 80)
	idle.Send(get("", "/").Bytes())
	if got := idle.Next("GET"); got.Status != 200 {
		t.Fatal(got)
	}
	harness.Receive(t, "the request", heads)
	busy.Send(get("", "/slow").Bytes())
	harness.Receive(t, "the slow request", heads)

	drained := make(chan struct{})
	go func() { a.Stop(); close(drained) }()
	if rest, err := idle.Ended(); rest != "" || err != nil {
		t.Errorf("the idle connection ends with %q, %v", rest, err)
	}
	harness.Await(t, "new connections are refused", func() bool { return a.Refuses(80) })
	if ready, why := a.Gateway.Ready(); ready || why != "draining" {
		t.Errorf("ready: %v, %s", ready, why)
	}
	select {
	case <-drained:
		t.Error("drained with a request under way")
	default:
	}
	close(release)
	if got := busy.Next("GET"); got.Status != 200 || !got.Close {
		t.Errorf("the request under way: %+v, want 200 and close", got)
	}
	busy.Close()
	harness.Receive(t, "the end of the drain", drained)
}

// TestDrainDeadline: a request that does not end does not keep the process.
func TestDrainDeadline(t *testing.T) {
	stuck := make(chan struct{})
	o, heads := scripted(t, func(string, *harness.Peer) error { <-stuck; return io.EOF })
	t.Cleanup(func() { close(stuck) })
	a := harness.Start(t, harness.Options{DrainTimeout: 100 * time.Millisecond}, harness.Files{"all.yaml": harness.Join(
		gatewayYAML("edge", "http 80"), harness.Service("one", o), routeYAML("r", "", "  - backendRefs: [{name: one, port: 80}]\n"))})
	c := a.Dial(t, 80)
	c.Send(get("", "/").Bytes())
	harness.Receive(t, "the request", heads)
	drained := make(chan struct{})
	go func() { a.Stop(); close(drained) }()
	harness.Receive(t, "the end of the drain", drained)
	if got, err := c.TryNext("GET"); err == nil {
		t.Errorf("answered %d by an origin that never did", got.Status)
	}
}
