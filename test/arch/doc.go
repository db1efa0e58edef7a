// Package arch checks that the module's packages depend on each other only in the directions that
// docs/ARCHITECTURE.md allows.
//
// [Load] asks `go list -deps` for the import graph of the whole module (test files excluded: a test may
// import what it likes), [Rules.Check] holds the graph against a table, and the package's test fails with
// one line for each import that the table forbids. The table is in rules.go and is the only place to edit.
//
// [Sleepers] reads the test files for the one thing a graph and a linter cannot see: a test that sleeps by
// the wall clock.
//
// The package is not a linter of names or of code: .golangci.yml does that, and says the most important of these
// rules while one types. Nothing here is safe for concurrent use, and nothing needs to be.
package arch
