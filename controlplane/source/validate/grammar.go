package validate

import (
	"regexp"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// The grammars of Gateway API's field types (apis/v1/shared_types.go, v1.7.0), each with its name for messages.
var (
	hostname      = regexp.MustCompile(`^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	subdomain     = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	label         = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	kindName      = regexp.MustCompile(`^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$`)
	headerName    = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+\\-.^_`|~]+$")
	duration      = regexp.MustCompile(`^([0-9]{1,5}(h|m|s|ms)){1,4}$`)
	pathChars     = regexp.MustCompile(`^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$`)
	domainPath    = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$`)
	protocolName  = regexp.MustCompile(`^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/[A-Za-z0-9]+$`)
	corsOrigin    = regexp.MustCompile(`^\*$|^https?://((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:[0-9]{1,5})?$`)
	grpcService   = regexp.MustCompile(`^(?i)\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$`)
	grpcMethod    = regexp.MustCompile(`^[A-Za-z_][A-Za-z_0-9]*$`)
	absoluteURI   = regexp.MustCompile(`^([^:/?#]+):(//[^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?`)
	wellKnownCA   = regexp.MustCompile(`^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$`)
	addressType   = regexp.MustCompile(`^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$`)
	hostnameGram  = "a lower-case host name, optionally with *. in front"
	subdomainGram = "a lower-case domain name"
)

func (l *list) hostname(at *Path, h gatewayv1.Hostname) {
	l.pattern(at, string(h), 253, hostname, hostnameGram)
}

func (l *list) preciseHostname(at *Path, h *gatewayv1.PreciseHostname) {
	if h != nil {
		l.pattern(at, string(*h), 253, subdomain, subdomainGram)
	}
}

func (l *list) sectionName(at *Path, n *gatewayv1.SectionName) {
	if n != nil {
		l.pattern(at, string(*n), 253, subdomain, "a lower-case domain name")
	}
}

func (l *list) namespace(at *Path, n *gatewayv1.Namespace) {
	if n != nil {
		l.pattern(at, string(*n), 63, label, "a lower-case name of letters, digits and -")
	}
}

func (l *list) headerName(at *Path, name string) {
	l.pattern(at, name, 256, headerName, "a header name (RFC 9110 §5.6.2 token)")
}

func (l *list) port(at *Path, p *gatewayv1.PortNumber) {
	if p != nil {
		between(l, at, *p, 1, 65535)
	}
}

// reference checks group, kind and name of any reference; an empty group is the core group.
func (l *list) reference(at *Path, group gatewayv1.Group, kind gatewayv1.Kind, name string) {
	if group != "" {
		l.pattern(at.Field("group"), string(group), 253, subdomain, subdomainGram)
	}
	l.pattern(at.Field("kind"), string(kind), 63, kindName, "a kind")
	l.size(at.Field("name"), name, 253)
}

// regex demands that a pattern compiles as RE2. Gateway API leaves the dialect of RegularExpression matches to the
// implementation; ours is RE2, which Go and Envoy share.
func (l *list) regex(at *Path, pattern string) {
	if _, err := regexp.Compile(pattern); err != nil {
		l.add(at, "is not an RE2 regular expression: %s",
			strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
}
