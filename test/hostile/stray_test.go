package hostile

import (
	"bufio"
	"fmt"
	"net"
	"testing"
	"time"
)

// TestStrayResponse is the attack on the queue of responses: an origin that takes a body
// for a request answers twice, and whoever uses the connection next would get the second
// answer. Here it is there before the next request is sent, which then must not see it.
func TestStrayResponse(t *testing.T) {
	answered := make(chan struct{})
	stray := make(chan struct{})
	e := newEdge(t, everything, "", func(m *message, c net.Conn) bool {
		if m.target != "/two" {
			return echo(m, c)
		}
		respond(c, m.method, "one")
		<-answered
		respond(c, m.method, "two")
		stray <- struct{}{}
		return true
	})
	for i := range 100 {
		attacker, innocent := newClient(t, e), newClient(t, e)
		if got := attacker.get("/two"); got != "one" {
			t.Fatalf("the first answer is %q", got)
		}
		answered <- struct{}{}
		<-stray
		path := fmt.Sprintf("/%d", i)
		if got := innocent.get(path); got != "seen "+path {
			t.Fatalf("request %d was answered %q", i, got)
		}
		attacker.Close()
		innocent.Close()
	}
}

// client is an innocent one, on a connection that it keeps.
type client struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

func newClient(t testing.TB, e *edge) *client {
	c := e.dial(t)
	return &client{c, t, bufio.NewReader(c)}
}

// get returns the content of what must be a 200.
func (c *client) get(path string) string {
	c.t.Helper()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	if _, err := fmt.Fprint(c, get(path, "a.example")); err != nil {
		c.t.Fatal(err)
	}
	got, err := readReply(c.r, "GET")
	if err != nil || got.err != nil || got.status != 200 {
		c.t.Fatalf("%s: status %d, %v, %v", path, got.status, err, got.err)
	}
	return got.body
}
