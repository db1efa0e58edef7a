package istio

import (
	"slices"
	"strings"
)

// boundServer is a server that a VirtualService is attached to.
type boundServer struct {
	Server
	// gateway is the Binding's "namespace/name".
	gateway          string
	gatewayNamespace string
	// hosts of the VirtualService there.
	hosts []string
}

// bind finds the servers that the VirtualService attaches to, and reports why not others.
func (t *vsTranslation) bind() []boundServer {
	names := t.vs.Spec.GetGateways()
	if !slices.ContainsFunc(names, func(g string) bool { return g != meshGateway }) {
		t.spec("gateways").info(NotBound, "not bound to a gateway: applies to sidecars and waypoints")
		return nil
	}
	if slices.Contains(names, meshGateway) {
		t.spec("gateways").info(MeshOnly, `"mesh" applies to sidecars and waypoints; the other gateways are served here`)
	}
	hosts := t.hosts()
	var out []boundServer
	seen := map[string]bool{meshGateway: true}
	for _, name := range names {
		if ns, short := gatewayRef(name, t.vs.Namespace); !seen[name] && !seen[ns+"/"+short] {
			seen[name], seen[ns+"/"+short] = true, true
			out = append(out, t.bindGateway(ns, short, hosts)...)
		}
	}
	if len(out) == 0 {
		t.spec("gateways").info(NotBound, "not bound to this gateway: none of its routes is served")
		return nil
	}
	slices.SortFunc(out, func(a, b boundServer) int { return strings.Compare(a.Listener, b.Listener) })
	served := withoutRedirected(out)
	if len(served) == 0 {
		t.spec("gateways").info(Superseded, "httpsRedirect answers every request to these hosts: none of the routes is served")
	}
	return served
}

// hosts returns the hosts of the VirtualService in full.
func (t *vsTranslation) hosts() []string {
	var out []string
	for i, h := range t.vs.Spec.GetHosts() {
		a := t.spec("hosts[%d]", i)
		if fault := hostFault(h); fault != "" {
			a.fail(Invalid, "%q %s: it is not served", h, fault)
			continue
		}
		full := t.proxy.Host(h, t.vs.Namespace)
		if full != strings.ToLower(h) {
			a.info(SuspectName, "%q means %q: requests to a gateway must name that host", h, full)
		}
		out = append(out, full)
	}
	return out
}

func (t *vsTranslation) bindGateway(ns, name string, hosts []string) []boundServer {
	a := t.spec("gateways")
	b := t.look.Gateway(ns, name)
	switch {
	case b == nil:
		a.fail(NotFound, "Gateway %s/%s does not exist", ns, name)
		return nil
	case !b.Selected:
		a.info(OtherGateway, "Gateway %s/%s is not bound to this gateway: its selector names other proxies", ns, name)
		return nil
	case !exported(t.vs.Spec.GetExportTo(), t.vs.Namespace, t.proxy.client(ns)):
		a.fail(NotExported, "not exported to namespace %q, where Gateway %s/%s is served: exportTo is %s",
			t.proxy.client(ns), ns, name, quoted(t.vs.Spec.GetExportTo()))
		return nil
	}
	var out []boundServer
	served, missing := false, slices.Clone(hosts)
	for _, s := range b.Servers {
		both := intersect(serverHosts(s.Hosts, ns, t.vs.Namespace), hosts)
		missing = slices.DeleteFunc(missing, func(h string) bool {
			return slices.ContainsFunc(both, func(x string) bool { return within(x, h) })
		})
		if s.Listener != "" && len(both) > 0 {
			served = true
			out = append(out, boundServer{Server: s, gateway: ns + "/" + name, gatewayNamespace: ns, hosts: both})
		}
	}
	if len(missing) > 0 {
		a.warn(HostNotInGateway, "no server of Gateway %s/%s admits %s from namespace %q", ns, name, quoted(missing), t.vs.Namespace)
	} else if !served && len(hosts) > 0 {
		a.fail(NotServed, "no server of Gateway %s/%s that admits these hosts is served yet", ns, name)
	}
	return out
}

// withoutRedirected drops servers with httpsRedirect, which answer for themselves, and from others
// of the same port the hosts that those redirect.
func withoutRedirected(servers []boundServer) []boundServer {
	var out []boundServer
	for _, s := range servers {
		if s.Redirect {
			continue
		}
		s.hosts = slices.DeleteFunc(slices.Clone(s.hosts), func(h string) bool {
			return slices.ContainsFunc(servers, func(r boundServer) bool {
				return r.Redirect && r.Port == s.Port && bindAddress(r.Bind) == bindAddress(s.Bind) && slices.Contains(r.hosts, h)
			})
		})
		if len(s.hosts) > 0 {
			out = append(out, s)
		}
	}
	return out
}
