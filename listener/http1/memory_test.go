package http1

import (
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/listener"
)

// loopConn is a client in memory: it sends one request a number of times, each when
// the last is answered, and throws the answers away.
type loopConn struct {
	request []byte
	at      int
	left    int
	onRead  func(left int) // told before each request
}

func (l *loopConn) Read(p []byte) (int, error) {
	if l.at == len(l.request) {
		l.at = 0
		l.left--
	}
	if l.at == 0 && l.onRead != nil {
		l.onRead(l.left)
	}
	if l.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p, l.request[l.at:])
	l.at += n
	return n, nil
}

func (l *loopConn) Write(p []byte) (int, error)      { return len(p), nil }
func (l *loopConn) Close() error                     { return nil }
func (l *loopConn) LocalAddr() net.Addr              { return loopAddr }
func (l *loopConn) RemoteAddr() net.Addr             { return loopAddr }
func (l *loopConn) SetDeadline(time.Time) error      { return nil }
func (l *loopConn) SetReadDeadline(time.Time) error  { return nil }
func (l *loopConn) SetWriteDeadline(time.Time) error { return nil }

var loopAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711}

func memoryConn(tb testing.TB, s *Server, n int) *listener.Conn {
	var settings atomic.Pointer[listener.Settings]
	settings.Store(newSettings(tb, nil))
	return listener.NewConn(&loopConn{request: []byte(benchRequest), left: n}, 80, &settings)
}
