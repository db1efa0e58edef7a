package service

import (
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Refusal says why a Service gets no Backend; it is empty for all but ExternalName
// Services that name a place which whoever may write a Service must not reach through
// the proxy (CVE-2021-25740, CVE-2021-32783):
//
//   - the proxy's own machine: "localhost", loopback and unspecified addresses;
//   - link-local addresses, where clouds keep their metadata services;
//   - a Service of another namespace, which needs a ReferenceGrant.
//
// Options.AllowExternalName lifts it name by name. A public name can still resolve to
// such an address: that is for the resolver to refuse, at each dial.
func (o Options) Refusal(svc *corev1.Service) string {
	if svc.Spec.Type != corev1.ServiceTypeExternalName {
		return ""
	}
	name := externalName(svc)
	if o.AllowExternalName != nil && o.AllowExternalName(name) {
		return ""
	}
	why := o.objection(svc.Namespace, name)
	if why == "" {
		return ""
	}
	return fmt.Sprintf("externalName %q %s", svc.Spec.ExternalName, why)
}

func (o Options) objection(namespace, name string) string {
	if name == "" {
		return "is empty"
	}
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return "is the proxy's own machine"
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		return addressObjection(addr.Unmap())
	}
	if looksNumeric(name) || len(validation.IsDNS1123Subdomain(name)) > 0 {
		return "is neither a DNS name nor an IP address"
	}
	// A resolver with a search list completes what ends in ".svc".
	in, ok := strings.CutSuffix(strings.TrimSuffix(name, "."+o.domain()), ".svc")
	if !ok {
		return ""
	}
	if other := in[strings.LastIndexByte(in, '.')+1:]; other != namespace {
		return "is a Service of another namespace"
	}
	return ""
}

func addressObjection(addr netip.Addr) string {
	switch {
	case addr.IsLoopback(), addr.IsUnspecified():
		return "is the proxy's own machine"
	case addr.IsLinkLocalUnicast(), addr.IsLinkLocalMulticast(), addr.IsInterfaceLocalMulticast():
		return "is a link-local address"
	case addr.IsMulticast():
		return "is a multicast address"
	case addr == metadataV6:
		return "is a cloud's metadata service"
	}
	return ""
}

// metadataV6 is EC2's instance metadata service; its address is not link-local.
var metadataV6 = netip.MustParseAddr("fd00:ec2::254")

// looksNumeric finds what some resolvers read as an address and netip does not: "127.1",
// "0x7f000001", "2130706433". No top-level domain begins with a digit (RFC 3696 §2).
func looksNumeric(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	return last == "" || last[0] >= '0' && last[0] <= '9'
}

func externalName(svc *corev1.Service) string {
	return strings.ToLower(strings.TrimSuffix(svc.Spec.ExternalName, "."))
}

// externalEndpoints makes the one endpoint of each port of an ExternalName Service. A
// CNAME knows no ports: the Service's number is the target's.
func (o Options) externalEndpoints(svc *corev1.Service) []*config.Endpoint {
	if o.Refusal(svc) != "" {
		return nil
	}
	host, name := o.Host(svc.Namespace, svc.Name), externalName(svc)
	var out []*config.Endpoint
	for i := range svc.Spec.Ports {
		p := &svc.Spec.Ports[i]
		if !isTCP(p.Protocol) {
			continue
		}
		out = append(out, endpoint(Set(host, p.Port), name, p.Port))
	}
	return out
}
