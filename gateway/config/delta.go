package config

import "fmt"

// Kind tells the resources of a Resource apart.
type Kind uint8

// Kinds of resources, in the order a store applies them: what is referred to first.
const (
	KindNone Kind = iota
	KindCertificate
	KindEndpoint
	KindBackend
	KindGateway
	KindListener
	KindRoute
	KindPolicy
	KindCount
)

var kindNames = [KindCount]string{
	"none", "certificate", "endpoint", "backend", "gateway", "listener", "route", "policy",
}

// String returns the kind's name as the YAML form writes it.
func (k Kind) String() string {
	if k < KindCount {
		return kindNames[k]
	}
	return "none"
}

// Name identifies a resource: no two resources of a store share one.
type Name struct {
	Kind Kind
	Name string
}

// String returns "route httproute/default/shop/0".
func (n Name) String() string { return n.Kind.String() + " " + n.Name }

// NameOf returns the identity of a resource; Kind is KindNone if it holds nothing
// that this version knows.
func NameOf(r *Resource) Name {
	switch v := r.GetKind().(type) {
	case *Resource_Certificate:
		return Name{KindCertificate, v.Certificate.GetName()}
	case *Resource_Endpoint:
		return Name{KindEndpoint, v.Endpoint.GetName()}
	case *Resource_Backend:
		return Name{KindBackend, v.Backend.GetName()}
	case *Resource_Gateway:
		return Name{KindGateway, v.Gateway.GetName()}
	case *Resource_Listener:
		return Name{KindListener, v.Listener.GetName()}
	case *Resource_Route:
		return Name{KindRoute, v.Route.GetName()}
	case *Resource_Policy:
		return Name{KindPolicy, v.Policy.GetName()}
	}
	return Name{}
}

// Message is the set of resource messages.
type Message interface {
	*Gateway | *Listener | *Route | *Backend | *Endpoint | *Policy | *Certificate
}

// Wrap returns the Resource that holds m.
func Wrap[M Message](m M) *Resource {
	switch v := any(m).(type) {
	case *Gateway:
		return &Resource{Kind: &Resource_Gateway{v}}
	case *Listener:
		return &Resource{Kind: &Resource_Listener{v}}
	case *Route:
		return &Resource{Kind: &Resource_Route{v}}
	case *Backend:
		return &Resource{Kind: &Resource_Backend{v}}
	case *Endpoint:
		return &Resource{Kind: &Resource_Endpoint{v}}
	case *Policy:
		return &Resource{Kind: &Resource_Policy{v}}
	case *Certificate:
		return &Resource{Kind: &Resource_Certificate{v}}
	}
	return &Resource{}
}

// Delta is one change of configuration: published whole, applied whole.
type Delta struct {
	// Version names the configuration after the change, for logs and ACKs.
	Version string
	// Changed holds new and replaced resources. They belong to the receiver and
	// are never changed again.
	Changed []*Resource
	// Removed names resources that are gone.
	Removed []Name
}

// Empty reports whether the delta changes nothing.
func (d *Delta) Empty() bool { return len(d.Changed) == 0 && len(d.Removed) == 0 }

// Ack is a proxy's answer to a Delta: what of it does not serve, and why. All else
// does. A resource refused earlier is named again until it is mended or gone.
type Ack struct {
	// Version of the delta that is live.
	Version string
	// Rejected lists the resources that are not live as they were sent.
	Rejected []Rejection
}

// Rejection is a resource that a proxy refused (NACK).
type Rejection struct {
	Name   Name
	Origin *Origin
	// Reason says what is wrong with which field.
	Reason string
}

// Error implements error: "route httproute/default/shop/0: http.matches[0]: …".
func (r Rejection) Error() string { return fmt.Sprintf("%s: %s", r.Name, r.Reason) }

// OriginOf returns the object a resource was translated from; nil if it does not say or
// is of a kind that does not (endpoints).
func OriginOf(r *Resource) *Origin {
	switch v := r.GetKind().(type) {
	case *Resource_Certificate:
		return v.Certificate.GetOrigin()
	case *Resource_Backend:
		return v.Backend.GetOrigin()
	case *Resource_Gateway:
		return v.Gateway.GetOrigin()
	case *Resource_Listener:
		return v.Listener.GetOrigin()
	case *Resource_Route:
		return v.Route.GetOrigin()
	case *Resource_Policy:
		return v.Policy.GetOrigin()
	}
	return nil
}
