package telemetry

import (
	"cmp"
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

// clean returns d as its labels will say it: two destinations that Prometheus could not
// tell apart are one.
func (d Destination) clean() Destination {
	d.Identity = d.Identity.clean()
	d.Protocol = cmp.Or(d.Protocol, "http")
	for _, s := range []*string{&d.Service, &d.ServiceName, &d.ServiceNamespace, &d.Protocol, &d.Security} {
		*s = labelValue(*s)
	}
	return d
}

func (i Identity) clean() Identity {
	for _, s := range []*string{
		&i.Workload, &i.Namespace, &i.CanonicalService, &i.CanonicalRevision,
		&i.Principal, &i.App, &i.Version, &i.Cluster,
	} {
		*s = labelValue(*s)
	}
	return i
}

// requestLabelValues returns the values of requestLabels but for code and flags. Its
// arguments are clean.
func requestLabelValues(reporter string, s *Identity, d *Destination) []string {
	return []string{
		reporter,
		s.Workload, s.CanonicalService, s.CanonicalRevision,
		s.Namespace, s.Principal, s.App, s.Version, s.Cluster,
		d.Workload, d.Namespace, d.Principal,
		d.App, d.Version, d.Service,
		d.CanonicalService, d.CanonicalRevision,
		d.ServiceName, d.ServiceNamespace, d.Cluster,
		d.Protocol, "", "", "", // the second is grpc_response_status: not a gRPC response
		d.Security,
	}
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
