package istio

// Code tells kinds of findings apart. Codes are API: people silence and alert on them. They
// are never used again for something else.
type Code struct {
	// ID of ours, such as "FL0130".
	ID string
	// Name in CamelCase; Istio's where Istio's analyzers have the same finding.
	Name string
	// Istio is the analyzers' code, such as "IST0130", or empty.
	Istio string
}

// String returns "FL0130/IST0130 VirtualServiceUnreachableRule".
func (c Code) String() string {
	if c.Istio == "" {
		return c.ID + " " + c.Name
	}
	return c.ID + "/" + c.Istio + " " + c.Name
}

// MarshalText returns String.
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Codes of findings. 01xx: the object is not, or not wholly, in force. 02xx: objects compete.
// 03xx: a reference leads nowhere. 04xx: a value cannot be used.
var (
	// NotEnforced: a field of the API that this version does not act on.
	NotEnforced = Code{"FL0101", "NotEnforced", ""}
	// NotBound: the object does not apply to this gateway.
	NotBound = Code{"FL0102", "NotBound", ""}
	// MeshOnly: a field has a meaning only for clients inside the mesh.
	MeshOnly = Code{"FL0103", "MeshOnly", ""}
	// NotServed: a server, port or service that this version cannot serve.
	NotServed = Code{"FL0104", "NotServed", ""}
	// HostNotInGateway: no server of the gateway admits the host.
	HostNotInGateway = Code{"FL0105", "VirtualServiceHostNotFoundInGateway", "IST0132"}
	// NotExported: exportTo hides the object from the one that refers to it.
	NotExported = Code{"FL0106", "NotExported", ""}
	// FailClosed: security that is not enforced yet; its traffic is refused.
	FailClosed = Code{"FL0107", "FailClosed", ""}
	// OtherGateway: a Gateway that is named is served by other proxies.
	OtherGateway = Code{"FL0108", "OtherGateway", ""}

	// Unreachable: earlier rules of the same object take every request of this one.
	Unreachable = Code{"FL0201", "VirtualServiceUnreachableRule", "IST0130"}
	// Shadowed: an older object, or one of Gateway API, takes every request of this rule.
	Shadowed = Code{"FL0202", "Shadowed", ""}
	// Shadows: this rule takes every request of a younger object's rule.
	Shadows = Code{"FL0203", "Shadows", ""}
	// Overlap: some requests match rules of two objects; the older wins, or Gateway API's.
	Overlap = Code{"FL0204", "Overlap", ""}
	// PortConflict: an older server has the port with another protocol.
	PortConflict = Code{"FL0205", "PortConflict", ""}
	// GatewayConflict: two Gateways, of one API or both, have the same port and hosts.
	GatewayConflict = Code{"FL0206", "ConflictingGateways", "IST0145"}
	// Merged: several objects are used as one.
	Merged = Code{"FL0207", "Merged", ""}
	// Superseded: another object is used instead.
	Superseded = Code{"FL0208", "Superseded", ""}
	// IneffectiveMatch: earlier matches take every request of this match.
	IneffectiveMatch = Code{"FL0209", "VirtualServiceIneffectiveMatch", "IST0131"}

	// NotFound: a named object, host, port or subset does not exist.
	NotFound = Code{"FL0301", "ReferencedResourceNotFound", "IST0101"}
	// PortNeeded: a host with several ports is named without a port.
	PortNeeded = Code{"FL0302", "VirtualServiceDestinationPortSelectorRequired", "IST0112"}
	// SuspectName: a name is taken literally that was probably meant otherwise.
	SuspectName = Code{"FL0303", "SuspectName", ""}

	// Invalid: a value that the API does not permit.
	Invalid = Code{"FL0401", "SchemaValidationError", "IST0106"}
	// InvalidRegex: an expression that is not RE2.
	InvalidRegex = Code{"FL0402", "InvalidRegexp", "IST0122"}
	// Delegation: a delegate that cannot be merged with its root.
	Delegation = Code{"FL0403", "Delegation", ""}
	// Literal: a value that Envoy would expand is used as it is.
	Literal = Code{"FL0404", "Literal", ""}
	// Deprecated: the API advises against the field.
	Deprecated = Code{"FL0405", "Deprecated", "IST0002"}
)
