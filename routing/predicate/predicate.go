// Package predicate decides the conditions of a match other than host and path: method,
// scheme, authority, fields, query parameters. Conditions are compiled once and then
// read the record of facts; they neither block nor, but for a field in several lines or
// an escaped query parameter, copy.
package predicate

import (
	"errors"
	"fmt"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
)

// Predicate is a conjunction of compiled conditions. The zero value is always true. It
// is immutable.
type Predicate struct {
	method    *String
	scheme    *String
	authority *String
	headers   []header
	queries   []query
}

// Compile prepares the conditions of m besides its path. Errors name the field.
func Compile(m *config.HttpMatch) (*Predicate, error) {
	p := &Predicate{}
	var err error
	for _, f := range []struct {
		name string
		in   *config.StringMatch
		out  **String
	}{
		{"method", m.GetMethod(), &p.method},
		{"scheme", m.GetScheme(), &p.scheme},
		{"authority", m.GetAuthority(), &p.authority},
	} {
		if f.in == nil {
			continue
		}
		if *f.out, err = CompileString(f.in); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	for i, h := range m.GetHeaders() {
		c, err := compileHeader(h)
		if err != nil {
			return nil, fmt.Errorf("headers[%d].%w", i, err)
		}
		p.headers = append(p.headers, c)
	}
	for i, q := range m.GetQueryParams() {
		if q.GetName() == "" {
			return nil, fmt.Errorf("query_params[%d].name: empty", i)
		}
		v, err := CompileString(q.GetValue())
		if err != nil {
			return nil, fmt.Errorf("query_params[%d].value: %w", i, err)
		}
		p.queries = append(p.queries, query{name: []byte(q.GetName()), value: v})
	}
	return p, nil
}

// Matches reports whether every condition holds for ex.
func (p *Predicate) Matches(ex *exchange.Exchange) bool {
	if p.method != nil && !p.method.Matches(ex.Request.MethodToken) {
		return false
	}
	if p.scheme != nil && !p.scheme.MatchesString(ex.Scheme.String()) {
		return false
	}
	if p.authority != nil && !p.authority.Matches(lowerAuthority(ex)) {
		return false
	}
	for i := range p.headers {
		if !p.headers[i].matches(ex) {
			return false
		}
	}
	for i := range p.queries {
		if !p.queries[i].matches(ex) {
			return false
		}
	}
	return true
}

// lowerAuthority returns the authority in lower case, copied only if it must be.
func lowerAuthority(ex *exchange.Exchange) []byte {
	for _, c := range ex.Authority {
		if 'A' <= c && c <= 'Z' {
			b := ex.Concat(ex.Authority)
			for i, c := range b {
				if 'A' <= c && c <= 'Z' {
					b[i] = c | 0x20
				}
			}
			return b
		}
	}
	return ex.Authority
}

type header struct {
	key            exchange.FieldKey
	value          *String
	invert         bool
	missingIsEmpty bool
}

func compileHeader(h *config.HeaderMatch) (header, error) {
	if h.GetName() == "" {
		return header{}, errors.New("name: empty")
	}
	v, err := CompileString(h.GetValue())
	if err != nil {
		return header{}, fmt.Errorf("value: %w", err)
	}
	return header{
		key: exchange.KeyOf(h.GetName()), value: v,
		invert: h.GetInvert(), missingIsEmpty: h.GetMissingIsEmpty(),
	}, nil
}

func (h *header) matches(ex *exchange.Exchange) bool {
	value, ok := fieldValue(ex, h.key)
	if !ok && !h.missingIsEmpty {
		return h.invert
	}
	return h.value.Matches(value) != h.invert
}

// fieldValue returns a field's value; several lines are joined by "," (RFC 9110 §5.3).
func fieldValue(ex *exchange.Exchange, key exchange.FieldKey) ([]byte, bool) {
	var value []byte
	n := 0
	for i := range ex.Request.Fields.All() {
		f := &ex.Request.Fields.All()[i]
		if !key.Matches(f) {
			continue
		}
		if n++; n == 1 {
			value = f.Value
		} else {
			value = ex.Concat(value, comma, f.Value)
		}
	}
	return value, n > 0
}

var comma = []byte(",")
