// Package istio translates Istio's traffic API to the contract of gateway/config: Gateway,
// VirtualService (http), DestinationRule and ServiceEntry of networking.istio.io. The
// versions v1, v1beta1 and v1alpha3 are one set of messages; callers decode all to v1.
//
// Every function is pure: the object and what it looks up in, resources and findings out.
// There is no clock, no order of calls, no state; anything may be called from anywhere
// at once. Inputs are shared and never changed.
//
//	(Proxy).Gateway          one Gateway:  Listeners, and the Binding that routes attach to
//	(Proxy).VirtualService   one VirtualService with its delegates:  Routes
//	(Proxy).Backends         one host's Backends after its DestinationRules
//	(Proxy).ServiceEntry     one ServiceEntry:  Backends, Endpoints, Services
//	(Proxy).DestinationRule  what is odd about one DestinationRule
//	Overlaps                 which Routes of one port and host take requests from others
//	Status                   an object's status from all findings about it
//
// Nothing that a user wrote is dropped in silence. A fault, a conflict, and a field that
// is not enforced yet each become a Finding on the object, which Status turns into Istio's
// conditions. A fault in one place leaves the rest at work; a rule that cannot be
// translated answers 500, so that its requests do not fall through to a wider one, and a
// Backend whose TLS is not enforced is withheld rather than spoken to in the clear.
//
// docs/istio-differences.md says where behaviour departs from Istio's and why.
package istio
