// Package defaults fills the fields that an API server fills for objects that lack them: the "+kubebuilder:default"
// markers of Gateway API v1.7.0 (structural defaults of its CRDs), and the few defaults of core kinds that traffic
// depends on. Without it file mode would see other objects than cluster mode.
//
// As in an API server only absent fields are filled: an empty list that was written stays empty.
// Status defaults are left out, since a source delivers no status.
//
// The functions modify their argument, which the caller must own.
package defaults

// fill sets *p to point to v if it is nil.
func fill[T any](p **T, v T) {
	if *p == nil {
		*p = &v
	}
}
