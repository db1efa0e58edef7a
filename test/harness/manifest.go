package harness

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Join makes one manifest of several documents.
func Join(documents ...string) string { return strings.Join(documents, "\n---\n") }

// Service returns a Service with port 80 and one EndpointSlice for each origin. Name is
// "name" or "namespace/name".
func Service(name string, origins ...*Origin) string {
	docs := []string{ServiceAlone(name)}
	for i, o := range origins {
		docs = append(docs, Slice(name, fmt.Sprint(i), nil, o))
	}
	return Join(docs...)
}

// ServiceAlone returns a Service with port 80 and no endpoints.
func ServiceAlone(name string) string {
	namespace, name := split(name)
	return fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {name: %s, namespace: %s}\nspec: {ports: [{name: http, port: 80}]}\n",
		name, namespace)
}

// Slice returns an EndpointSlice of a Service with one endpoint. Labels are those that
// subsets select by.
func Slice(service, id string, labels map[string]string, o *Origin) string {
	namespace, name := split(service)
	pairs := []string{"kubernetes.io/service-name: " + name}
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, fmt.Sprintf("%s: %q", k, labels[k]))
	}
	return fmt.Sprintf(`apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: %s-%s, namespace: %s, labels: {%s}}
addressType: IPv4
ports: [{name: http, port: %d}]
endpoints: [{addresses: [%s]}]
`, name, id, namespace, strings.Join(pairs, ", "), o.Addr.Port(), o.Addr.Addr())
}

func split(name string) (namespace, short string) {
	if ns, n, ok := strings.Cut(name, "/"); ok {
		return ns, n
	}
	return "default", name
}
