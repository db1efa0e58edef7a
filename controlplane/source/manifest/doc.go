// Package manifest turns the bytes of a manifest file into typed objects, as strictly as an API server with
// fieldValidation=Strict would, and says line and field of what it refuses.
//
//	file ─ Split ─► Chunk (one document) ─ Decoder.Decode ─► Item, one for each object
//
// A document passes these stations: YAML or JSON to a node tree (node.go, json.go), apiVersion and kind to an entry
// of the registry (kinds.go), the tree to the pinned Go type (kube.go for Kubernetes types, proto.go for
// Istio's), API-server defaults (package defaults), validation (package validate).
//
// Outside bytes are bounded before they are walked: see limits.go. A bad document costs itself and no other.
//
// It reads no files and keeps nothing between calls. A Decoder may be used by many goroutines.
package manifest
