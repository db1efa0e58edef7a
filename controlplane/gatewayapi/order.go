package gatewayapi

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// order ranks what an object makes among what competes with it: the older object first,
// then the smaller "namespace/name", then the smaller index.
func order(o metav1.Object, index int) *config.Order {
	var created int64
	if t := o.GetCreationTimestamp(); !t.IsZero() {
		created = t.Unix()
	}
	return &config.Order{CreatedUnixSeconds: created, Key: key(o), Index: uint32(index)}
}

func key(o metav1.Object) string { return o.GetNamespace() + "/" + o.GetName() }
