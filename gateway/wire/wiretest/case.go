package wiretest

import (
	"fmt"
	"slices"
	"strings"
)

// Case is one message, or several on one connection.
type Case struct {
	// Name is unique: row, CVE if there is one, what is wrong.
	Name string
	// Row is the row of the list of attacks: A1 to A16 for framing and parsing, E1
	// for paths.
	Row string
	// CVE is the vulnerability whose pattern this is, or "".
	CVE string
	// Raw is what the peer sends.
	Raw string
	// Method is what the request's was, in a case of Responses.
	Method string
	// Want is the verdict on the first message.
	Want Verdict
	// Then are the verdicts on the ones after it. After a refusal there are none:
	// the connection is closed and what follows is not read.
	Then []Verdict
}

// Verdict is what becomes of a message.
type Verdict struct {
	// Status is the answer of a refusal; 0 if the message is passed on.
	Status int
	// Reason is why it is refused, as counters have it.
	Reason string
	// InBody is true if the head is in order and the refusal comes while reading
	// the content, when the head may already have gone upstream.
	InBody bool

	// What is passed on, for messages that are.
	Method string // requests
	Target string // requests: path after normalisation, and query
	Host   string // requests: lower case, without port
	Body   string // content without any coding
	Code   int    // responses
	// Closes is true if the connection may not be used again.
	Closes bool
}

const (
	host   = "Host: a.example\r\n"
	get    = "GET / HTTP/1.1\r\n" + host
	post   = "POST / HTTP/1.1\r\n" + host
	length = "Content-Length: 5\r\n"
	coded  = "Transfer-Encoding: chunked\r\n"
	end    = "\r\n"

	// hello is five bytes of content, helloChunked the same with the coding.
	hello        = "hello"
	helloChunked = "5\r\nhello\r\n0\r\n\r\n"
)

// list collects cases of one row.
type list struct {
	row   string
	cases []Case
}

func (l *list) add(name, cve, raw string, want Verdict, then ...Verdict) {
	full := l.row
	if cve != "" {
		full += "_" + cve
	}
	l.cases = append(l.cases, Case{
		Name: full + "_" + name, Row: l.row, CVE: cve, Raw: raw, Want: want, Then: then,
	})
}

// bad adds a case that is refused with 400.
func (l *list) bad(name, cve, raw, reason string) {
	l.add(name, cve, raw, Verdict{Status: 400, Reason: reason})
}

// badBody adds a case that is refused with 400 while its body is read.
func (l *list) badBody(name, cve, raw, reason string) {
	l.add(name, cve, raw, Verdict{Status: 400, Reason: reason, InBody: true})
}

// good adds a case that is passed on as a request to "/".
func (l *list) good(name, cve, raw, method, body string) {
	l.add(name, cve, raw, passed(method, "/", body))
}

func passed(method, target, body string) Verdict {
	return Verdict{Method: method, Target: target, Host: "a.example", Body: body}
}

// byteName names a byte for use in a case's name.
func byteName(c byte) string { return fmt.Sprintf("0x%02x", c) }

// lineReason is the reason for a control byte that is not a tab, wherever in a line.
func lineReason(c byte) string {
	switch c {
	case '\n':
		return "bare_lf"
	case '\r':
		return "bare_cr"
	}
	return "control_byte"
}

// controls are the control bytes but HTAB.
func controls() (set []byte) {
	for c := range byte(0x20) {
		if c != '\t' {
			set = append(set, c)
		}
	}
	return append(set, 0x7f)
}

// Requests returns the cases that a client could send, sorted by name.
func Requests() []Case {
	var all []Case
	for _, rows := range []func() []Case{
		bothFramings, transferEncodings, contentLengths, bodies, expectations, folds,
		controlBytes, chunks, trailers, authorities, requestLines, pipelines, hopByHop,
		upgrades, methods, paths, limits,
	} {
		all = append(all, rows()...)
	}
	slices.SortFunc(all, func(a, b Case) int { return strings.Compare(a.Name, b.Name) })
	return all
}
