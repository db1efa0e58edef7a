package gateway_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway"
	"github.com/fairlead-mesh/fairlead/tls/certs/certstest"
)

// rawOrigin serves connections by hand: it reads a request's head and leaves the rest to answer.
func rawOrigin(t testing.TB, answer func(net.Conn, *bufio.Reader)) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					if line == "\r\n" {
						break
					}
				}
				answer(conn, r)
			}()
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// throughTLS returns a TLS client's connection to a gateway in front of such an origin.
func throughTLS(t testing.TB, answer func(net.Conn, *bufio.Reader)) (*secureEdge, *tls.Conn) {
	t.Helper()
	e := startSecure(t, gateway.Options{})
	e.apply(strings.Replace(one, "direct_response: {status: 200, body: here}", "forward: {backends: [{backend: b, weight: 1}]}", 1)+
		"---\nbackend: {name: b, endpoint_set: b}\n---\nendpoint: {name: b/0, set: b, address: 127.0.0.1, port: "+rawOrigin(t, answer)+"}\n",
		e.ca.Leaf("c", certstest.EC(t), "a.com"))
	conn, err := e.dial(e.config("a.com"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return e, conn
}

func TestUpgradeOverTLS(t *testing.T) {
	_, conn := throughTLS(t, func(origin net.Conn, r *bufio.Reader) {
		_, _ = io.WriteString(origin, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst,")
		_, _ = io.Copy(origin, r)
	})
	content := strings.Repeat("0123456789abcdef", 1<<14)
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: a.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly,")
	r := bufio.NewReader(conn)
	for line := ""; line != "\r\n"; {
		var err error
		if line, err = r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	go func() {
		_, _ = io.WriteString(conn, content)
		_ = conn.CloseWrite()
	}()
	got, err := io.ReadAll(r)
	if want := "first,early," + content; err != nil || string(got) != want {
		t.Errorf("%d bytes of %d came back, error %v", len(got), len(want), err)
	}
}

// TestBrokenResponseOverTLS: where only the connection's end ends a response, a broken one must not
// look whole: no close_notify.
func TestBrokenResponseOverTLS(t *testing.T) {
	_, conn := throughTLS(t, func(origin net.Conn, _ *bufio.Reader) {
		_, _ = io.WriteString(origin, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
	})
	fmt.Fprint(conn, "GET / HTTP/1.0\r\nHost: a.com\r\n\r\n")
	if got, err := io.ReadAll(conn); err == nil {
		t.Errorf("looks whole: %q", got)
	}
}

// TestClientGoneOverTLS: an origin is let go when the client has given up.
func TestClientGoneOverTLS(t *testing.T) {
	asked, left := make(chan struct{}), make(chan error, 1)
	_, conn := throughTLS(t, func(_ net.Conn, r *bufio.Reader) {
		close(asked)
		_, err := r.ReadByte()
		left <- err
	})
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: a.com\r\n\r\n")
	<-asked
	conn.Close()
	if err := <-left; err == nil {
		t.Error("the origin is sent more")
	}
}

// TestPlainBecomesSecure: a connection made without TLS is of no use to reach what needs it.
func TestPlainBecomesSecure(t *testing.T) {
	e := startSecure(t, gateway.Options{})
	e.apply(strings.NewReplacer("PROTOCOL_HTTPS, tls: {mode: MODE_TERMINATE, certificates: [c]}", "PROTOCOL_HTTP").Replace(one))
	plain, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", e.address())
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if resp, body := ask(t, plain, "a.com", "/"); body != "here" {
		t.Fatal(resp.Status, body)
	}
	e.apply(one, e.ca.Leaf("c", certstest.EC(t), "a.com"))
	fmt.Fprint(plain, "GET / HTTP/1.1\r\nHost: a.com\r\n\r\n")
	if answer, _ := io.ReadAll(plain); strings.Contains(string(answer), "here") {
		t.Errorf("an old connection is answered %q", answer)
	}
	if err := e.oneRequest(e.config("a.com")); err != nil {
		t.Error(err)
	}
}
