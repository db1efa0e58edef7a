package istio

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// Host completes a host name of an object in the namespace. A name without a dot is a
// Service of that namespace; everything else is taken literally, "reviews.prod" too.
func (p Proxy) Host(name, namespace string) string {
	if name == "" || name == "*" || strings.Contains(name, ".") {
		return strings.ToLower(name)
	}
	if isAddress(name) { // IPv6, which has no dot
		return "[" + strings.ToLower(strings.Trim(name, "[]")) + "]"
	}
	return strings.ToLower(name) + "." + namespace + ".svc." + p.domain()
}

// looksShort reports whether a name was probably meant as the start of a Service's name:
// "reviews.prod" or "reviews.prod.svc" where such a Service exists.
func (p Proxy) looksShort(name string, exists func(string) bool) (string, bool) {
	for _, tail := range []string{".svc." + p.domain(), "." + p.domain()} {
		if full := name + tail; exists(full) {
			return full, true
		}
	}
	return "", false
}

// HostKeys returns the hosts under which rules for a host are found, the most specific first:
// "a.b.c", "*.b.c", "*.c", "*".
func HostKeys(host string) []string {
	keys := []string{host}
	rest := strings.TrimPrefix(host, "*.")
	for {
		_, after, ok := strings.Cut(rest, ".")
		if !ok {
			break
		}
		keys = append(keys, "*."+after)
		rest = after
	}
	if host != "*" {
		keys = append(keys, "*")
	}
	return slices.Compact(keys)
}

// within reports whether every name that matches host a matches host b. A wildcard stands
// for any number of labels, and for one at least.
func within(a, b string) bool {
	if a == b || b == "*" {
		return true
	}
	suffix, ok := strings.CutPrefix(b, "*")
	return ok && len(a) > len(suffix) && strings.HasSuffix(a, suffix)
}

// intersect returns the hosts that both lists admit, sorted.
func intersect(a, b []string) []string {
	var out []string
	for _, x := range a {
		for _, y := range b {
			switch {
			case within(x, y):
				out = append(out, x)
			case within(y, x):
				out = append(out, y)
			}
		}
	}
	slices.SortFunc(out, compareHosts)
	return slices.Compact(out)
}

// compareHosts puts exact names before wildcards, longer ones first, "*" last.
func compareHosts(a, b string) int {
	wild := func(h string) int {
		if strings.HasPrefix(h, "*") {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(wild(a), wild(b)), wild(a)*cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
}

// hostFault says what is wrong with a host, or nothing: a name of labels, a wildcard instead of
// the first or alone, or an IP address.
func hostFault(host string) string {
	rest := strings.TrimPrefix(host, "*.")
	switch {
	case host == "":
		return "is empty"
	case host == "*" || isAddress(host):
		return ""
	case strings.Contains(rest, "*"):
		return "has a wildcard elsewhere than as its first label"
	case strings.ContainsAny(rest, "/:"):
		return "is not a host name: no port, scheme or path is permitted"
	case len(host) > 255:
		return "is longer than 255 bytes"
	}
	for label := range strings.SplitSeq(strings.ToLower(rest), ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" ||
			label[0] == '-' || label[len(label)-1] == '-' {
			return "is not a host name"
		}
	}
	return ""
}

// isAddress reports whether s is an IP address; one of IPv6 may stand in brackets.
func isAddress(s string) bool {
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	return err == nil && addr.Zone() == "" && strings.HasPrefix(s, "[") == strings.HasSuffix(s, "]")
}

// serverHosts returns the hosts of a server that routes of a namespace may use. They are
// written "host", "NAMESPACE/host", "./host" or "*/host".
func serverHosts(hosts []string, gatewayNamespace, routeNamespace string) []string {
	var out []string
	for _, h := range hosts {
		ns, host, ok := strings.Cut(h, "/")
		if !ok {
			ns, host = "*", h
		}
		admitted := ns == "*" || ns == routeNamespace || ns == "." && gatewayNamespace == routeNamespace
		if admitted && hostFault(host) == "" {
			out = append(out, strings.ToLower(host))
		}
	}
	return out
}

// gatewayRef completes a name in VirtualService.gateways: "name", "ns/name", "./name", or the
// old form "name.ns.svc.cluster.local".
func gatewayRef(ref, namespace string) (ns, name string) {
	if ns, name, ok := strings.Cut(ref, "/"); ok {
		if ns == "." {
			ns = namespace
		}
		return ns, name
	}
	if name, rest, ok := strings.Cut(ref, "."); ok {
		ns, _, _ := strings.Cut(rest, ".")
		return ns, name
	}
	return namespace, ref
}
