// Package harness runs the whole appliance inside a test: manifests in a temporary
// directory, the real file source with its watching, the real pipeline, the real data
// plane on loopback ports, and origins that answer as the test says.
//
//	a := harness.Start(t, harness.Options{}, harness.Files{"gateway.yaml": …})
//	a.Write("route.yaml", …)             // returns when the change is live
//	got := a.Do(harness.Request{Target: "/shop"})
//
// Nothing in it waits for a time to pass: a change is live when the pipeline has taken the
// batch that holds it, and everything else is waited for with a deadline that only a broken
// appliance reaches. Whatever is started ends with the test.
//
// It is for tests that span rooms. A room's own tests use less.
package harness
