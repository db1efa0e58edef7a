package e2e

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/test/harness"
)

// promptly is how soon after a response a client's next request must come to be answered for sure: less than what a
// drain leaves idle connections. A client that this machine held up longer counts as idle.
const promptly = 100 * time.Millisecond

// TestDrainUnderLoad: the process ends while clients are at full speed. Each of them gets a whole answer to every
// request, the last of which says that the connection ends.
func TestDrainUnderLoad(t *testing.T) {
	const clients = 16
	o := mirror(t, "one")
	a := harness.Start(t, harness.Options{}, harness.Files{"all.yaml": harness.Join(
		gatewayYAML("edge", "http 80"), harness.Service("one", o), routeYAML("r", "", `
  - filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: X-Gen, value: "1"}]}}]
    backendRefs: [{name: one, port: 80}]
`))})
	request := []byte(get("", "/").Bytes())
	var served, told, idle atomic.Int64
	faults := make(chan string, clients)
	warm := make(chan struct{}, clients)
	var all sync.WaitGroup
	for range clients {
		c := a.Dial(t, 80)
		all.Go(func() {
			for i, last := 0, time.Now(); ; i++ {
				if i == 100 {
					warm <- struct{}{}
				}
				paused := time.Since(last) > promptly
				got, err := exchangeOn(c, request)
				last = time.Now()
				switch {
				case err == nil && got.status == 200 && got.generation == "1":
					served.Add(1)
				case errors.Is(err, errUnanswered) && paused:
					idle.Add(1)
					return
				default:
					faults <- fmt.Sprintf("request %d: %+v, %v", i, got, err)
					return
				}
				if got.close {
					told.Add(1)
					c.Close()
					return
				}
			}
		})
	}
	for range clients {
		harness.Receive(t, "the load", warm)
	}
	begin := time.Now()
	a.Stop()
	took := time.Since(begin)
	all.Wait()
	close(faults)
	for f := range faults {
		t.Error(f)
	}
	t.Logf("%d served; of %d connections %d were told to close and %d were idle; drained in %v",
		served.Load(), clients, told.Load(), idle.Load(), took.Round(time.Millisecond))
	if told.Load()+idle.Load() != clients {
		t.Errorf("%d told and %d idle, of %d", told.Load(), idle.Load(), clients)
	}
	if strings.Contains(a.Log(), "closed by force") || strings.Contains(a.Log(), "drain deadline") {
		t.Error("the drain had to close connections by force")
	}
}
