package istio

import (
	"fmt"
	"net"
	"strconv"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// anyHost is the hostname of listeners that both APIs' routes may be attached to.
const anyHost = "*"

// Isolated reports the hosts of a VirtualService's Route that a listener of Gateway API has
// on the same port: the most specific hostname decides which listener is asked, and no other
// is (GatewaySpec.listeners). Port is as in Places; listeners returns Gateway API's with a
// Place and a hostname.
func Isolated(r *config.Route, port func(listener string) string, listeners func(place, hostname string) []*config.Listener) []Finding {
	var o overlaps
	for _, a := range r.GetAttachments() {
		place := port(a.GetListener())
		for _, host := range attachedHosts(a) {
			if l, hostname := isolating(place, host, listeners); l != nil {
				by := l.GetOrigin()
				o.at(r).warn(ForeignRoute, "no request to %q gets here: %s of Gateway %s/%s, of Gateway API, has hostname %q on port %s, and the most specific listener alone is asked",
					host, by.GetField(), by.GetNamespace(), by.GetName(), hostname, place)
			}
		}
	}
	return SortFindings(o.findings)
}

func isolating(place, host string, listeners func(place, hostname string) []*config.Listener) (*config.Listener, string) {
	for _, hostname := range HostKeys(host) {
		if found := listeners(place, hostname); len(found) > 0 && hostname != anyHost {
			return found[0], hostname
		}
	}
	return nil, ""
}

func attachedHosts(a *config.Attachment) []string {
	if hosts := a.GetHostnames(); len(hosts) > 0 {
		return hosts
	}
	return []string{anyHost}
}

// SharedPorts reports the servers of a Gateway that have a port and a host together with a
// Gateway of Gateway API. Listeners looks up that API's by Place.
func SharedPorts(b *Binding, listeners func(place string) []*config.Listener) []Finding {
	var r report
	for i, s := range b.Servers {
		if s.Listener == "" {
			continue
		}
		a := at{&r, Object{"Gateway", b.Namespace, b.Name}, fmt.Sprintf("spec.servers[%d].hosts", i)}
		for _, l := range listeners(placeOf(bindAddress(s.Bind), s.Port)) {
			both := intersect(l.GetHostnames(), bareHosts(s.Hosts))
			if o := l.GetOrigin(); len(both) > 0 {
				a.warn(GatewayConflict, "%s of Gateway %s/%s, of Gateway API, has port %d for %s too; both serve, and routes of Gateway API come first",
					o.GetField(), o.GetNamespace(), o.GetName(), s.Port, quoted(both))
			}
		}
	}
	return SortFindings(r.findings)
}

// placeOf names an address, empty for all, and a port: "80", "10.0.0.1:80".
func placeOf(address string, port uint32) string {
	number := strconv.FormatUint(uint64(port), 10)
	if address == "" {
		return number
	}
	return net.JoinHostPort(address, number)
}
