package telemetry

import (
	"strconv"
	"strings"
)

// unknown stands for every label value that is not known (Istio's standard metrics).
const unknown = "unknown"

// maxLabelBytes bounds one label value.
const maxLabelBytes = 256

// Identity is what Istio's labels say of one end of a request. Empty fields are
// written "unknown".
type Identity struct {
	Workload          string
	Namespace         string
	CanonicalService  string
	CanonicalRevision string
	Principal         string // "spiffe://…"
	App               string
	Version           string
	Cluster           string
}

// Destination is where requests go: everything that tells one destination's series from
// another's. It is comparable.
type Destination struct {
	Identity
	// Service, ServiceName and ServiceNamespace are config.ServiceIdentity.
	Service          string // "nginx.shop.svc.cluster.local"
	ServiceName      string // "nginx"
	ServiceNamespace string
	// Protocol is "http" or "grpc". Empty: "http".
	Protocol string
	// Security is "mutual_tls" or "none". Empty: "unknown", as Istio says at the source.
	Security string
}

// The labels of istio_requests_total and its kin, in Istio's order.
var requestLabels = []string{
	"reporter",
	"source_workload", "source_canonical_service", "source_canonical_revision",
	"source_workload_namespace", "source_principal", "source_app", "source_version", "source_cluster",
	"destination_workload", "destination_workload_namespace", "destination_principal",
	"destination_app", "destination_version", "destination_service",
	"destination_canonical_service", "destination_canonical_revision",
	"destination_service_name", "destination_service_namespace", "destination_cluster",
	"request_protocol", "response_code", "grpc_response_status", "response_flags",
	"connection_security_policy",
}

// Places in requestLabels that the response fills in.
const (
	labelCode  = 21
	labelFlags = 23
)

// requestLabelValues returns the values of requestLabels but for code and flags.
func requestLabelValues(reporter string, s *Identity, d *Destination) []string {
	protocol := d.Protocol
	if protocol == "" {
		protocol = "http"
	}
	values := []string{
		reporter,
		s.Workload, s.CanonicalService, s.CanonicalRevision,
		s.Namespace, s.Principal, s.App, s.Version, s.Cluster,
		d.Workload, d.Namespace, d.Principal,
		d.App, d.Version, d.Service,
		d.CanonicalService, d.CanonicalRevision,
		d.ServiceName, d.ServiceNamespace, d.Cluster,
		protocol, unknown, unknown, unknown,
		d.Security,
	}
	for i, v := range values {
		values[i] = labelValue(v)
	}
	values[labelCode+1] = "" // grpc_response_status: not a gRPC response
	return values
}

// labelValue makes any text a label value: known, UTF-8, not too long.
func labelValue(s string) string {
	if s == "" {
		return unknown
	}
	if len(s) > maxLabelBytes {
		s = s[:maxLabelBytes]
	}
	return strings.ToValidUTF8(s, "\ufffd")
}

func codeLabel(code int) string {
	if code < 0 {
		return unknown
	}
	return strconv.Itoa(code)
}
