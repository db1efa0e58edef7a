// Package e2e tests the appliance as its users have it: manifests in, HTTP out, nothing
// between replaced. Rooms test what is theirs more finely; here stands what only holds if
// all of them fit together.
package e2e
