package gatewayapi

import (
	"net/netip"
	"strings"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Kinds as they stand in references, grants and origins.
const (
	kindGateway   gwv1.Kind = "Gateway"
	kindHTTPRoute gwv1.Kind = "HTTPRoute"
	kindService   gwv1.Kind = "Service"
	kindSecret    gwv1.Kind = "Secret"
)

// Parent is a Gateway as its routes and its status see it. It depends on the Gateway's
// spec alone, so it changes when that does and not when a route comes or a proxy
// answers. It is immutable.
type Parent struct {
	Namespace, Name string
	// Generation is metadata.generation of the Gateway that was analysed.
	Generation int64
	// Listeners in the order of spec.listeners.
	Listeners []Listener
	// Refused says why nothing of the Gateway is served; nil if something is.
	Refused *Fault

	order     *config.Order
	addresses []string // to bind; "" for all
	notes     []string // what is accepted without effect
}

// NewParent analyses a Gateway. The caller has made sure that its class is ours (see
// Translator.Serves).
func NewParent(gw *gwv1.Gateway) *Parent {
	p := &Parent{
		Namespace:  gw.Namespace,
		Name:       gw.Name,
		Generation: gw.Generation,
		order:      order(gw, 0),
		notes:      notes(gw),
	}
	p.addresses, p.Refused = bindAddresses(gw)
	if p.Refused == nil {
		p.Refused = parametersFault(gw)
	}
	if p.Refused == nil {
		p.Refused = repeatedName(gw.Spec.Listeners)
	}
	p.Listeners = listeners(p.resourceName(), p.addresses, &gw.Spec)
	if p.Refused == nil && p.countServing() == 0 {
		p.Refused = faultf(string(gwv1.GatewayReasonListenersNotValid), "", "no listener is valid")
	}
	return p
}

func (p *Parent) resourceName() string { return "gatewayapi/" + p.Namespace + "/" + p.Name }

func (p *Parent) countServing() int {
	n := 0
	for i := range p.Listeners {
		if p.Listeners[i].serves() {
			n++
		}
	}
	return n
}

// bindAddresses returns the addresses to bind. An empty value asks for any address,
// which all addresses are.
func bindAddresses(gw *gwv1.Gateway) ([]string, *Fault) {
	var out []string
	for i, a := range gw.Spec.Addresses {
		field := fieldAt("spec.addresses", i)
		if t := derefOr(a.Type, gwv1.IPAddressType); t != gwv1.IPAddressType {
			return nil, faultf(string(gwv1.GatewayReasonUnsupportedAddress), field+".type",
				"%q is not supported, only %q is", t, gwv1.IPAddressType)
		}
		if a.Value == "" {
			return []string{""}, nil
		}
		addr, err := netip.ParseAddr(a.Value)
		if err != nil {
			return nil, faultf(string(gwv1.GatewayReasonUnsupportedAddress), field+".value",
				"%q is not an IP address", a.Value)
		}
		out = append(out, addr.String())
	}
	if len(out) == 0 {
		out = []string{""}
	}
	return out, nil
}

func parametersFault(gw *gwv1.Gateway) *Fault {
	if gw.Spec.Infrastructure == nil || gw.Spec.Infrastructure.ParametersRef == nil {
		return nil
	}
	ref := gw.Spec.Infrastructure.ParametersRef
	return faultf(string(gwv1.GatewayReasonInvalidParameters), "spec.infrastructure.parametersRef",
		"%s is not a kind of parameters that is supported", kindName(ref.Group, ref.Kind))
}

// repeatedName is what an API server refuses and a file can hold: names are identities.
func repeatedName(in []gwv1.Listener) *Fault {
	seen := map[gwv1.SectionName]bool{}
	for i, l := range in {
		if seen[l.Name] {
			return faultf(string(gwv1.GatewayReasonInvalid), fieldAt("spec.listeners", i)+".name",
				"%q is the name of two listeners", l.Name)
		}
		seen[l.Name] = true
	}
	return nil
}

// notes names fields that need other kinds than those served yet. They open nothing when
// they are left out, so the Gateway is served, and says so.
func notes(gw *gwv1.Gateway) []string {
	var out []string
	note := func(set bool, field string) {
		if set {
			out = append(out, field+" is not supported yet and has no effect")
		}
	}
	s := gw.Spec
	note(s.AllowedListeners != nil, "spec.allowedListeners")
	note(s.TLS != nil && s.TLS.Backend != nil, "spec.tls.backend")
	note(s.DefaultScope != "" && s.DefaultScope != gwv1.GatewayDefaultScopeNone, "spec.defaultScope")
	return out
}

// Resources returns the Gateway and its listeners that can serve, with the certificates that
// Credentials found; none if the Gateway is refused. An HTTPS listener whose certificates are
// not resolved is there without any: it refuses handshakes, and no listener with a wider
// hostname gets its clients.
func (p *Parent) Resources(credentials Credentials) []*config.Resource {
	if p.Refused != nil {
		return nil
	}
	name := p.resourceName()
	out := []*config.Resource{config.Wrap(&config.Gateway{Name: name, Origin: p.origin("")})}
	for i := range p.Listeners {
		l := &p.Listeners[i]
		if !l.serves() {
			continue
		}
		for j, address := range p.addresses {
			out = append(out, config.Wrap(&config.Listener{
				Name:      l.Names[j],
				Gateway:   name,
				Origin:    p.origin(fieldAt("spec.listeners", i)),
				Address:   address,
				Port:      uint32(l.Port),
				Protocol:  l.protocol(),
				Tls:       l.settings(credentials.at(i)),
				Hostnames: []string{l.Hostname},
				Order:     &config.Order{CreatedUnixSeconds: p.order.CreatedUnixSeconds, Key: p.order.Key, Index: uint32(i)},
			}))
		}
	}
	return out
}

func (p *Parent) origin(field string) *config.Origin {
	return &config.Origin{
		Group:      gwv1.GroupName,
		Kind:       string(kindGateway),
		Namespace:  p.Namespace,
		Name:       p.Name,
		Generation: p.Generation,
		Field:      field,
	}
}

// listenerNames returns the names of a section's contract Listeners: one for each address
// to bind, told apart by the address if there are several.
func listenerNames(gateway string, section gwv1.SectionName, addresses []string) []string {
	base := gateway + "/" + string(section)
	if len(addresses) < 2 {
		return []string{base}
	}
	out := make([]string, len(addresses))
	for i, a := range addresses {
		out[i] = strings.Join([]string{base, a}, "@")
	}
	return out
}
