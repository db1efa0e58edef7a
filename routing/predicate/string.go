package predicate

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// MaxPattern bounds a regular expression's length in bytes. Go's are RE2: their cost
// is linear in the input, and this bounds the factor.
const MaxPattern = 1024

type stringKind uint8

const (
	anyValue stringKind = iota
	exact
	prefix
	suffix
	pattern
)

// String is a compiled config.StringMatch.
type String struct {
	kind stringKind
	fold bool
	text []byte
	re   *regexp.Regexp
}

// CompileString prepares a string match.
func CompileString(m *config.StringMatch) (*String, error) {
	s := &String{fold: m.GetIgnoreCase()}
	switch k := m.GetKind().(type) {
	case *config.StringMatch_Exact:
		s.kind, s.text = exact, []byte(k.Exact)
	case *config.StringMatch_Prefix:
		s.kind, s.text = prefix, []byte(k.Prefix)
	case *config.StringMatch_Suffix:
		s.kind, s.text = suffix, []byte(k.Suffix)
	case *config.StringMatch_Present:
		if !k.Present {
			return nil, errors.New("present: false; use invert")
		}
		s.kind = anyValue
	case *config.StringMatch_Regex:
		if m.GetIgnoreCase() {
			return nil, errors.New("ignore_case: not for regex; write (?i)")
		}
		re, err := CompilePattern(k.Regex)
		if err != nil {
			return nil, err
		}
		s.kind, s.re = pattern, re
	default:
		return nil, errors.New("kind: none is set")
	}
	return s, nil
}

// CompilePattern compiles an RE2 expression that must match the whole of its input.
func CompilePattern(expr string) (*regexp.Regexp, error) {
	if len(expr) > MaxPattern {
		return nil, fmt.Errorf("regex: longer than %d bytes", MaxPattern)
	}
	// The expression alone must be valid, so that it cannot close our group.
	if _, err := regexp.Compile(expr); err != nil {
		return nil, fmt.Errorf("regex: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	re, err := regexp.Compile(`^(?:` + expr + `)$`)
	if err != nil {
		return nil, fmt.Errorf("regex: %w", err)
	}
	return re, nil
}

// Matches reports whether b matches.
func (s *String) Matches(b []byte) bool {
	switch s.kind {
	case exact:
		return len(b) == len(s.text) && s.equal(b)
	case prefix:
		return len(b) >= len(s.text) && s.equal(b[:len(s.text)])
	case suffix:
		return len(b) >= len(s.text) && s.equal(b[len(b)-len(s.text):])
	case pattern:
		return s.re.Match(b)
	default: // anyValue
		return true
	}
}

// MatchesString is Matches for a string.
func (s *String) MatchesString(str string) bool {
	if s.kind == exact && !s.fold {
		return str == string(s.text)
	}
	return s.Matches([]byte(str))
}

func (s *String) equal(b []byte) bool {
	if s.fold {
		return bytes.EqualFold(b, s.text)
	}
	return bytes.Equal(b, s.text)
}
