package hostile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// field is a field line.
type field struct{ name, value string }

// message is a request as the origin received it.
type message struct {
	method, target string
	fields         []field
	body           string
	trailers       []field
	whole          bool // its end arrived
}

func (m *message) get(name string) (values []string) {
	for _, f := range m.fields {
		if strings.EqualFold(f.name, name) {
			values = append(values, f.value)
		}
	}
	return values
}

func (m *message) host() string { return m.get("Host")[0] }

// String is how expectations are written: "GET /x a.example".
func (m *message) String() string { return m.method + " " + m.target + " " + m.host() }

// errPartial is a message whose end did not arrive: no violation, as a proxy whose client
// goes away has no other way to say so.
var errPartial = errors.New("the connection ended within a message")

// The grammar of RFC 9112 and RFC 9110 as an origin may insist on it, in regular
// expressions so that it has nothing in common with the parser under test. Documented
// leniences (docs/security.md): [ ] | { } ^ ` in paths and queries, \ in queries.
var (
	token      = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
	pchar      = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@\\[\\]|{}^`]|%[0-9A-Fa-f]{2})"
	originForm = "(?:/" + pchar + "*)+(?:\\?(?:" + pchar + "|[/?\\\\])*)?"

	requestLine = regexp.MustCompile(`^(` + token + `) (\*|` + originForm + `) HTTP/1\.1$`)
	// Without "_": a CGI-like origin cannot tell X_User from X-User.
	fieldLine = regexp.MustCompile("^([!#$%&'*+\\-.^`|~0-9A-Za-z]+): ?((?:[^\\x00-\\x20\\x7f](?:[^\\x00-\\x08\\x0a-\\x1f\\x7f]*[^\\x00-\\x20\\x7f])?)?)$")
	chunkLine = regexp.MustCompile(`^[0-9A-Fa-f]{1,16}$`)
	regName   = regexp.MustCompile(`^[A-Za-z0-9\-._]+$`)
)

// readMessage reads one request. It returns io.EOF between messages, and the message as
// far as it came with errPartial; any other error is a violation.
func readMessage(r *bufio.Reader, onHead func(*message)) (*message, error) {
	if _, err := r.Peek(1); err != nil {
		return nil, io.EOF
	}
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	parts := requestLine.FindStringSubmatch(line)
	if parts == nil {
		return nil, fmt.Errorf("request line %q", line)
	}
	m := &message{method: parts[1], target: parts[2]}
	if m.fields, err = readFields(r); err != nil {
		return nil, err
	}
	length, chunked, err := m.check()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", line, err)
	}
	onHead(m)
	if chunked {
		err = m.readChunks(r)
	} else {
		err = m.readLength(r, length)
	}
	return m, err
}

// readLine reads to CRLF, allowing no other CR or LF.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", errPartial
	}
	text, ok := strings.CutSuffix(line, "\r\n")
	if !ok || strings.ContainsAny(text, "\r\n\x00") {
		return "", fmt.Errorf("line %q does not end with CRLF alone", line)
	}
	return text, nil
}

func readFields(r *bufio.Reader) (fields []field, err error) {
	for {
		line, err := readLine(r)
		if err != nil || line == "" {
			return fields, err
		}
		parts := fieldLine.FindStringSubmatch(line)
		if parts == nil {
			return fields, fmt.Errorf("field line %q", line)
		}
		fields = append(fields, field{parts[1], parts[2]})
	}
}

// check judges the head as a whole and returns its framing.
func (m *message) check() (length int64, chunked bool, err error) {
	if m.target == "*" && m.method != "OPTIONS" {
		return 0, false, errors.New(`"*" without OPTIONS`)
	}
	if err := m.checkHost(); err != nil {
		return 0, false, err
	}
	if err := m.checkConnection(); err != nil {
		return 0, false, err
	}
	lengths, codings := m.get("Content-Length"), m.get("Transfer-Encoding")
	switch {
	case len(lengths)+len(codings) > 1:
		return 0, false, fmt.Errorf("framed more than once: %q %q", lengths, codings)
	case len(codings) == 1 && codings[0] != "chunked":
		return 0, false, fmt.Errorf("Transfer-Encoding: %q", codings[0])
	case len(lengths) == 1:
		if length, err = strconv.ParseInt(lengths[0], 10, 64); err != nil || length < 0 ||
			strconv.FormatInt(length, 10) != lengths[0] {
			return 0, false, fmt.Errorf("Content-Length: %q", lengths[0])
		}
	}
	return length, len(codings) == 1, nil
}

