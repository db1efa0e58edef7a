package validate

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kube "k8s.io/apimachinery/pkg/util/validation"
)

// Naming is the grammar of a kind's names.
type Naming uint8

// The grammars of names.
const (
	Subdomain   Naming = iota // RFC 1123 subdomain, ≤ 253 bytes: most kinds
	Label                     // RFC 1123 label, ≤ 63 bytes: Namespace
	Label1035                 // RFC 1035 label, ≤ 63 bytes: Service
	PathSegment               // no "/", "%", "." or "..": kinds that set no rule
)

// Meta validates metadata as the API server does for every object.
func Meta(m *metav1.ObjectMeta, names Naming, cluster bool) []Fault {
	var l list
	at := (*Path)(nil).Field("metadata")
	if m.Name == "" {
		reason := "required"
		if m.GenerateName != "" {
			reason = "required: generateName needs an API server"
		}
		l.add(at.Field("name"), "%s", reason)
	} else {
		for _, msg := range nameMessages(m.Name, names) {
			l.add(at.Field("name"), "%q: %s", m.Name, msg)
		}
	}
	if !cluster {
		for _, msg := range kube.IsDNS1123Label(m.Namespace) {
			l.add(at.Field("namespace"), "%q: %s", m.Namespace, msg)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(m.Labels)) {
		for _, msg := range kube.IsQualifiedName(k) {
			l.add(at.Field("labels").Field(k), "%s", msg)
		}
		for _, msg := range kube.IsValidLabelValue(m.Labels[k]) {
			l.add(at.Field("labels").Field(k), "%s", msg)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(m.Annotations)) {
		for _, msg := range kube.IsQualifiedName(strings.ToLower(k)) {
			l.add(at.Field("annotations").Field(k), "%s", msg)
		}
	}
	if validation.ValidateAnnotationsSize(m.Annotations) != nil {
		l.add(at.Field("annotations"), "too long: at most %d bytes", validation.TotalAnnotationSizeLimitB)
	}
	return l
}

func nameMessages(name string, names Naming) []string {
	switch names {
	case Label:
		return kube.IsDNS1123Label(name)
	case Label1035:
		return kube.IsDNS1035Label(name)
	case PathSegment:
		if name == "." || name == ".." || strings.ContainsAny(name, "/%") {
			return []string{`must not be "." or "..", nor contain "/" or "%"`}
		}
		return nil
	default:
		return kube.IsDNS1123Subdomain(name)
	}
}
