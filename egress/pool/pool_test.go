package pool

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type testConn struct {
	net.Conn
	State
	name string
}

func (c *testConn) PoolState() *State { return &c.State }

// origin accepts connections on loopback and hands their far ends out.
type origin struct {
	t        *testing.T
	listener net.Listener
	accepted chan net.Conn
}

func newOrigin(t *testing.T) *origin {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := &origin{t: t, listener: l, accepted: make(chan net.Conn, 64)}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			o.accepted <- c
		}
	}()
	return o
}

func (o *origin) dial(name string) (near *testConn, far net.Conn) {
	o.t.Helper()
	c, err := net.Dial("tcp", o.listener.Addr().String())
	if err != nil {
		o.t.Fatal(err)
	}
	near = &testConn{Conn: c, name: name}
	if err := near.Init(c); err != nil {
		o.t.Fatal(err)
	}
	far = <-o.accepted
	o.t.Cleanup(func() { near.Conn.Close(); far.Close() })
	return near, far
}

func closedCounts(s Stats) map[string]uint64 {
	m := map[string]uint64{}
	for _, r := range Reasons() {
		if s.Closed[r] > 0 {
			m[r.String()] = s.Closed[r]
		}
	}
	return m
}

func TestLastUsedIsTakenFirst(t *testing.T) {
	o := newOrigin(t)
	p := New[*testConn](Options{MaxIdle: 8})
	now := time.Now()
	for _, name := range []string{"a", "b", "c"} {
		c, _ := o.dial(name)
		p.Add(c)
		p.Put(c, now)
	}
	for _, want := range []string{"c", "b", "a"} {
		c, ok := p.Get(now, 7)
		if !ok || c.name != want || c.Served() != 1 {
			t.Fatalf("got %+v, want %s", c, want)
		}
	}
	if _, ok := p.Get(now, 7); ok {
		t.Error("a fourth connection")
	}
	if s := p.Stats(); s.Created != 3 || s.Reused != 3 || s.Active != 3 || s.Idle != 0 {
		t.Errorf("stats %+v", s)
	}
}

// What the endpoint did to a waiting connection is found before it serves again.
func TestStaleConnections(t *testing.T) {
	tests := []struct {
		name string
		do   func(far net.Conn)
		want Reason
	}{
		{"closed", func(far net.Conn) { far.Close() }, ClosedByPeer},
		{"reset", func(far net.Conn) { _ = far.(*net.TCPConn).SetLinger(0); far.Close() }, ClosedByPeer},
		{"half closed", func(far net.Conn) { far.(*net.TCPConn).CloseWrite() }, ClosedByPeer},
		{"talks", func(far net.Conn) { _, _ = far.Write([]byte("HTTP/1.1 408 \r\n")) }, ClosedStrayBytes},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOrigin(t)
			p := New[*testConn](Options{MaxIdle: 8})
			good, _ := o.dial("good")
			bad, far := o.dial("bad")
			now := time.Now()
			for _, c := range []*testConn{good, bad} {
				p.Add(c)
				p.Put(c, now)
			}
			tt.do(far)
			waitReadable(t, bad)
			c, ok := p.Get(now.Add(time.Second), 1)
			if !ok || c.name != "good" {
				t.Fatalf("got %v %v", c, ok)
			}
			s := p.Stats()
			want := map[string]uint64{tt.want.String(): 1}
			if diff := cmp.Diff(want, closedCounts(s)); diff != "" || s.Active != 1 || s.Reused != 1 {
				t.Errorf("stats %+v: %s", s, diff)
			}
		})
	}
}

// waitReadable returns once the kernel has an end, an error or bytes for c.
func waitReadable(t *testing.T, c *testConn) {
	t.Helper()
	err := c.raw.Read(func(fd uintptr) bool { return peek(fd, new([1]byte)) != closedNot })
	if err != nil {
		t.Fatal(err)
	}
}

// Bytes nobody asked for are found however soon the connection is wanted again: they would
// be the next request's answer.
func TestFreshConnectionsAreChecked(t *testing.T) {
	o := newOrigin(t)
	p := New[*testConn](Options{})
	c, far := o.dial("a")
	now := time.Now()
	p.Add(c)
	p.Put(c, now)
	if _, err := far.Write([]byte("HTTP/1.1 200 OK\r\n")); err != nil {
		t.Fatal(err)
	}
	waitReadable(t, c)
	if _, ok := p.Get(now, 0); ok {
		t.Error("the connection was not looked at")
	}
	if n := p.Stats().Closed[ClosedStrayBytes]; n != 1 {
		t.Errorf("%d connections were closed for stray bytes", n)
	}
}

