package gateway

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/snapshot"
	"github.com/fairlead-mesh/fairlead/listener"
	"github.com/fairlead-mesh/fairlead/listener/http1"
	"github.com/fairlead-mesh/fairlead/tls/handshake"
)

// socket is an open port.
type socket struct {
	key    snapshot.PortKey
	socket *listener.Socket
	serve  func(*listener.Conn)
}

// openSockets binds the ports of a snapshot that are not open yet. It returns them: they
// begin to accept once the snapshot is live.
func (g *Gateway) openSockets(next *snapshot.Snapshot) []*socket {
	clear(g.failed)
	var opened []*socket
	for port := range next.Ports() {
		if g.sockets[port.Key] != nil {
			continue
		}
		s, err := g.open(port)
		if err != nil {
			g.failed[port.Key] = err
			continue
		}
		g.sockets[port.Key] = s
		opened = append(opened, s)
	}
	return opened
}

func (g *Gateway) open(port *snapshot.Port) (*socket, error) {
	s, err := listener.Open(listener.Options{
		Address: port.Key.Address, Port: port.Key.Port, PortOffset: g.options.PortOffset,
		Settings: port.Settings, Stats: g.stats, Log: g.log,
	})
	if err != nil {
		return nil, err
	}
	h := &handler{gateway: g, key: port.Key}
	server := &http1.Server{
		Handler: h, Stats: g.stats, Sweeper: g.sweeper, Log: g.log, Refused: h.refused,
		HalfClose: g.options.HalfClose,
	}
	serve := server.Serve
	if port.Key.Secure {
		layer := &listener.TLS{Stats: g.stats, Log: g.log, Serve: server.Serve}
		serve = func(c *listener.Conn) {
			// A port that is gone chooses nothing: the handshake is refused.
			layer.Accept(c, chooser{g, port.Key})
		}
	}
	return &socket{key: port.Key, socket: s, serve: serve}, nil
}

// chooser asks the live snapshot what there is for a connection of a port.
type chooser struct {
	gateway *Gateway
	key     snapshot.PortKey
}

// ChooseTLS implements handshake.Chooser.
func (c chooser) ChooseTLS(name string) (handshake.Choice, bool) {
	if port := c.gateway.snapshot.Load().Port(c.key); port != nil {
		return port.ChooseTLS(name)
	}
	return handshake.Choice{}, false
}

// settle brings the sockets in line with the snapshot that has just gone live.
func (g *Gateway) settle(live *snapshot.Snapshot, opened []*socket) {
	for _, s := range opened {
		g.log.Info("listening", "address", s.socket.Addr().String(), "port", s.key.Port)
		go s.socket.Serve(s.serve)
	}
	for key, s := range g.sockets {
		if port := live.Port(key); port != nil {
			s.socket.SetSettings(port.Settings)
			continue
		}
		delete(g.sockets, key)
		g.log.Info("draining", "address", s.socket.Addr().String(), "port", key.Port)
		ctx, cancel := context.WithTimeout(context.Background(), g.options.DrainTimeout)
		g.drain(ctx, s)
		context.AfterFunc(ctx, cancel)
	}
	if g.retry != nil {
		g.retry.Stop()
	}
	if len(g.failed) > 0 {
		g.retry = time.AfterFunc(bindRetry, g.retryBind)
	}
}

// drain ends a socket's connections in the background.
func (g *Gateway) drain(ctx context.Context, s *socket) {
	g.drains.Go(func() {
		if err := s.socket.Drain(ctx); err != nil {
			g.log.Warn("connections closed at the drain deadline", "address", s.socket.Addr().String(), "error", err)
		}
	})
}

// retryBind tries again to open what could not be, and tells whoever wants to know if that
// changed anything.
func (g *Gateway) retryBind() {
	if tell := g.bindAgain(); tell != nil {
		tell()
	}
}

// bindAgain returns whom to tell. That is done without the lock: they ask for the Ack.
func (g *Gateway) bindAgain() (tell func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	live, failed := g.snapshot.Load(), len(g.failed)
	g.settle(live, g.openSockets(live))
	g.ack = g.withBindFailures(g.compiled)
	if len(g.failed) == failed {
		return nil
	}
	_, rejected := g.counts()
	g.metrics.Rejected(rejected)
	return g.onAck
}

// withBindFailures adds the listeners whose socket could not be opened.
func (g *Gateway) withBindFailures(ack config.Ack) config.Ack {
	live := g.snapshot.Load()
	ack.Rejected = slices.Clone(ack.Rejected)
	for key, err := range g.failed {
		for _, name := range live.Port(key).Listeners {
			ack.Rejected = append(ack.Rejected, config.Rejection{
				Name:   config.Name{Kind: config.KindListener, Name: name},
				Origin: g.compiler.Origin(config.Name{Kind: config.KindListener, Name: name}),
				Reason: "port: " + err.Error(),
			})
		}
	}
	return ack
}

// Addrs returns the bound address of every open port, by configured port.
func (g *Gateway) Addrs() map[snapshot.PortKey]netip.AddrPort {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make(map[snapshot.PortKey]netip.AddrPort, len(g.sockets))
	for key, s := range g.sockets {
		out[key] = s.socket.Addr()
	}
	return out
}
