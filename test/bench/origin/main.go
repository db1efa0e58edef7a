// Command origin is the server behind the proxies of a benchmark: as cheap as a Go program can be, so that
// the machine's time is left to the proxies. It reads a request's head, takes no body, and writes
// prepared bytes. It is no HTTP server for any other use.
//
//	origin ADDRESS...
//
// Each answer names the address it came from in X-Origin, so that one process can stand for several origins.
//
//	/small   100 bytes
//	/large   64 KiB
//	/echo…   the head as it arrived
//	others   404
package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	failed := make(chan error)
	for _, address := range os.Args[1:] {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			fatal(err)
		}
		go func() { failed <- serve(listener, newAnswers(address)) }()
	}
	fatal(<-failed)
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "origin:", err)
	os.Exit(1)
}

// serve accepts until the listener fails.
func serve(listener net.Listener, answers answers) error {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			// An error is the end of this connection; whoever sent the request reports what it missed.
			_ = answers.serve(conn)
		}()
	}
}
