// Package certs holds the certificates this proxy can show, and finds the one for a client.
//
// A Certificate is a chain and its key, parsed and checked once. An Index holds those of one
// listener and chooses among them by what a ClientHello says: the server name first, then what
// the client can verify.
//
// The package obtains no certificate, watches no file and verifies no peer. Everything in it is
// immutable and may be shared by any number of goroutines and of snapshots. No error and no
// printed form of anything here has a byte of a key in it.
package certs
