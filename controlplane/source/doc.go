// Package source is where configuration enters: typed objects, with the place they came from, in batches.
//
// It holds only the border: [Object], [Key], [Change], [Batch], [Problem] and the [Source] interface. The
// sources themselves are sub-packages: files reads and watches manifests. A Kubernetes source will stand beside
// it, and a consumer cannot tell the two apart: either delivers objects of one version for each kind, defaulted
// and validated as an API server would have done.
//
// It is not a cache to query and not a translator: whoever consumes batches keeps what it needs of them.
//
// Concurrency: everything here is immutable once delivered and may be shared between goroutines. A Source calls
// its sink from one goroutine, one batch at a time.
package source
