// Package http2 serves HTTP/2 connections, RFC 9113: it reads requests, has a Handler
// answer them, and writes the answers. It is strict where HTTP/1's codec is, with the
// same grammar and the same record of facts.
//
// It knows nothing of TLS: a connection comes with its handshake done, or as cleartext
// by prior knowledge (see IsPreface). It does not push, does not offer CONNECT, and
// tolerates priorities without acting on them: streams that have something to send take
// turns, a frame each.
//
// One goroutine reads a connection and each stream's handler has its own. Nobody is kept
// for writing: who has something to say adds it to the connection's output, and who finds
// no one writing writes until nothing is left. The reader never writes itself, so that it
// cannot wait for a client that waits for it.
//
// Flow control is back-pressure: a window is opened again as the handler takes content,
// and not before. Everything a client can make us hold or do has a number in limits.go,
// and each refusal is counted by its reason.
package http2
