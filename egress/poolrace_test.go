package egress

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/egress/pool"
	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// idleCloser answers requests, counts each by its path, and closes a connection that has
// waited for impatience: the race that every pool has with its origins.
func idleCloser(t *testing.T, impatience time.Duration) (*origin, func(path string) int) {
	var mu sync.Mutex
	seen := make(map[string]int)
	o := newOrigin(t, func(c net.Conn, req *http.Request, _ int) bool {
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return false
		}
		mu.Lock()
		seen[req.URL.Path]++
		mu.Unlock()
		if _, err := io.WriteString(c, response("ok")); err != nil {
			return false
		}
		return c.SetReadDeadline(time.Now().Add(impatience)) == nil
	})
	return o, func(path string) int {
		mu.Lock()
		defer mu.Unlock()
		return seen[path]
	}
}

// Requests come after gaps around the time at which the origin closes. A GET never fails. A
// POST never comes twice, and is lost only if the origin's kernel had it when its process
// closed: a reset, after which nobody knows what the process read.
func TestOriginClosesWhatIsReused(t *testing.T) {
	const (
		requests   = 1000
		clients    = 8
		impatience = 5 * time.Millisecond
	)
	for _, method := range []string{"POST", "GET"} {
		t.Run(method, func(t *testing.T) {
			o, seen := idleCloser(t, impatience)
			r := newTestRegistry(t, Options{})
			r.SetEndpoints([]*config.Endpoint{o.endpoint("a")}, nil)
			b := acquire(t, r, &config.Backend{})
			var mu sync.Mutex
			failed := make(map[string]result)
			var wg sync.WaitGroup
			for client := range clients {
				wg.Go(func() {
					random := rand.New(rand.NewPCG(uint64(client), 1))
					for i := client; i < requests; i += clients {
						<-time.After(time.Duration(random.Int64N(int64(2 * impatience))))
						path := "/" + strconv.Itoa(i)
						var body exchange.Body
						length := int64(0)
						if method == "POST" {
							body, length = exchange.NewBytesBody([]byte("order")), 5
						}
						if got := send(b, method, path, body, length); got.err != nil || got.status != 200 {
							mu.Lock()
							failed[path] = got
							mu.Unlock()
						}
					}
				})
			}
			wg.Wait()
			twice := 0
			for i := range requests {
				path := "/" + strconv.Itoa(i)
				_, lost := failed[path]
				n := seen(path)
				if n > 1 {
					twice++
				}
				if !lost && n == 0 {
					t.Errorf("%s %s was answered and never came", method, path)
				}
			}
			reasons := make(map[string]int)
			resets := 0
			for _, f := range failed {
				reasons[f.err.Error()]++
				if errors.Is(f.err, syscall.ECONNRESET) {
					resets++
				}
			}
			s := b.Stats()
			t.Logf("%d failed, %d came twice, %d sent again, %d reused, %d found closed before: %v",
				len(failed), twice, s.RetriedStale, s.Pool.Reused, s.Pool.Closed[pool.ClosedByPeer], reasons)
			switch {
			case method == "POST" && (twice > 0 || resets != len(failed)):
				t.Errorf("POST: %d failed, %d of them by a reset, %d came twice", len(failed), resets, twice)
			case method == "GET" && len(failed) > 0:
				t.Errorf("GET: %d of %d failed", len(failed), requests)
			case s.Pool.Reused == 0 || o.conns.Load() < 2:
				t.Errorf("%d reused, %d connections: the race was never run", s.Pool.Reused, o.conns.Load())
			}
		})
	}
}
