package istio

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	api "istio.io/api/networking/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// variant is what a rule does on one server.
type variant struct {
	// matches are indices of rule.matches in force there, up to the first catch-all.
	matches []int
	// catchAll is the place in matches of one that takes every request, or -1.
	catchAll int
	// port is the server's.
	port uint32
	// portMatters: a destination without a port takes the server's.
	portMatters bool
}

func (v variant) never() bool { return len(v.matches) == 0 }

func (v variant) key() string {
	if v.portMatters {
		return fmt.Sprint(v.matches, v.port)
	}
	return fmt.Sprint(v.matches)
}

// variant decides the conditions that are known before any request: port, gateways, and the labels and
// namespace of the client, which at a gateway is the gateway itself.
func (r *rule) variant(p Proxy, s boundServer) variant {
	v := variant{catchAll: -1, port: s.Port, portMatters: r.portMatters()}
	for i, m := range r.matches {
		if !m.inForce(p, r.owner.Namespace, s) {
			continue
		}
		v.matches = append(v.matches, i)
		if catchAll(m.match) {
			v.catchAll = len(v.matches) - 1
			break
		}
	}
	return v
}

func (m ruleMatch) inForce(p Proxy, namespace string, s boundServer) bool {
	in := m.source
	if in.GetPort() != 0 && in.GetPort() != s.Port {
		return false
	}
	if len(in.GetGateways()) > 0 { // then labels and namespace of the client are not looked at
		return slices.ContainsFunc(in.GetGateways(), func(g string) bool {
			ns, name := gatewayRef(g, namespace)
			return g != meshGateway && ns+"/"+name == s.gateway
		})
	}
	if !p.selected(in.GetSourceLabels()) {
		return false
	}
	return in.GetSourceNamespace() == "" || in.GetSourceNamespace() == p.client(s.gatewayNamespace)
}

// portMatters reports whether a destination names no port, so that the listener's may count.
func (r *rule) portMatters() bool {
	return slices.ContainsFunc(r.http.GetRoute(), func(d *api.HTTPRouteDestination) bool {
		return d.GetDestination().GetPort().GetNumber() == 0
	})
}

// split returns the matches that rank in order, and the catch-all. Nil: there is none.
func (v variant) split(r *rule) (plain, last []*config.HttpMatch) {
	for i, index := range v.matches {
		if m := r.matches[index].match; i == v.catchAll {
			last = []*config.HttpMatch{m}
		} else {
			plain = append(plain, m)
		}
	}
	return plain, last
}

func (r *rule) reportAfterCatchAll(v variant) {
	taker := v.matches[v.catchAll]
	for i := taker + 1; i < len(r.matches); i++ {
		r.matches[i].at.info(IneffectiveMatch, "never used: %s takes every request before it", r.matches[taker].at.field)
	}
}

// catchAll reports whether Istio sees a match as one for every request, and so moves it to the end
// when it merges VirtualServices: path prefix "/" or expression ".*", and nothing else.
func catchAll(m *config.HttpMatch) bool {
	rest := proto.CloneOf(m)
	rest.Path = nil
	if !proto.Equal(rest, everything()) {
		return false
	}
	switch k := m.GetPath().GetKind().(type) {
	case nil:
		return true
	case *config.PathMatch_Prefix:
		return k.Prefix == "/"
	case *config.PathMatch_Regex:
		return k.Regex == ".*"
	}
	return false
}
