package http2

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// client is a raw client: it sends what it is told, frame by frame.
type client struct {
	t testing.TB
	net.Conn
	fr     *http2.Framer
	block  bytes.Buffer
	enc    *hpack.Encoder
	events chan string // what the server said, until it closed
}

// newClient sends the preface and our settings over conn, and reads on from then.
func newClient(t testing.TB, conn net.Conn, settings ...http2.Setting) *client {
	t.Helper()
	c := &client{t: t, Conn: conn, fr: http2.NewFramer(conn, conn), events: make(chan string, 1<<16)}
	c.fr.AllowIllegalWrites = true
	c.fr.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.enc = hpack.NewEncoder(&c.block)
	go c.read()
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	if err := c.fr.WriteSettings(settings...); err != nil {
		t.Fatal(err)
	}
	return c
}

// read tells events apart that tests wait for; it acknowledges nothing.
func (c *client) read() {
	defer close(c.events)
	for {
		f, err := c.fr.ReadFrame()
		if _, ok := errors.AsType[http2.StreamError](err); ok {
			continue
		}
		if err != nil {
			return
		}
		switch f := f.(type) {
		case *http2.MetaHeadersFrame:
			c.say("%d: %s", f.StreamID, f.PseudoValue("status"))
		case *http2.RSTStreamFrame:
			c.say("%d: %v", f.StreamID, f.ErrCode)
		case *http2.GoAwayFrame:
			c.say("goaway %d: %v", f.LastStreamID, f.ErrCode)
		case *http2.PingFrame:
			c.say("ping %v %q", f.IsAck(), f.Data)
		}
	}
}

func (c *client) say(format string, args ...any) {
	select {
	case c.events <- fmt.Sprintf(format, args...):
	default: // a flood's answers
	}
}

// next returns the next event, "closed" after the last.
func (c *client) next() string {
	c.t.Helper()
	select {
	case event, ok := <-c.events:
		if !ok {
			return "closed"
		}
		return event
	case <-time.After(testTime):
		c.t.Fatal("no answer")
		return ""
	}
}

// until reads events up to one with this prefix and returns it; the last if there is none.
func (c *client) until(prefix string) string {
	c.t.Helper()
	for {
		if event := c.next(); strings.HasPrefix(event, prefix) || event == "closed" {
			return event
		}
	}
}

// encode encodes fields given as name, value, name, value.
func (c *client) encode(fields ...string) []byte {
	c.block.Reset()
	for pair := range slices.Chunk(fields, 2) {
		if err := c.enc.WriteField(hpack.HeaderField{Name: pair[0], Value: pair[1]}); err != nil {
			c.t.Fatal(err)
		}
	}
	return bytes.Clone(c.block.Bytes())
}

// plain are the pseudo-header fields of a good request.
var plain = []string{":method", "GET", ":scheme", "http", ":authority", "shop.test", ":path", "/"}

// with returns plain and more fields.
func with(fields ...string) []string { return slices.Concat(plain, fields) }

// request sends a section. Errors show in what is read.
func (c *client) request(id uint32, end bool, fields ...string) {
	_ = c.fr.WriteHeaders(http2.HeadersFrameParam{
		StreamID: id, BlockFragment: c.encode(fields...), EndHeaders: true, EndStream: end,
	})
}

// wantService fails if a new client is not served.
func (r *rig) wantService(t *testing.T) {
	t.Helper()
	res, err := r.newClient(t).Get("http://shop.test/")
	if err != nil {
		t.Fatalf("another client: %v", err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("another client got %d", res.StatusCode)
	}
}

// newEncoder returns a client that only encodes.
func newEncoder(t testing.TB) *client {
	c := &client{t: t}
	c.enc = hpack.NewEncoder(&c.block)
	return c
}
