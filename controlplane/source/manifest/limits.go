package manifest

// Bounds on outside bytes. An API server takes 3 MiB for one object (etcd's request limit of 1.5 MiB, doubled for
// indentation); a file may hold many.
const (
	MaxFile      = 64 << 20 // bytes of one file
	MaxDocument  = 3 << 20  // bytes of one document, and of its JSON once aliases are expanded
	MaxDocuments = 200_000  // documents of one source, all files together
	maxDepth     = 100      // nested mappings and lists; Istio's and Gateway API's need about 15
	maxSteps     = 1 << 20  // nodes visited while expanding aliases and merge keys of one document
	maxFaults    = 16       // faults reported for one object
)
