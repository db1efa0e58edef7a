package service

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// needsMore holds the appProtocols that name something else than HTTP/1.1 in plain text
// over TCP: IANA service names, Kubernetes' standard protocols (KEP-3726) and Istio's.
// Anything not listed is a name we do not know, and HTTP/1.1 is tried.
var needsMore = map[string]bool{
	"kubernetes.io/h2c": true,
	"kubernetes.io/wss": true,
	"grpc":              true,
	"grpc-web":          true,
	"h2c":               true,
	"http2":             true,
	"https":             true,
	"tls":               true,
	"wss":               true,
}

// Protocol returns what the endpoints of a port speak, by its appProtocol, and whether
// the proxy can speak it. "kubernetes.io/ws" is HTTP/1.1 with an upgrade.
func Protocol(p *corev1.ServicePort) (protocol config.BackendProtocol, spoken bool) {
	if p.AppProtocol == nil {
		return config.BackendProtocol_BACKEND_PROTOCOL_HTTP1, true
	}
	return config.BackendProtocol_BACKEND_PROTOCOL_HTTP1, !needsMore[strings.ToLower(*p.AppProtocol)]
}

func field(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }
