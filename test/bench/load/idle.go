package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// sources is the number of loopback addresses that idle connections come from: one address has some 28,000 ports, and
// those of earlier runs take a minute to be free again.
const sources = 8

// Idle is a set of connections on which one request was answered and nothing has happened since.
type Idle struct {
	conns []net.Conn
}

// OpenIdle opens connections to address, 64 at a time, and sends a GET for path on each. After an error it closes
// those it has opened.
func OpenIdle(ctx context.Context, address, path string, count int) (*Idle, error) {
	idle := &Idle{conns: make([]net.Conn, count)}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(64)
	for i := range count {
		group.Go(func() (err error) {
			idle.conns[i], err = openIdle(ctx, address, path, net.IPv4(127, 0, 0, byte(2+i%sources)))
			if err != nil {
				return fmt.Errorf("connection %d of %d: %w", i, count, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		idle.Close()
		return nil, err
	}
	return idle, nil
}

// openIdle opens one connection and has one request answered.
func openIdle(ctx context.Context, address, path string, source net.IP) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: source}}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	if err := exchange(conn, address, path); err != nil {
		conn.Close()
		return nil, err
	}
	if !stop() {
		return nil, ctx.Err()
	}
	return conn, nil
}

// exchange sends a request and reads its answer to the end.
func exchange(conn io.ReadWriter, host, path string) error {
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host); err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || response.Close {
		return fmt.Errorf("status %d, connection closed: %t", response.StatusCode, response.Close)
	}
	return nil
}

// Open counts the connections that the proxy has not closed.
func (i *Idle) Open() int {
	open := 0
	for _, conn := range i.conns {
		if isOpen(conn) {
			open++
		}
	}
	return open
}

// isOpen looks for the end of the stream without waiting. A read with a deadline would either wait or not look.
func isOpen(conn net.Conn) bool {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return false
	}
	open := false
	err = raw.Control(func(fd uintptr) {
		var one [1]byte
		_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		open = errors.Is(err, syscall.EAGAIN)
	})
	return err == nil && open
}

// Close closes all connections.
func (i *Idle) Close() {
	for _, conn := range i.conns {
		if conn != nil {
			conn.Close()
		}
	}
}
