package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// headBytes bounds a request's head.
const headBytes = 16 << 10

// answers are the prepared responses of one origin.
type answers struct {
	name                   string
	small, large, notFound []byte
}

func newAnswers(name string) answers {
	return answers{
		name:     name,
		small:    response("200 OK", name, bytes.Repeat([]byte("s"), 100)),
		large:    response("200 OK", name, bytes.Repeat([]byte("l"), 64<<10)),
		notFound: response("404 Not Found", name, []byte("origin: no such path\n")),
	}
}

func response(status, name string, body []byte) []byte {
	head := fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: text/plain\r\nX-Origin: %s\r\nContent-Length: %d\r\n\r\n",
		status, name, len(body))
	return append([]byte(head), body...)
}

// serve answers requests on one connection, in order, until it ends.
func (a answers) serve(conn io.ReadWriter) error {
	buffer := make([]byte, headBytes)
	have := 0
	for {
		end := bytes.Index(buffer[:have], []byte("\r\n\r\n"))
		if end < 0 {
			if have == len(buffer) {
				return errors.New("head too large")
			}
			n, err := conn.Read(buffer[have:])
			if err != nil {
				return err
			}
			have += n
			continue
		}
		head := buffer[:end+4]
		if _, err := conn.Write(a.to(head)); err != nil {
			return err
		}
		have = copy(buffer, buffer[len(head):have])
	}
}

// to picks the answer to a request by its path.
func (a answers) to(head []byte) []byte {
	_, target, _ := bytes.Cut(head, []byte(" "))
	switch {
	case bytes.HasPrefix(target, []byte("/small ")):
		return a.small
	case bytes.HasPrefix(target, []byte("/large ")):
		return a.large
	case bytes.HasPrefix(target, []byte("/echo")):
		return response("200 OK", a.name, head)
	}
	return a.notFound
}
