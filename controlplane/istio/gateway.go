package istio

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	api "istio.io/api/networking/v1"
	networking "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/certificate"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Binding is what VirtualServices attach to: a Gateway as this proxy serves it.
type Binding struct {
	Namespace, Name string
	// Selected is false if the Gateway's selector names other proxies.
	Selected bool
	Servers  []Server
}

// Server is one entry of Gateway.servers.
type Server struct {
	// Listener is the name of its config.Listener. Empty: it is not served.
	Listener string
	Port     uint32
	Bind     string
	// Hosts as written, namespace included.
	Hosts []string
	// Protocol is PROTOCOL_HTTP or PROTOCOL_HTTPS; unspecified if it is not served.
	Protocol config.Protocol
	// Redirect says that every request is answered with a redirect to https.
	Redirect bool
}

// GatewayResult is a translated Gateway.
type GatewayResult struct {
	Resources []*config.Resource
	Binding   *Binding
	Findings  []Finding
}

var gatewayFields = fields{
	"selector":                  done,
	"servers":                   partly,
	"servers.port":              partly,
	"servers.port.number":       done,
	"servers.port.protocol":     done,
	"servers.port.name":         done,
	"servers.bind":              done,
	"servers.hosts":             done,
	"servers.name":              done,
	"servers.tls":               partly,
	"servers.tls.httpsRedirect": done,
}

// tlsFields are those of HTTPS servers; terminate reports what of them is without effect.
var tlsFields = fields{
	"tls.mode":               done,
	"tls.credentialName":     done,
	"tls.credentialNames":    done,
	"tls.serverCertificate":  done,
	"tls.privateKey":         done,
	"tls.tlsCertificates":    done,
	"tls.minProtocolVersion": done,
	"tls.maxProtocolVersion": done,
	"tls.cipherSuites":       done,
}

// GatewayLookups are how a Gateway sees other objects.
type GatewayLookups struct {
	// Claims returns the servers of all Gateways on a port, this one's included: see
	// Proxy.Claims.
	Claims func(port uint32) []Claim
	// Secret returns the verdict on a Secret; ok is false if there is none.
	Secret func(namespace, name string) (v certificate.Verdict, ok bool)
}

// Gateway translates a Gateway.
func (p Proxy) Gateway(gw *networking.Gateway, look GatewayLookups) GatewayResult {
	t := gatewayTranslation{proxy: p, gw: gw, object: object("Gateway", gw), look: look}
	t.binding = &Binding{Namespace: gw.Namespace, Name: gw.Name, Selected: p.selected(gw.Spec.GetSelector())}
	if !t.binding.Selected {
		at{&t.report, t.object, "spec.selector"}.info(NotBound,
			"selects other proxies: this gateway's labels are %s", labelText(p.Labels))
		return t.result()
	}
	if len(gw.Spec.GetServers()) == 0 {
		at{&t.report, t.object, "spec.servers"}.fail(Invalid, "has no server")
	}
	for i, server := range gw.Spec.GetServers() {
		t.binding.Servers = append(t.binding.Servers, t.server(i, server))
	}
	t.reportNames()
	if len(t.resources) > 0 {
		t.resources = append(t.resources, config.Wrap(&config.Gateway{
			Name: t.name(), Origin: t.object.origin(gw, ""),
		}))
	}
	return t.result()
}

type gatewayTranslation struct {
	report
	proxy     Proxy
	gw        *networking.Gateway
	object    Object
	look      GatewayLookups
	binding   *Binding
	resources []*config.Resource
}

func (t *gatewayTranslation) result() GatewayResult {
	return GatewayResult{t.resources, t.binding, SortFindings(t.findings)}
}

func (t *gatewayTranslation) name() string { return "istio/" + t.gw.Namespace + "/" + t.gw.Name }

