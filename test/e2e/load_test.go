package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"testing"

	"github.com/fairlead-mesh/fairlead/test/harness"
)

// mirror is an origin for load: it answers with its name, the target and X-Gen of the request.
func mirror(t testing.TB, name string) *harness.Origin {
	t.Helper()
	return harness.Serve(t, name, func(p *harness.Peer) {
		var out []byte
		for {
			head, err := p.ReadHead()
			if err != nil {
				return
			}
			target, generation := headOf(head)
			body := fmt.Sprintf("%s %s %s", name, target, generation)
			out = fmt.Appendf(out[:0], "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			if _, err := p.Write(out); err != nil {
				return
			}
		}
	})
}

// headOf returns the target and the value of X-Gen of a request.
func headOf(head string) (target, generation string) {
	first, rest, _ := bytes.Cut([]byte(head), []byte("\r\n"))
	if words := bytes.Fields(first); len(words) == 3 {
		target = string(words[1])
	}
	for line := range bytes.SplitSeq(rest, []byte("\r\n")) {
		if name, value, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("X-Gen")) {
			generation += string(bytes.TrimSpace(value))
		}
	}
	return target, generation
}

// reply is what a load client looks at.
type reply struct {
	status     int
	generation string // of the response's X-Gen
	close      bool
	body       string
}

// errUnanswered: the connection ended before the first byte of a response. On a connection that served before, that
// is no answer, and what HTTP tells clients to be ready for (RFC 9112 §9.3.1).
var errUnanswered = errors.New("closed before a response")

// exchangeOn sends a request and reads the reply, which must have a Content-Length.
func exchangeOn(c *harness.Client, request []byte) (reply, error) {
	if _, err := c.Write(request); err != nil {
		return reply{}, fmt.Errorf("%w: %w", errUnanswered, err)
	}
	if _, err := c.Reader.Peek(1); err != nil {
		return reply{}, fmt.Errorf("%w: %w", errUnanswered, err)
	}
	return readReply(c.Reader)
}

func readReply(r *bufio.Reader) (reply, error) {
	var out reply
	length := -1
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return out, fmt.Errorf("in the head: %w", err)
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if first {
			if len(line) < 12 {
				return out, fmt.Errorf("status line %q", line)
			}
			if out.status, err = strconv.Atoi(string(line[9:12])); err != nil {
				return out, err
			}
			continue
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return out, err
			}
		case bytes.EqualFold(name, []byte("X-Gen")):
			out.generation += string(value)
		case bytes.EqualFold(name, []byte("Connection")):
			out.close = out.close || bytes.EqualFold(value, []byte("close"))
		}
	}
	if length < 0 {
		return out, fmt.Errorf("status %d without Content-Length", out.status)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return out, fmt.Errorf("in the content: %w", err)
	}
	out.body = string(body)
	return out, nil
}
