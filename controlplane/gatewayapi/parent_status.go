package gatewayapi

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// State is what the world makes of a Gateway: the part of its status that its spec does
// not decide.
type State struct {
	// Programmed reports whether proxies serve the contract Listener of that name, and
	// if not, why, as far as they say. Nil: none has answered.
	Programmed func(listener string) (ok bool, why string)
	// Attached returns the number of accepted routes of a section. Nil: none.
	Attached func(section gwv1.SectionName) int32
	// Shared names the older listeners of other Gateways with the port and hostname of
	// the contract Listener of that name; empty for none. Nil: not known.
	Shared func(listener string) string
	// Credentials are what came of certificateRefs, by listener. Nil: there are none.
	Credentials Credentials
	// Addresses at which the Gateway can be reached.
	Addresses []gwv1.GatewayStatusAddress
}

// Status returns the Gateway's status, complete: every condition is of this generation.
func (p *Parent) Status(s State) gwv1.GatewayStatus {
	out := gwv1.GatewayStatus{Listeners: make([]gwv1.ListenerStatus, len(p.Listeners))}
	if p.Refused == nil {
		out.Addresses = s.Addresses
	}
	var pending, bad []string
	served := 0
	for i := range p.Listeners {
		l := &p.Listeners[i]
		programmed := p.programmed(i, s)
		out.Listeners[i] = p.listenerStatus(i, programmed, s)
		switch {
		case !l.serves(), s.Credentials.at(i).Fault != nil:
			bad = append(bad, string(l.Section))
		case programmed.Status != metav1.ConditionTrue:
			pending = append(pending, string(l.Section))
		default:
			served++
		}
	}
	out.Conditions = []metav1.Condition{p.accepted(bad), p.gatewayProgrammed(pending, served, s)}
	return out
}

func (p *Parent) accepted(bad []string) metav1.Condition {
	kind := gwv1.GatewayConditionAccepted
	if p.Refused != nil {
		return unmet(kind, p.Refused.Reason, p.Refused.String(), p.Generation)
	}
	if len(bad) > 0 {
		message := "listeners that are not valid: " + strings.Join(bad, ", ")
		return met(kind, gwv1.GatewayReasonListenersNotValid, p.withNotes(message), p.Generation)
	}
	return met(kind, gwv1.GatewayReasonAccepted, p.withNotes("the Gateway is valid"), p.Generation)
}

func (p *Parent) withNotes(message string) string {
	return strings.Join(append([]string{message}, p.notes...), "; ")
}

func (p *Parent) gatewayProgrammed(pending []string, served int, s State) metav1.Condition {
	kind := gwv1.GatewayConditionProgrammed
	switch {
	case p.Refused != nil:
		return unmet(kind, gwv1.GatewayReasonInvalid, "the Gateway is not accepted", p.Generation)
	case len(s.Addresses) == 0:
		return unmet(kind, gwv1.GatewayReasonAddressNotAssigned, "no address is known", p.Generation)
	case len(pending) > 0:
		message := "listeners that no proxy serves yet: " + strings.Join(pending, ", ")
		return unmet(kind, gwv1.GatewayReasonPending, message, p.Generation)
	case served == 0:
		return unmet(kind, gwv1.GatewayReasonInvalid, "no listener can be served", p.Generation)
	}
	return met(kind, gwv1.GatewayReasonProgrammed, "valid listeners are served", p.Generation)
}

func (p *Parent) listenerStatus(i int, programmed metav1.Condition, s State) gwv1.ListenerStatus {
	l := &p.Listeners[i]
	out := gwv1.ListenerStatus{
		Name:           l.Section,
		SupportedKinds: l.Kinds,
		Conditions:     []metav1.Condition{p.listenerAccepted(l, s), p.conflicted(l), p.resolved(l, s.Credentials.at(i).Fault), programmed},
	}
	if out.SupportedKinds == nil {
		out.SupportedKinds = []gwv1.RouteGroupKind{}
	}
	if s.Attached != nil {
		out.AttachedRoutes = s.Attached(l.Section)
	}
	return out
}

func (p *Parent) listenerAccepted(l *Listener, s State) metav1.Condition {
	kind := gwv1.ListenerConditionAccepted
	if f := l.fault(); f != nil {
		return unmet(kind, f.Reason, f.String(), p.Generation)
	}
	return met(kind, gwv1.ListenerReasonAccepted, "the listener is valid"+p.sharing(l, s)+l.withNote(), p.Generation)
}

func (l *Listener) withNote() string {
	if l.note == "" {
		return ""
	}
	return "; " + l.note
}

// sharing tells of listeners that this one is served together with. Between Gateways that
// is no conflict in the API's sense, and still seldom meant.
func (p *Parent) sharing(l *Listener, s State) string {
	if s.Shared == nil || p.Refused != nil {
		return ""
	}
	for _, name := range l.Names {
		if others := s.Shared(name); others != "" {
			return fmt.Sprintf("; port %d and hostname %q are those of %s too, which is older: one listener serves the routes of all",
				l.Port, l.Hostname, others)
		}
	}
	return ""
}

// fault is why the listener does not serve. What it is by itself comes before what it is
// among others.
func (l *Listener) fault() *Fault {
	if l.Refused != nil {
		return l.Refused
	}
	return l.Conflict
}

func (p *Parent) conflicted(l *Listener) metav1.Condition {
	kind := gwv1.ListenerConditionConflicted
	if l.Conflict != nil {
		return met(kind, l.Conflict.Reason, l.Conflict.String(), p.Generation)
	}
	return unmet(kind, gwv1.ListenerReasonNoConflicts, "the listener is distinct", p.Generation)
}

// resolved tells of certificates before kinds of routes: without those nothing is served.
func (p *Parent) resolved(l *Listener, certificates *Fault) metav1.Condition {
	kind := gwv1.ListenerConditionResolvedRefs
	var all faults
	all.add(certificates)
	all.add(l.Refs)
	if len(all) > 0 {
		return unmet(kind, all[0].Reason, all.String(), p.Generation)
	}
	return met(kind, gwv1.ListenerReasonResolvedRefs, "all references are resolved", p.Generation)
}

// programmed comes from what proxies answered, never from hope.
func (p *Parent) programmed(i int, s State) metav1.Condition {
	kind, l := gwv1.ListenerConditionProgrammed, &p.Listeners[i]
	switch {
	case !l.serves():
		return unmet(kind, gwv1.ListenerReasonInvalid, "the listener is not accepted", p.Generation)
	case p.Refused != nil:
		return unmet(kind, gwv1.ListenerReasonInvalid, "the Gateway is not accepted", p.Generation)
	case s.Credentials.at(i).Fault != nil:
		return unmet(kind, gwv1.ListenerReasonInvalid, "handshakes are refused: not all certificates are resolved", p.Generation)
	}
	for _, name := range l.Names {
		if s.Programmed == nil {
			return unmet(kind, gwv1.ListenerReasonPending, "no proxy has answered", p.Generation)
		}
		if ok, why := s.Programmed(name); !ok {
			return unmet(kind, gwv1.ListenerReasonPending, strings.TrimSuffix("not served yet: "+why, ": "), p.Generation)
		}
	}
	return met(kind, gwv1.ListenerReasonProgrammed, "proxies serve the listener", p.Generation)
}