func (t *gatewayTranslation) server(i int, s *api.Server) Server {
	a := at{&t.report, t.object, fmt.Sprintf("spec.servers[%d]", i)}
	out := Server{
		Port: s.GetPort().GetNumber(), Bind: s.GetBind(), Hosts: s.GetHosts(),
		Redirect: s.GetTls().GetHttpsRedirect() && isHTTP(protocolName(s)),
	}
	if !t.checkServer(a, s) {
		return out
	}
	l := &config.Listener{
		Name: fmt.Sprintf("%s/%d", t.name(), i), Gateway: t.name(), Origin: t.object.origin(t.gw, a.field),
		Address: bindAddress(s.GetBind()), Port: out.Port, Protocol: config.Protocol_PROTOCOL_HTTP,
		Hostnames: []string{"*"}, Order: order(t.gw, i),
	}
	if protocolName(s) == "HTTPS" {
		var served bool
		l.Protocol = config.Protocol_PROTOCOL_HTTPS
		if l.Tls, served = t.terminate(a.in("tls"), s); !served {
			t.resources = append(t.resources, config.Wrap(l)) // takes its names, and refuses them
			return out
		}
	}
	// Only now: of a server that is not served, every field is without effect.
	a.unenforcedServer(s)
	t.reportSharing(a, s)
	out.Listener, out.Protocol = l.Name, l.Protocol
	t.resources = append(t.resources, config.Wrap(l))
	if out.Redirect {
		t.resources = append(t.resources, config.Wrap(t.redirect(a, i, out)))
	}
	return out
}

func (a at) unenforcedServer(s *api.Server) {
	table := fields{}
	for path, what := range gatewayFields {
		if rest, ok := strings.CutPrefix(path, "servers."); ok {
			table[rest] = what
		}
	}
	if protocolName(s) == "HTTPS" {
		maps.Copy(table, tlsFields)
		delete(table, "tls.httpsRedirect") // of no use where the scheme is https
	}
	reportUnenforced(a, s, table)
}

// redirect answers all hosts of a server with httpsRedirect. VirtualServices do not attach there, and
// those that share its port by another Gateway rank after it: its order is before every age.
func (t *gatewayTranslation) redirect(a at, i int, s Server) *config.Route {
	hosts := bareHosts(s.Hosts)
	slices.SortFunc(hosts, compareHosts)
	return &config.Route{
		Name:        s.Listener + "/https-redirect",
		Origin:      t.object.origin(t.gw, a.field+".tls.httpsRedirect"),
		Attachments: []*config.Attachment{{Listener: s.Listener, Hostnames: slices.Compact(hosts)}},
		Order:       &config.Order{Index: uint32(i)},
		DisplayName: t.gw.Name,
		Rule: &config.Route_Http{Http: &config.HttpRule{
			Precedence: config.Precedence_PRECEDENCE_IN_ORDER,
			Action: &config.HttpRule_Redirect{Redirect: &config.Redirect{
				Status: 301, Scheme: "https", PortFrom: config.Redirect_PORT_FROM_SCHEME,
			}},
		}},
	}
}

// reportNames reports ports without a name and ports that share one.
func (t *gatewayTranslation) reportNames() {
	seen := map[string]int{}
	for i, s := range t.gw.Spec.GetServers() {
		a := at{&t.report, t.object, fmt.Sprintf("spec.servers[%d].port.name", i)}
		name := s.GetPort().GetName()
		if first, twice := seen[name]; name == "" {
			a.warn(Invalid, "is empty; Istio requires a name for each port")
		} else if twice {
			a.warn(Invalid, "%q is the name of servers[%d] too; Istio requires names that differ", name, first)
		} else {
			seen[name] = i
		}
	}
}

func labelText(labels map[string]string) string {
	if len(labels) == 0 {
		return "none"
	}
	var pairs []string
	for k, v := range labels {
		pairs = append(pairs, k+"="+v)
	}
	slices.Sort(pairs)
	return strings.Join(pairs, ", ")
}
