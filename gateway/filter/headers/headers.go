// Package headers edits field lines of requests and responses: set, then add, then
// remove. Everything is prepared at compile time; running it neither allocates nor looks
// anything up by string.
package headers

import (
	"fmt"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/filter"
)

// owned are the fields that frame a message or a connection, and Host, which is the
// rewrite's: nobody edits them here.
var owned = map[string]bool{
	"connection": true, "content-length": true, "host": true, "keep-alive": true,
	"proxy-connection": true, "te": true, "trailer": true, "transfer-encoding": true,
	"upgrade": true,
}

type line struct {
	key   exchange.FieldKey
	field exchange.Field
}

// edit is a compiled config.HeaderModifier.
type edit struct {
	set    []line
	add    []line
	remove []exchange.FieldKey
}

func compile(m *config.HeaderModifier) (edit, error) {
	var e edit
	var err error
	if e.set, err = lines("set", m.GetSet()); err != nil {
		return e, err
	}
	if e.add, err = lines("add", m.GetAdd()); err != nil {
		return e, err
	}
	for i, name := range m.GetRemove() {
		if err := checkName(name); err != nil {
			return e, fmt.Errorf("remove[%d]: %w", i, err)
		}
		e.remove = append(e.remove, exchange.KeyOf(name))
	}
	return e, nil
}

func lines(what string, values []*config.HeaderValue) ([]line, error) {
	var out []line
	for i, v := range values {
		if err := checkName(v.GetName()); err != nil {
			return nil, fmt.Errorf("%s[%d].name: %w", what, i, err)
		}
		if !httpguts.ValidHeaderFieldValue(v.GetValue()) || strings.TrimSpace(v.GetValue()) != v.GetValue() {
			return nil, fmt.Errorf("%s[%d].value: %q is not a field value", what, i, v.GetValue())
		}
		key := exchange.KeyOf(v.GetName())
		out = append(out, line{key: key, field: exchange.Field{
			Name: key.Name(), Value: []byte(v.GetValue()), ID: key.ID(),
		}})
	}
	return out, nil
}

func checkName(name string) error {
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return fmt.Errorf("%q is not a field name", name)
	case owned[strings.ToLower(name)]:
		return fmt.Errorf("%q frames the message and cannot be edited", name)
	}
	return nil
}

func (e *edit) apply(fields *exchange.Fields) {
	for i := range e.set {
		fields.Set(e.set[i].key, e.set[i].field.Value)
	}
	for i := range e.add {
		fields.Append(e.add[i].field)
	}
	for i := range e.remove {
		fields.Del(e.remove[i])
	}
}

type request struct{ edit }

// Request returns the filter that edits what goes upstream. Errors name the field.
func Request(m *config.HeaderModifier) (filter.Filter, error) {
	e, err := compile(m)
	if err != nil {
		return nil, err
	}
	return &request{e}, nil
}

func (*request) Kind() filter.Kind { return filter.KindRequestHeaders }

func (f *request) Request(ex *exchange.Exchange) filter.Verdict {
	f.apply(&ex.Request.Fields)
	return filter.Continue
}

func (*request) Response(*exchange.Exchange) filter.Verdict { return filter.Continue }

type response struct{ edit }

// Response returns the filter that edits what goes to the client. Errors name the field.
func Response(m *config.HeaderModifier) (filter.Filter, error) {
	e, err := compile(m)
	if err != nil {
		return nil, err
	}
	return &response{e}, nil
}

func (*response) Kind() filter.Kind { return filter.KindResponseHeaders }

func (*response) Request(*exchange.Exchange) filter.Verdict { return filter.Continue }

func (f *response) Response(ex *exchange.Exchange) filter.Verdict {
	f.apply(&ex.Response.Fields)
	return filter.Continue
}
