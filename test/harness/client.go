package harness

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Client is one connection to the appliance. It sends what it is told, right or wrong.
// Its methods fail the test, so they are for the test's goroutine; others use Conn and
// Reader.
type Client struct {
	*net.TCPConn
	Reader *bufio.Reader
	t      testing.TB
}

// Dial connects to a configured port. The connection ends with the test, and every wait on
// it within Patience.
func (a *Appliance) Dial(t testing.TB, port int) *Client {
	t.Helper()
	c, err := a.TryDial(port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.t = t
	return c
}

// TryDial is Dial for any goroutine; the caller closes.
func (a *Appliance) TryDial(port int) (*Client, error) {
	c, err := net.DialTimeout("tcp", a.Addr(port), Patience)
	if err != nil {
		return nil, err
	}
	client := &Client{TCPConn: c.(*net.TCPConn), Reader: bufio.NewReader(c)}
	return client, client.Renew()
}

// Renew gives the connection Patience from now on, for those used long.
func (c *Client) Renew() error { return c.SetDeadline(time.Now().Add(Patience)) }

// Refuses reports whether nobody listens on a configured port.
func (a *Appliance) Refuses(port int) bool {
	c, err := a.TryDial(port)
	if err == nil {
		c.Close()
	}
	return err != nil
}

// Send writes raw bytes; line ends are the caller's.
func (c *Client) Send(raw string) {
	c.t.Helper()
	if _, err := io.WriteString(c.TCPConn, raw); err != nil {
		c.t.Fatal("send: ", err)
	}
}

// Head reads one response head, interim ones included, as it stands.
func (c *Client) Head() string {
	c.t.Helper()
	var head strings.Builder
	for {
		line, err := c.Reader.ReadString('\n')
		head.WriteString(line)
		if err != nil {
			c.t.Fatalf("head %q: %v", head.String(), err)
		}
		if line == "\r\n" {
			return head.String()
		}
	}
}

// Next reads the next final response to a request of that method, with its content.
func (c *Client) Next(method string) Answer {
	c.t.Helper()
	a, err := c.TryNext(method)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// TryNext is Next for any goroutine.
func (c *Client) TryNext(method string) (Answer, error) {
	for {
		resp, err := http.ReadResponse(c.Reader, &http.Request{Method: method})
		if err != nil {
			return Answer{}, fmt.Errorf("response: %w", err)
		}
		if resp.StatusCode < 200 && resp.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		a := Answer{Status: resp.StatusCode, Header: resp.Header, Close: resp.Close}
		if resp.StatusCode == http.StatusSwitchingProtocols {
			return a, nil
		}
		body, err := io.ReadAll(resp.Body)
		a.Body, a.Trailer = string(body), resp.Trailer
		if err != nil {
			return a, fmt.Errorf("content after %d bytes: %w", len(body), err)
		}
		if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") && len(body) > 0 {
			// Content of another kind leaves Echo empty, which no test expects.
			_ = json.Unmarshal(body, &a.Echo)
		}
		return a, nil
	}
}

// Ended waits for the end of the stream and returns what came before it.
func (c *Client) Ended() (string, error) {
	var rest bytes.Buffer
	_, err := rest.ReadFrom(c.Reader)
	if err != nil && isTimeout(err) {
		err = fmt.Errorf("still open after %v: %w", Patience, err)
	}
	return rest.String(), err
}

// Request is one request of a table. Zero values: GET, port 80, host "test.example".
type Request struct {
	Port   int
	Method string
	Host   string
	Target string
	// Header holds lines "Name: value".
	Header []string
	Body   string
}

// Bytes returns the request as it goes over the wire.
func (r Request) Bytes() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.method(), or(r.Target, "/"), or(r.Host, "test.example"))
	for _, h := range r.Header {
		b.WriteString(h + "\r\n")
	}
	if r.Body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(r.Body))
	}
	return b.String() + "\r\n" + r.Body
}

func (r Request) method() string { return or(r.Method, http.MethodGet) }

// Answer is a response.
type Answer struct {
	Status  int
	Header  http.Header
	Trailer http.Header
	Body    string
	Close   bool
	// Echo is what an echo origin saw; empty if none answered.
	Echo Echoed
}

// Do sends a request on a connection of its own.
func (a *Appliance) Do(t testing.TB, r Request) Answer {
	t.Helper()
	port := r.Port
	if port == 0 {
		port = 80
	}
	c := a.Dial(t, port)
	defer c.Close()
	c.Send(r.Bytes())
	return c.Next(r.method())
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
