// Package load puts load on a proxy: wrk for throughput and latency, a client of our own that
// counts which origin answered, and idle connections in great number.
//
// wrk runs as a process of its own, so that its CPU time is not the harness's.
package load
