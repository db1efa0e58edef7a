package manifest

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fairlead-mesh/fairlead/controlplane/source"
)

// settle fills what an API server fills, without clock or chance, so that the same manifests always give the same
// objects:
//   - creationTimestamp stays as written; absent, it stays zero: "age unknown". Who orders by age must take zero
//     ages as equal and go on to namespace and name.
//   - uid is derived from the key; generation starts at 1 and is counted by the caller.
//   - server-side bookkeeping pasted from "kubectl get -o yaml" is dropped.
func settle(m *metav1.ObjectMeta, key source.Key) {
	m.Namespace = key.Namespace
	m.UID = uid(key)
	m.Generation = 1
	m.ResourceVersion, m.SelfLink, m.GenerateName = "", "", generateName(m)
	m.ManagedFields = nil
	m.DeletionTimestamp, m.DeletionGracePeriodSeconds = nil, nil
	delete(m.Annotations, "kubectl.kubernetes.io/last-applied-configuration")
}

// generateName is kept only while there is no name: validation then says why the name is missing.
func generateName(m *metav1.ObjectMeta) string {
	if m.Name == "" {
		return m.GenerateName
	}
	return ""
}

// uid has the form of a version 8 UUID (RFC 9562 §5.8) over a hash of the key.
func uid(key source.Key) types.UID {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%s\x00%s", key.Group, key.Kind, key.Namespace, key.Name)
	b := h.Sum(nil)[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return types.UID(fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]))
}

func sameMeta(a, b source.Typed) bool {
	ca, cb := a.GetCreationTimestamp(), b.GetCreationTimestamp()
	return maps.Equal(a.GetLabels(), b.GetLabels()) &&
		maps.Equal(a.GetAnnotations(), b.GetAnnotations()) &&
		ca.Equal(&cb) &&
		reflect.DeepEqual(a.GetOwnerReferences(), b.GetOwnerReferences()) &&
		reflect.DeepEqual(a.GetFinalizers(), b.GetFinalizers())
}
