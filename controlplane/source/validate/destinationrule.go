package validate

import (
	"time"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
)

// DestinationRule validates networking.istio.io DestinationRule.
func DestinationRule(d *networkingv1.DestinationRule) []Fault {
	var l list
	s := &d.Spec
	if !isAddress(s.Host) {
		l.domain(spec.Field("host"), s.Host)
	}
	l.trafficPolicy(spec.Field("trafficPolicy"), s.TrafficPolicy)
	names := make(map[string]bool, len(s.Subsets))
	for i, sub := range s.Subsets {
		at := spec.Field("subsets").Index(i)
		l.pattern(at.Field("name"), sub.Name, 63, subsetName, "a subset's name")
		l.check(!names[sub.Name], at.Field("name"), "%q is the name of another subset", sub.Name)
		names[sub.Name] = true
		l.labels(at.Field("labels"), sub.Labels)
		l.trafficPolicy(at.Field("trafficPolicy"), sub.TrafficPolicy)
	}
	l.exportTo(s.ExportTo)
	return l
}

func (l *list) trafficPolicy(at *Path, p *networking.TrafficPolicy) {
	if p == nil {
		return
	}
	l.loadBalancer(at.Field("loadBalancer"), p.LoadBalancer)
	l.connectionPool(at.Field("connectionPool"), p.ConnectionPool)
	l.outlier(at.Field("outlierDetection"), p.OutlierDetection)
	l.clientTLS(at.Field("tls"), p.Tls)
	ports := make([]uint32, 0, len(p.PortLevelSettings))
	for i, s := range p.PortLevelSettings {
		at := at.Field("portLevelSettings").Index(i)
		if s.Port == nil {
			l.add(at.Field("port"), "required")
		} else {
			between(l, at.Field("port").Field("number"), s.Port.Number, 1, 65535)
		}
		ports = append(ports, s.GetPort().GetNumber())
		l.loadBalancer(at.Field("loadBalancer"), s.LoadBalancer)
		l.connectionPool(at.Field("connectionPool"), s.ConnectionPool)
		l.outlier(at.Field("outlierDetection"), s.OutlierDetection)
		l.clientTLS(at.Field("tls"), s.Tls)
	}
	unique(l, ports, func(i int) *Path { return at.Field("portLevelSettings").Index(i).Field("port") })
}

func (l *list) loadBalancer(at *Path, lb *networking.LoadBalancerSettings) {
	if lb == nil {
		return
	}
	h := lb.GetConsistentHash()
	if h == nil {
		return
	}
	at = at.Field("consistentHash")
	l.check(h.HashKey != nil, at, "httpHeaderName, httpCookie, useSourceIp or httpQueryParameterName required")
	if name := h.GetHttpHeaderName(); name != "" {
		l.headerName(at.Field("httpHeaderName"), name)
	}
	if c := h.GetHttpCookie(); c != nil {
		l.headerName(at.Field("httpCookie").Field("name"), c.Name)
		l.span(at.Field("httpCookie").Field("ttl"), c.Ttl, 0)
	}
}

func (l *list) connectionPool(at *Path, p *networking.ConnectionPoolSettings) {
	if p == nil {
		return
	}
	if t := p.Tcp; t != nil {
		at := at.Field("tcp")
		l.check(t.MaxConnections >= 0, at.Field("maxConnections"), "must not be negative")
		l.span(at.Field("connectTimeout"), t.ConnectTimeout, time.Millisecond)
		l.span(at.Field("idleTimeout"), t.IdleTimeout, 0)
		l.span(at.Field("maxConnectionDuration"), t.MaxConnectionDuration, time.Millisecond)
	}
	h := p.Http
	if h == nil {
		return
	}
	at = at.Field("http")
	for _, f := range []struct {
		name  string
		value int32
	}{
		{"http1MaxPendingRequests", h.Http1MaxPendingRequests},
		{"http2MaxRequests", h.Http2MaxRequests},
		{"maxRequestsPerConnection", h.MaxRequestsPerConnection},
		{"maxRetries", h.MaxRetries},
		{"maxConcurrentStreams", h.MaxConcurrentStreams},
	} {
		l.check(f.value >= 0, at.Field(f.name), "must not be negative")
	}
	l.span(at.Field("idleTimeout"), h.IdleTimeout, 0)
	l.check(!h.UseClientProtocol || h.H2UpgradePolicy != networking.ConnectionPoolSettings_HTTPSettings_UPGRADE, at,
		"useClientProtocol and h2UpgradePolicy UPGRADE exclude each other")
}

func (l *list) outlier(at *Path, o *networking.OutlierDetection) {
	if o == nil {
		return
	}
	l.span(at.Field("interval"), o.Interval, time.Millisecond)
	l.span(at.Field("baseEjectionTime"), o.BaseEjectionTime, time.Millisecond)
	between(l, at.Field("maxEjectionPercent"), o.MaxEjectionPercent, 0, 100)
	between(l, at.Field("minHealthPercent"), o.MinHealthPercent, 0, 100)
	l.check(o.ConsecutiveLocalOriginFailures == nil || o.SplitExternalLocalOriginErrors,
		at.Field("consecutiveLocalOriginFailures"), "needs splitExternalLocalOriginErrors")
}

func (l *list) clientTLS(at *Path, t *networking.ClientTLSSettings) {
	if t == nil {
		return
	}
	certs := t.ClientCertificate != "" || t.PrivateKey != "" || t.CaCertificates != ""
	l.check(t.CredentialName == "" || !certs, at, "credentialName and certificate files exclude each other")
	if t.GetInsecureSkipVerify().GetValue() {
		l.check(len(t.SubjectAltNames) == 0 && t.CaCertificates == "", at.Field("insecureSkipVerify"),
			"must not be set beside subjectAltNames or caCertificates")
	}
	if t.Mode == networking.ClientTLSSettings_MUTUAL && t.CredentialName == "" {
		l.check(t.ClientCertificate != "", at.Field("clientCertificate"), "or credentialName required for mode MUTUAL")
		l.check(t.PrivateKey != "", at.Field("privateKey"), "or credentialName required for mode MUTUAL")
	}
}
