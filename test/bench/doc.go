// Command bench measures Fairlead beside nginx, HAProxy and httputil.ReverseProxy on this machine, and writes
// Markdown. `make bench` runs it; docs/performance.md says how to read what it writes.
//
// It starts every program itself, on loopback only, and ends them all, also when it fails or is told to stop.
// It is no test: nothing passes or fails by it but the bars it prints.
package main
