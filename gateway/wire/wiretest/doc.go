// Package wiretest is a corpus of HTTP/1.x messages as bytes, each with the verdict
// that every entrance of the data plane must come to. It was written from the
// grammar of RFC 9110, 9112 and 3986 and from published vulnerabilities, and is run
// against the parsers of gateway/wire and against a real listener.
//
// Verdicts are those of the default rules, on a plaintext listener, with base path
// normalisation. The package imports nothing of the data plane, so that it cannot
// agree with it by construction.
package wiretest
