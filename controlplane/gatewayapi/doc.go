// Package gatewayapi translates Gateway API objects to the contract and to the status
// they deserve.
//
// Everything here is a pure function of its arguments: no clock, no I/O, no state, any
// order, any number of times. What an object refers to comes in through Lookups; a
// lookup that answers differently is a reason to call again. A fault in an object is a
// Fault, a value that becomes a condition, never a Go error. Conditions carry no
// transition time: who writes them knows it. Everything is safe for concurrent use.
//
//	GatewayClass ─► Translator.Class     ─► status
//	Gateway      ─► NewParent            ─► Parent: Credentials, Resources, Status
//	HTTPRoute    ─► Translator.HTTPRoute ─► Routes, status, what it is attached to
//	all at once  ─► World.Translate      ─► for tests
//
// Services and EndpointSlices are package service's, Secrets package certificate's.
//
// # Decisions where the API leaves room
//
// Faulty rules. A rule with a fault is dropped in the API's sense (condition
// PartiallyInvalid, "Dropped Rule"; Accepted is False if no rule is left), but it keeps
// its place: requests that its sound matches take are answered 500. If they went on to
// a wider rule instead, a filter that we cannot apply, such as external authentication,
// would be left out in silence. Only matches that are themselves at fault take nothing.
//
// What is not supported yet is a fault that names the field, never ignored.
//
// References. A share whose backend is missing, forbidden or of a wrong kind is answered
// 500 for its weight alone. Permission is looked at before existence.
//
// Certificates. A listener of which one certificate is not to be had is published without any:
// it refuses handshakes, and no listener with a wider hostname takes its clients. A listener that
// asks for client certificates, which are not verified yet, is refused.
//
// Attachment follows the API's text to the letter: a route attaches to a listener by
// allowedRoutes, parentRef and hostname alone and counts as attached even if the
// listener cannot serve.
//
// Conflicting listeners are all refused; none is picked as the winner.
//
// Regular expressions are RE2, must match the whole value and have at most 1024 bytes.
// Among paths they rank after every prefix but "/", so that a catch-all does not take
// what an expression is meant for.
//
// spec.addresses of type IPAddress are addresses to bind.
package gatewayapi
