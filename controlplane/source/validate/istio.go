package validate

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1alpha3"
	kube "k8s.io/apimachinery/pkg/util/validation"
)

// The rules in this package's istio files are those of istiod's validating webhook that concern what is delivered.

// maxRegex is istiod's and Envoy's bound on the length of a pattern.
const maxRegex = 1024

// istioRegex demands RE2 of at most 1024 bytes.
func (l *list) istioRegex(at *Path, pattern string) {
	if len(pattern) > maxRegex {
		l.add(at, "is %d bytes long, at most %d are allowed", len(pattern), maxRegex)
		return
	}
	l.regex(at, pattern)
}

// stringMatch checks exact, prefix or regex.
func (l *list) stringMatch(at *Path, m *networking.StringMatch) {
	switch t := m.GetMatchType().(type) {
	case *networking.StringMatch_Prefix:
		l.check(t.Prefix != "", at.Field("prefix"), "must not be empty")
	case *networking.StringMatch_Regex:
		l.istioRegex(at.Field("regex"), t.Regex)
	}
}

// fieldMatch is stringMatch for what a request may lack. The expression "*", which is not RE2, asks for presence
// there, as Istio translates it.
func (l *list) fieldMatch(at *Path, m *networking.StringMatch) {
	if m.GetRegex() != "*" {
		l.stringMatch(at, m)
	}
}

// domain demands a DNS name whose labels fit RFC 1123, "*", or one whose first label is "*".
func (l *list) domain(at *Path, name string) {
	if name == "" {
		l.add(at, "required")
		return
	}
	if name == "*" {
		return
	}
	rest := strings.TrimSuffix(strings.TrimPrefix(name, "*."), ".")
	l.check(len(name) <= 255, at, "is %d bytes long, at most 255 are allowed", len(name))
	for part := range strings.SplitSeq(rest, ".") {
		if len(kube.IsDNS1123Label(strings.ToLower(part))) > 0 {
			l.add(at, "%q is not a domain name, nor one with *. in front", name)
			return
		}
	}
}

// exportTo demands ".", "*", "~" alone, or namespaces.
func (l *list) exportTo(names []string) {
	at := spec.Field("exportTo")
	for i, n := range names {
		switch n {
		case ".", "*":
		case "~":
			l.check(len(names) == 1, at.Index(i), `"~" must stand alone`)
		default:
			l.check(len(kube.IsDNS1123Label(n)) == 0, at.Index(i), "%q is not a namespace, \".\", \"*\" or \"~\"", n)
		}
	}
	unique(l, names, func(i int) *Path { return at.Index(i) })
}

func (l *list) labels(at *Path, labels map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		v := labels[k]
		l.check(len(kube.IsQualifiedName(k)) == 0, at.Field(k), "is not a label name")
		l.check(len(kube.IsValidLabelValue(v)) == 0, at.Field(k), "%q is not a label value", v)
	}
}

// span demands nil or at least the given duration, in whole milliseconds.
func (l *list) span(at *Path, d *durationpb.Duration, least time.Duration) {
	if d == nil {
		return
	}
	v := d.AsDuration()
	l.check(v >= least, at, "must be at least %v", least)
	l.check(v%time.Millisecond == 0, at, "must be whole milliseconds")
}

// percent demands nil or 0 to 100.
func (l *list) percent(at *Path, p *networking.Percent) {
	if p == nil {
		return
	}
	v := p.GetValue()
	l.check(v >= 0 && v <= 100, at.Field("value"), "must be between 0 and 100, is %g", v)
}

// isAddress reports whether s is an IP address.
func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// istioProtocols are the port protocols istiod knows.
var istioProtocols = []string{
	"HTTP", "HTTPS", "HTTP2", "HTTP_PROXY", "GRPC", "GRPC-WEB", "TCP", "TLS", "UDP", "MONGO", "MYSQL", "REDIS", "HBONE",
}

func (l *list) istioProtocol(at *Path, name string) {
	l.check(slices.Contains(istioProtocols, strings.ToUpper(name)), at, "%q is not one of %v", name, istioProtocols)
}

func (l *list) istioHeaders(at *Path, h *networking.Headers) {
	l.headerOperations(at.Field("request"), h.GetRequest())
	l.headerOperations(at.Field("response"), h.GetResponse())
}

func (l *list) headerOperations(at *Path, o *networking.Headers_HeaderOperations) {
	for _, op := range []struct {
		name    string
		headers map[string]string
	}{{"set", o.GetSet()}, {"add", o.GetAdd()}} {
		for _, k := range slices.Sorted(maps.Keys(op.headers)) {
			l.operationName(at.Field(op.name).Field(k), k)
			l.headerValue(at.Field(op.name).Field(k), op.headers[k])
		}
	}
	for i, k := range o.GetRemove() {
		l.operationName(at.Field("remove").Index(i), k)
	}
}

func (l *list) operationName(at *Path, name string) {
	switch {
	case name == ":authority":
	case strings.HasPrefix(name, ":"):
		l.add(at, "pseudo-header %q must not be changed", name)
	default:
		l.headerName(at, name)
	}
}