func TestBounds(t *testing.T) {
	now := time.Now()
	tests := []struct {
		name    string
		options Options
		run     func(p *Pool[*testConn], conns []*testConn)
		idle    int
		closed  map[string]uint64
	}{
		{"max idle", Options{MaxIdle: 2}, func(p *Pool[*testConn], conns []*testConn) {
			for _, c := range conns {
				p.Put(c, now)
			}
		}, 2, map[string]uint64{"max_idle": 2}},
		{"max requests", Options{MaxRequests: 3}, func(p *Pool[*testConn], conns []*testConn) {
			p.Put(conns[0], now)
			for {
				c, ok := p.Get(now, 0)
				if !ok {
					return
				}
				p.Put(c, now)
			}
		}, 0, map[string]uint64{"max_requests": 1}},
		{"idle timeout", Options{IdleTimeout: time.Minute}, func(p *Pool[*testConn], conns []*testConn) {
			for i, c := range conns {
				p.Put(c, now.Add(time.Duration(i)*20*time.Second))
			}
			p.Sweep(now.Add(time.Minute))
			p.Sweep(now.Add(85 * time.Second))
		}, 2, map[string]uint64{"idle_timeout": 2}},
		{"expired at get", Options{IdleTimeout: time.Minute}, func(p *Pool[*testConn], conns []*testConn) {
			p.Put(conns[0], now)
			if c, ok := p.Get(now.Add(time.Minute), 0); ok {
				p.Discard(c, ClosedFailed)
			}
		}, 0, map[string]uint64{"idle_timeout": 1}},
		{"removed", Options{}, func(p *Pool[*testConn], conns []*testConn) {
			p.Put(conns[0], now)
			p.Put(conns[1], now)
			p.Close()
			p.Put(conns[2], now)
			p.Close()
			p.Discard(conns[3], ClosedTunnel)
		}, 0, map[string]uint64{"removed": 3, "tunnel": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOrigin(t)
			p := New[*testConn](tt.options)
			var conns []*testConn
			for range 4 {
				c, _ := o.dial("")
				p.Add(c)
				conns = append(conns, c)
			}
			tt.run(p, conns)
			s := p.Stats()
			if diff := cmp.Diff(tt.closed, closedCounts(s)); diff != "" || s.Idle != tt.idle {
				t.Errorf("%d idle, want %d; closed: %s", s.Idle, tt.idle, diff)
			}
			closed := 0
			for _, c := range conns {
				if c.SetDeadline(time.Time{}) != nil {
					closed++
				}
			}
			want := uint64(0)
			for _, n := range tt.closed {
				want += n
			}
			if uint64(closed) != want {
				t.Errorf("%d connections are closed, want %d", closed, want)
			}
		})
	}
}

func TestConcurrentUse(t *testing.T) {
	o := newOrigin(t)
	p := New[*testConn](Options{})
	conns := make(chan *testConn, 8)
	for range 8 {
		c, _ := o.dial("")
		p.Add(c)
		conns <- c
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			p.Put(<-conns, time.Now())
			for i := range 500 {
				if c, ok := p.Get(time.Now(), uint64(g+i)); ok {
					c.name += "x" // the race detector's bait: nobody else may hold it
					c.name = c.name[:0]
					p.Put(c, time.Now())
				}
			}
		})
	}
	wg.Wait()
	if s := p.Stats(); s.Idle != 8 || s.Active != 0 {
		t.Errorf("stats %+v", s)
	}
	p.Close()
}

func TestGetAndPutDoNotAllocate(t *testing.T) {
	o := newOrigin(t)
	p := New[*testConn](Options{})
	c, _ := o.dial("")
	p.Add(c)
	now := time.Now()
	p.Put(c, now)
	n := testing.AllocsPerRun(100, func() {
		c, ok := p.Get(now.Add(time.Second), 3)
		if !ok {
			t.Fatal("the connection is gone")
		}
		p.Put(c, now)
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}

type nothing struct{ State }

func (n *nothing) PoolState() *State { return &n.State }
func (n *nothing) Close() error      { return nil }

func BenchmarkGetPut(b *testing.B) {
	p := New[*nothing](Options{})
	for range 64 {
		c := new(nothing)
		p.Add(c)
		p.Put(c, time.Now())
	}
	now := time.Now()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		key := uint64(0)
		for pb.Next() {
			if c, ok := p.Get(now, key); ok {
				p.Put(c, now)
			}
			key++
		}
	})
}
