package egress

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/fairlead-mesh/fairlead/egress/balance"
	"github.com/fairlead-mesh/fairlead/egress/pool"
	"github.com/fairlead-mesh/fairlead/egress/transport"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// poolKey is what a Backend asks of an endpoint's connections; 0 means the default.
type poolKey struct {
	idleTimeout time.Duration
	maxIdle     uint32
	maxRequests uint32
}

// endpointKey tells the endpoints of a logical backend apart. Those with the same key
// are the same: load and connections are shared.
type endpointKey struct {
	addr netip.Addr
	host string // instead of addr for LOGICAL_DNS
	port uint16
	pool poolKey
}

// endpoint is one address with its load and its connections.
type endpoint struct {
	key    endpointKey
	load   balance.Load
	pool   *pool.Pool[*transport.Conn]
	target atomic.Pointer[target]
	uses   int // by concretes; guarded by the registry's lock
}

// target is where new connections go.
type target struct {
	addr netip.AddrPort
	name string // "10.0.0.7:8080"
}

func newEndpoint(key endpointKey) *endpoint {
	e := &endpoint{key: key, pool: pool.New[*transport.Conn](pool.Options{
		IdleTimeout: key.pool.idleTimeout,
		MaxIdle:     int(key.pool.maxIdle),
		MaxRequests: int(key.pool.maxRequests),
	})}
	if key.addr.IsValid() {
		e.pointTo(netip.AddrPortFrom(key.addr, key.port))
	}
	return e
}

func (e *endpoint) pointTo(addr netip.AddrPort) {
	if old := e.target.Load(); old == nil || old.addr != addr {
		e.target.Store(&target{addr: addr, name: addr.String()})
	}
}

// connect makes a connection, which is active in the pool.
func (e *endpoint) connect(b *Backend) (*transport.Conn, *exchange.Error) {
	o := &b.registry.options
	nc, failure := o.Dial(e.target.Load().addr, b.connectTimeout)
	if failure != nil {
		return nil, failure
	}
	conn := new(transport.Conn)
	if err := conn.Init(nc, o.Sweeper); err != nil {
		_ = nc.Close()
		return nil, &exchange.Error{
			Kind: exchange.KindConnectFailure, Source: exchange.SourceUs,
			Retry: exchange.RetryYes, Reason: "connection_unusable", Cause: err,
		}
	}
	e.pool.Add(conn)
	return conn, nil
}
