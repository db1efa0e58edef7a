// Package hostile attacks the assembled gateway over real sockets and judges it by what
// arrives at the other end.
//
// Three oracles stand over every input, whether it comes from wiretest's corpus, from a
// generator or from a fuzzer:
//
//	A  hygiene   every byte the origin receives parses under a grammar checker that
//	             shares no code with gateway/wire
//	B  verdict   what is refused has its status, ends the connection, is counted by its
//	             reason and sends nothing upstream
//	C  treasure  an origin holds a page that no route permits; no input returns it, and
//	             no input makes the origin see a request for it, however leniently the
//	             origin reads paths
//
// The package has no code for production. PolicyCases is data: verdicts about paths,
// hosts and identity fields that must be the same on every version of HTTP, for the
// tests of each codec to run. docs/security.md lists what the tests promise.
package hostile
