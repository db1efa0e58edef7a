// Package rewrite makes new paths out of matched ones.
package rewrite

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// MaxPattern bounds a regular expression's length in bytes.
const MaxPattern = 1024

// Path is a compiled config.PathRewrite. It is immutable.
type Path struct {
	full        []byte
	prefix      []byte
	pattern     *regexp.Regexp
	replacement []byte // in the form of regexp.Regexp.Expand
}

// Compile checks and prepares a rewrite. Errors name the field.
func Compile(p *config.PathRewrite) (*Path, error) {
	switch k := p.GetKind().(type) {
	case *config.PathRewrite_ReplaceFull:
		full := k.ReplaceFull
		if full == "" {
			full = "/"
		}
		if err := checkPath(full); err != nil {
			return nil, fmt.Errorf("replace_full: %w", err)
		}
		return &Path{full: []byte(full)}, nil
	case *config.PathRewrite_ReplacePrefix:
		prefix := k.ReplacePrefix
		if prefix == "" {
			prefix = "/"
		}
		if err := checkPath(prefix); err != nil {
			return nil, fmt.Errorf("replace_prefix: %w", err)
		}
		return &Path{prefix: []byte(prefix)}, nil
	case *config.PathRewrite_Regex:
		return compileRegex(k.Regex)
	}
	return nil, errors.New("kind: none is set")
}

func compileRegex(r *config.RegexRewrite) (*Path, error) {
	if len(r.GetPattern()) > MaxPattern {
		return nil, fmt.Errorf("regex.pattern: longer than %d bytes", MaxPattern)
	}
	re, err := regexp.Compile(r.GetPattern())
	if err != nil {
		return nil, fmt.Errorf("regex.pattern: %w", err)
	}
	template, err := expandTemplate(r.GetSubstitution(), re.NumSubexp())
	if err != nil {
		return nil, fmt.Errorf("regex.substitution: %w", err)
	}
	return &Path{pattern: re, replacement: []byte(template)}, nil
}

// expandTemplate turns \0 to \9 into ${0} to ${9} and escapes what Go would read.
func expandTemplate(s string, groups int) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s) && s[i+1] == '\\':
			b.WriteByte('\\')
			i++
		case c == '\\' && i+1 < len(s) && '0' <= s[i+1] && s[i+1] <= '9':
			i++
			if n := int(s[i] - '0'); n > groups {
				return "", fmt.Errorf(`\%d: the pattern has %d groups`, n, groups)
			}
			b.WriteString("${" + s[i:i+1] + "}")
		case c == '\\':
			return "", errors.New(`a single "\": write "\\", or "\0" to "\9"`)
		case c == '$':
			b.WriteString("$$")
		case !pathByte(c):
			return "", fmt.Errorf("byte 0x%02x cannot stand in a path", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

func checkPath(p string) error {
	if p[0] != '/' {
		return fmt.Errorf("%q does not begin with /", p)
	}
	for i := range len(p) {
		if !pathByte(p[i]) {
			return fmt.Errorf("%q: byte 0x%02x cannot stand in a path", p, p[i])
		}
	}
	for segment := range strings.SplitSeq(p, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("%q: has a dot segment", p)
		}
	}
	return nil
}

// pathByte reports whether c may stand in a path: visible ASCII that neither ends it nor
// is among the delimiters that no URI has (RFC 3986 §2).
func pathByte(c byte) bool {
	return c > ' ' && c < 0x7f && strings.IndexByte(`?#"<>\`, c) < 0
}

// Apply returns the new path for ex, whose facts and MatchedLen are set. The result lives
// as long as the Exchange. A prefix rewrite joins with exactly one "/" where the match
// ended at a segment's end, so that "/" for "/foo" gives "/" and "/x", never "//x".
func (p *Path) Apply(ex *exchange.Exchange) []byte {
	switch {
	case p.full != nil:
		return p.full
	case p.prefix != nil:
		return p.replacePrefix(ex)
	}
	out := p.pattern.ReplaceAll(ex.Path, p.replacement)
	if len(out) == 0 || out[0] != '/' {
		return ex.Concat(slash, out)
	}
	return out
}

var slash = []byte("/")

func (p *Path) replacePrefix(ex *exchange.Exchange) []byte {
	taken := min(ex.MatchedLen, len(ex.Path))
	rest := ex.Path[taken:]
	if len(rest) == 0 {
		return p.prefix
	}
	atSegmentEnd := rest[0] == '/' || (taken > 0 && ex.Path[taken-1] == '/')
	if !atSegmentEnd {
		return ex.Concat(p.prefix, rest)
	}
	// The result never begins with "//", which a browser would take for a host; other
	// runs of "/" are the client's own and stay, but for the one that joins.
	if rest[0] == '/' {
		rest = rest[1:]
	}
	if len(p.prefix) == 1 {
		rest = bytes.TrimLeft(rest, "/")
	}
	if p.prefix[len(p.prefix)-1] == '/' {
		return ex.Concat(p.prefix, rest)
	}
	return ex.Concat(p.prefix, slash, rest)
}
