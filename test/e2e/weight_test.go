package e2e

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/fairlead-mesh/fairlead/test/harness"
)

// terse is an origin that says its name and no more, fast enough for thousands of requests.
func terse(t testing.TB, name string) *harness.Origin {
	t.Helper()
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(name), name)
	return harness.Serve(t, name, func(p *harness.Peer) {
		for {
			if _, err := p.ReadHead(); err != nil {
				return
			}
			if _, err := p.Write(answer); err != nil {
				return
			}
		}
	})
}

// tally sends n requests over some connections at once, and counts the bodies.
func tally(t *testing.T, a *harness.Appliance, r harness.Request, n, connections int) map[string]int {
	t.Helper()
	var (
		mu     sync.Mutex
		count  = make(map[string]int)
		failed error
		all    sync.WaitGroup
	)
	for range connections {
		all.Go(func() {
			mine, err := tallyOne(a, []byte(r.Bytes()), n/connections)
			mu.Lock()
			defer mu.Unlock()
			failed = errors.Join(failed, err)
			for k, v := range mine {
				count[k] += v
			}
		})
	}
	all.Wait()
	if failed != nil {
		t.Fatal(failed)
	}
	return count
}

func tallyOne(a *harness.Appliance, request []byte, n int) (map[string]int, error) {
	c, err := a.TryDial(80)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	count := make(map[string]int)
	for i := range n {
		if err := c.Renew(); err != nil {
			return nil, err
		}
		if _, err := c.Write(request); err != nil {
			return nil, fmt.Errorf("request %d: %w", i, err)
		}
		answer, err := c.TryNext("GET")
		if err != nil {
			return nil, fmt.Errorf("request %d: %w", i, err)
		}
		count[fmt.Sprint(answer.Status, " ", answer.Body)]++
	}
	return count, nil
}

func TestWeights(t *testing.T) {
	const requests, connections = 20_000, 50
	services := harness.Join(
		harness.Service("main", terse(t, "main")), harness.Service("canary", terse(t, "canary")), harness.Service("zero", terse(t, "zero")))
	gatewayAPI := harness.Join(gatewayYAML("edge", "http 80"), services)
	istio := harness.Join(istioGatewayYAML, services)
	tests := []struct {
		name, manifests string
		want            map[string]float64 // share by status and body
	}{
		{"gateway-api", gatewayAPI + "\n---\n" + routeYAML("r", "", `
  - backendRefs:
    - {name: main, port: 80, weight: 90}
    - {name: canary, port: 80, weight: 10}
    - {name: zero, port: 80, weight: 0}
`), map[string]float64{"200 main": .9, "200 canary": .1}},
		{"gateway-api-missing-share", gatewayAPI + "\n---\n" + routeYAML("r", "", `
  - backendRefs:
    - {name: main, port: 80, weight: 9}
    - {name: missing, port: 80, weight: 1}
`), map[string]float64{"200 main": .9, "500 the backend of this route is not valid\n": .1}},
		{"istio", istio + "\n---\n" + virtualServiceYAML("vs", `"*"`, `
  - route:
    - {destination: {host: main}, weight: 90}
    - {destination: {host: canary}, weight: 10}
    - {destination: {host: zero}, weight: 0}
`), map[string]float64{"200 main": .9, "200 canary": .1}},
		{"istio-sum-is-not-100", istio + "\n---\n" + virtualServiceYAML("vs", `"*"`, `
  - route:
    - {destination: {host: main}, weight: 1}
    - {destination: {host: canary}, weight: 9}
`), map[string]float64{"200 main": .1, "200 canary": .9}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := start(t, tt.manifests)
			got := tally(t, a, get("", "/"), requests, connections)
			for what, share := range tt.want {
				if have := float64(got[what]) / requests; have < share-.01 || have > share+.01 {
					t.Errorf("%q: %.4f of the requests, want %.2f ±0.01", what, have, share)
				}
			}
			if len(got) != len(tt.want) {
				t.Errorf("answers %v, want only %v", got, tt.want)
			}
		})
	}
}
