package manifest

import (
	"slices"
	"strings"
)

// unsupported kinds are part of the APIs served here and have no effect yet.
var unsupported = map[string][]string{
	"networking.istio.io":         {"EnvoyFilter", "ProxyConfig", "WorkloadGroup"},
	"telemetry.istio.io":          {"Telemetry"},
	"extensions.istio.io":         {"WasmPlugin", "TrafficExtension"},
	"gateway.networking.x-k8s.io": {"XBackend", "XBackendTrafficPolicy", "XMesh", "XTelemetryPolicy"},
}

// inert kinds usually lie in the same directory as routes and never have an effect on them.
var inert = map[string][]string{
	"": {
		"Pod", "ServiceAccount", "Endpoints", "Node", "PersistentVolume", "PersistentVolumeClaim", "LimitRange",
		"ResourceQuota", "ReplicationController", "PodTemplate", "Event", "Binding",
	},
	"apps": {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ControllerRevision"},
}

// inertGroups are groups of Kubernetes' own whose kinds never have an effect on traffic.
var inertGroups = []string{
	"batch", "autoscaling", "policy", "apiextensions.k8s.io", "rbac.authorization.k8s.io", "storage.k8s.io",
	"networking.k8s.io", "admissionregistration.k8s.io", "apiregistration.k8s.io", "coordination.k8s.io",
	"scheduling.k8s.io", "certificates.k8s.io", "node.k8s.io", "flowcontrol.apiserver.k8s.io", "resource.k8s.io",
}

// ignored says why an object of this kind has no effect here. The answers differ in what a user must do: nothing,
// know that a policy does not hold, or look for a spelling mistake.
func ignored(group, name string) string {
	switch {
	case group == "security.istio.io":
		return "not supported: this security policy is NOT enforced"
	case slices.Contains(unsupported[group], name):
		return "not supported: it has no effect"
	case slices.Contains(inert[group], name), slices.Contains(inertGroups, group):
		return "has no effect on traffic configured from files"
	case group == "":
		return "kind is not known in the core group: it has no effect"
	default:
		return "kind is not known in group " + strings.ToValidUTF8(group, "?") + ": it has no effect"
	}
}
