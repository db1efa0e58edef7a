package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/durationpb"
)

// Bounds of the contract. They stand for what the .proto files leave to good sense, so
// that no resource makes a proxy hold or compute without end.
const (
	maxNameBytes     = 1024
	maxHostBytes     = 255
	maxPatternBytes  = 1024 // regular expressions
	maxValueBytes    = 8192 // field values: what one request line of ours may carry
	maxWeight        = 1_000_000
	maxDirectBody    = 1 << 20
	maxQuotedInFault = 64
)

// byteSet is a table of the bytes that a grammar allows.
type byteSet [256]bool

func setOf(chars string) (s byteSet) {
	for i := range len(chars) {
		s[chars[i]] = true
	}
	return s
}

func (s *byteSet) holds(text string) bool {
	for i := range len(text) {
		if !s[text[i]] {
			return false
		}
	}
	return true
}

const (
	lowerDigits = "abcdefghijklmnopqrstuvwxyz0123456789"
	alphanum    = lowerDigits + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

var (
	tokenBytes = setOf(alphanum + "!#$%&'*+-.^_`|~") // RFC 9110 §5.6.2
	hostBytes  = setOf(lowerDigits + "-_")           // one label of a hostname
	pathBytes  = visibleBut("?#")                    // RFC 3986 §3.3, leniently
)

func visibleBut(not string) (s byteSet) {
	for c := '!'; c <= '~'; c++ {
		s[c] = !strings.ContainsRune(not, c)
	}
	return s
}

// connectionFields frame the message or belong to the connection (RFC 9110 §7.6.1, RFC
// 9112 §6): the codecs write them, no configuration does. Host is UrlRewrite.authority.
var connectionFields = map[string]bool{
	"connection": true, "content-length": true, "host": true, "http2-settings": true,
	"keep-alive": true, "proxy-connection": true, "te": true, "trailer": true,
	"transfer-encoding": true, "upgrade": true,
}

// checkName is for identities and references: what a log line may show.
func checkName(s string) error {
	switch {
	case s == "":
		return errors.New("not set")
	case len(s) > maxNameBytes:
		return fmt.Errorf("longer than %d bytes", maxNameBytes)
	case !printable(s):
		return fmt.Errorf("%s: has a byte that cannot be printed", quote(s))
	}
	return nil
}

func printable(s string) bool {
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == utf8.RuneError || 0x80 <= r && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return false
		}
	}
	return true
}

// checkFieldName is for conditions: any field can be looked at.
func checkFieldName(s string) error {
	switch {
	case s == "":
		return errors.New("not set")
	case len(s) > maxNameBytes:
		return fmt.Errorf("longer than %d bytes", maxNameBytes)
	case !tokenBytes.holds(s):
		return fmt.Errorf("%s is not a field name", quote(s))
	}
	return nil
}

// checkEditableName is for modifiers: fields that frame cannot be named.
func checkEditableName(s string) error {
	if strings.HasPrefix(s, ":") {
		return fmt.Errorf("%s is a pseudo field", quote(s))
	}
	if err := checkFieldName(s); err != nil {
		return err
	}
	if connectionFields[strings.ToLower(s)] {
		return fmt.Errorf("%s frames the message or the connection", quote(s))
	}
	return nil
}

// checkFieldValue is RFC 9110 §5.5: no control byte but the tab.
func checkFieldValue(s string) error {
	if len(s) > maxValueBytes {
		return fmt.Errorf("longer than %d bytes", maxValueBytes)
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Errorf("byte 0x%02x cannot stand in a field value", c)
		}
	}
	return nil
}

// checkHostname is for Listener.hostnames and the like.
func checkHostname(s string) error {
	if s == "*" {
		return nil
	}
	return checkHost(strings.TrimPrefix(s, "*."))
}

