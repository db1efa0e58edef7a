package hostile

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/wire/wiretest"
)

// TestCanaries keeps innocent clients asking while the whole corpus is sent through the
// same upstream connections. Each answer must be the one to its own request.
func TestCanaries(t *testing.T) {
	e := newEdge(t, everything, "", func(m *message, c net.Conn) bool {
		id := ""
		if v := m.get("X-Canary"); v != nil {
			id = v[0]
		}
		return respond(c, m.method, m.target+" "+id+" "+m.body)
	})
	var attackers, canaries sync.WaitGroup
	over := make(chan struct{})
	for c := range 4 {
		canaries.Go(func() { e.sing(t, c, over) })
	}
	const shares = 2
	cases := wiretest.Requests()
	for part := range slices.Chunk(cases, len(cases)/shares+1) {
		attackers.Go(func() {
			for _, c := range part {
				e.send(t, strings.ReplaceAll(c.Raw, hidingPlace, hidden))
			}
		})
	}
	attackers.Wait()
	close(over)
	canaries.Wait()
}

// hidingPlace is replaced by a whole request of the same length, in content of fixed
// length: an origin that loses the frame answers it.
const (
	hidingPlace = "hello"
	hidden      = "GET /"
)

// sing asks until it is over, in content and in fields, and checks each answer.
func (e *edge) sing(t *testing.T, singer int, over <-chan struct{}) {
	c := newClient(t, e)
	for n := 0; ; n++ {
		select {
		case <-over:
			if n == 0 {
				t.Errorf("canary %d never sang", singer)
			}
			return
		default:
		}
		id := fmt.Sprintf("canary-%d-%d", singer, n)
		raw := fmt.Sprintf("POST /%s HTTP/1.1\r\nHost: a.example\r\nX-Canary: %s\r\nContent-Length: %d\r\n\r\n%s",
			id, id, len(id), id)
		if n%2 == 0 {
			raw = fmt.Sprintf("GET /%s HTTP/1.1\r\nHost: a.example\r\nX-Canary: %s\r\n\r\n", id, id)
		}
		// Each request has the patience; how long all of them take is the machine's business.
		if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Errorf("%s: %v", id, err)
			return
		}
		if _, err := c.Write([]byte(raw)); err != nil {
			t.Errorf("%s: %v", id, err)
			return
		}
		got, err := readReply(c.r, "GET")
		want := "/" + id + " " + id + " "
		if n%2 != 0 {
			want += id
		}
		if err != nil || got.status != 200 || got.body != want {
			t.Errorf("%s was answered %d %q, %v", id, got.status, got.body, err)
			return
		}
	}
}