func (m *message) checkHost() error {
	hosts := m.get("Host")
	if len(hosts) != 1 || m.fields[0].name != "Host" {
		return fmt.Errorf("not one Host, first: %q", hosts)
	}
	host := hosts[0]
	if name, port, ok := strings.Cut(host, ":"); ok && !strings.HasPrefix(host, "[") {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return fmt.Errorf("port of Host %q", host)
		}
		host = name
	}
	if strings.HasPrefix(host, "[") {
		end := strings.IndexByte(host, ']')
		if end < 0 {
			return fmt.Errorf("Host %q", host)
		}
		if _, err := netip.ParseAddr(host[1:end]); err != nil {
			return fmt.Errorf("Host %q: %w", host, err)
		}
		return nil
	}
	if !regName.MatchString(host) {
		return fmt.Errorf("Host %q", host)
	}
	return nil
}

// hopByHop are the fields that must not get past a proxy, RFC 9110 §7.6.1, with those
// that it has answered itself.
var hopByHop = []string{
	"Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE",
	"HTTP2-Settings", "Expect",
}

// checkConnection allows no connection option but the switch to WebSocket.
func (m *message) checkConnection() error {
	for _, name := range hopByHop {
		if v := m.get(name); v != nil {
			return fmt.Errorf("%s: %q is a leftover", name, v)
		}
	}
	connection, upgrade := m.get("Connection"), m.get("Upgrade")
	if connection == nil && upgrade == nil {
		return nil
	}
	if !slices.Equal(connection, []string{"upgrade"}) || len(upgrade) != 1 ||
		!strings.EqualFold(upgrade[0], "websocket") {
		return fmt.Errorf("Connection: %q, Upgrade: %q", connection, upgrade)
	}
	return nil
}

func (m *message) readLength(r *bufio.Reader, length int64) error {
	var b strings.Builder
	n, err := io.CopyN(&b, r, length)
	m.body = b.String()
	if n < length || err != nil {
		return errPartial
	}
	return nil
}

func (m *message) readChunks(r *bufio.Reader) error {
	var b strings.Builder
	defer func() { m.body = b.String() }()
	for {
		line, err := readLine(r)
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(line, 16, 64)
		if err != nil || !chunkLine.MatchString(line) {
			return fmt.Errorf("chunk size %q", line)
		}
		if size == 0 {
			break
		}
		if _, err := io.CopyN(&b, r, size); err != nil {
			return errPartial
		}
		end, err := readLine(r)
		if err != nil || end != "" {
			return cmpError(err, fmt.Errorf("%q after a chunk", end))
		}
	}
	var err error
	if m.trailers, err = readFields(r); err != nil {
		return err
	}
	return m.checkTrailers()
}

func cmpError(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// checkTrailers allows no trailer that an origin could merge into its view of framing,
// routing or identity, RFC 9110 §6.5.1.
func (m *message) checkTrailers() error {
	for _, f := range m.trailers {
		name := strings.ToLower(f.name)
		for _, banned := range []string{
			"content-", "transfer-encoding", "host", "authorization", "cookie", "set-cookie",
			"connection", "upgrade", "x-forwarded-", "forwarded", "via", "x-real-ip", "te",
			"trailer", "x-request-id", "expect", "proxy-", "x-original-url", "x-rewrite-url",
		} {
			if name == banned || strings.HasSuffix(banned, "-") && strings.HasPrefix(name, banned) {
				return fmt.Errorf("trailer %s: %q", f.name, f.value)
			}
		}
	}
	return nil
}