// checkHost is for one host as Facts.Host has it: lower case, without port and trailing
// dot, an IPv6 address in brackets.
func checkHost(s string) error {
	switch {
	case s == "":
		return errors.New("empty")
	case len(s) > maxHostBytes:
		return fmt.Errorf("longer than %d bytes", maxHostBytes)
	case s[0] == '[':
		addr, err := netip.ParseAddr(strings.TrimSuffix(s[1:], "]"))
		if err != nil || s[len(s)-1] != ']' || !addr.Is6() || addr.Zone() != "" {
			return fmt.Errorf("%s is not an IPv6 address in brackets", quote(s))
		}
		return nil
	case strings.ToLower(s) != s:
		return fmt.Errorf("%s is not in lower case", quote(s))
	}
	for label := range strings.SplitSeq(s, ".") {
		if strings.Contains(label, "*") {
			return fmt.Errorf("%s: a wildcard stands for whole labels, at the front", quote(s))
		}
		if label == "" || len(label) > 63 || !hostBytes.holds(label) || label[0] == '-' || label[len(label)-1] == '-' {
			return fmt.Errorf("%s is not a host name", quote(s))
		}
	}
	return nil
}

// checkAuthority is a host and perhaps a port. Case is kept: it goes into a message.
func checkAuthority(s string) error {
	host := s
	if i := strings.LastIndexByte(s, ':'); i >= 0 && i > strings.LastIndexByte(s, ']') {
		host = s[:i]
		if err := checkPortText(s[i+1:]); err != nil {
			return err
		}
	}
	return checkHost(strings.ToLower(host))
}

func checkPortText(s string) error {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' || n > 65535 {
			return fmt.Errorf("%s is not a port", quote(s))
		}
		n = n*10 + int(s[i]-'0')
	}
	if n < 1 || n > 65535 {
		return fmt.Errorf("%s is not a port", quote(s))
	}
	return nil
}

// checkPath is for paths that go into a message.
func checkPath(s string) error {
	if s != "" && s[0] != '/' {
		return fmt.Errorf("%s does not begin with /", quote(s))
	}
	return checkPathBytes(s)
}

func checkPathBytes(s string) error {
	if len(s) > maxValueBytes {
		return fmt.Errorf("longer than %d bytes", maxValueBytes)
	}
	for i := range len(s) {
		if !pathBytes[s[i]] {
			return fmt.Errorf("byte 0x%02x cannot stand in a path", s[i])
		}
	}
	return nil
}

func checkPattern(s string) error {
	if len(s) > maxPatternBytes {
		return fmt.Errorf("longer than %d bytes", maxPatternBytes)
	}
	return nil
}

func checkCIDR(s string) error {
	if _, err := netip.ParsePrefix(s); err != nil {
		return fmt.Errorf("%s is not a CIDR block", quote(s))
	}
	return nil
}

func checkPort(port uint32) error {
	if port < 1 || port > 65535 {
		return fmt.Errorf("%d is not from 1 to 65535", port)
	}
	return nil
}

// checkDuration refuses what is negative or longer than time.Duration can hold.
// Unset is well: it means the default.
func checkDuration(d *durationpb.Duration) error {
	switch {
	case d == nil:
		return nil
	case d.CheckValid() != nil:
		return errors.New("not a valid duration")
	case d.GetSeconds() < 0 || d.GetNanos() < 0:
		return errors.New("negative")
	case d.GetSeconds() >= int64(time.Duration(1<<63-1)/time.Second):
		return errors.New("longer than 292 years")
	}
	return nil
}

// checkPositive is checkDuration, and 0 is refused as well.
func checkPositive(d *durationpb.Duration) error {
	if d != nil && d.GetSeconds() == 0 && d.GetNanos() == 0 {
		return errors.New("zero; leave it out for the default")
	}
	return checkDuration(d)
}

// quote shows outside text in a fault: escaped, and not too much of it.
func quote(s string) string {
	if len(s) > maxQuotedInFault {
		s = s[:maxQuotedInFault] + "…"
	}
	return fmt.Sprintf("%q", s)
}
