// Package config is the contract between the control plane and a proxy: the
// messages of fairlead.config.v1, their validation and their YAML form.
//
// The contract is the only intermediate representation. Translators produce it, the
// wire carries it, golden tests hold its YAML form, which can be fed to a proxy by
// hand, and snapshot.Compile turns it into the runtime. The .proto files document
// every field: meaning, unit, default, source.
//
// The package is a leaf and has no state.
package config
