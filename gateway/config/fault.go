package config

import (
	"fmt"
	"strconv"
	"strings"
)

// maxFaults bounds the faults one Invalid lists: they end up in a condition's message.
const maxFaults = 10

// Fault is one thing wrong with one field.
type Fault struct {
	// Field is the path below the resource's own message, in the names of the YAML
	// form: "http.forward.backends[1].weight". Empty for the resource as a whole.
	Field string
	// Reason says what is wrong, in a few words.
	Reason string
}

// String returns "http.forward.backends[1].weight: more than 1000000".
func (f Fault) String() string {
	if f.Field == "" {
		return f.Reason
	}
	return f.Field + ": " + f.Reason
}

// Invalid is the error of Validate: what is wrong with one resource.
type Invalid struct {
	Name Name
	// Faults lists the first faults, at least one, in the order of the fields.
	Faults []Fault
	// More counts those that are not listed.
	More int
}

// Error implements error: the faults, joined by "; ". The resource is not named: who
// reports the error knows it, as Rejection does.
func (e *Invalid) Error() string {
	parts := make([]string, 0, len(e.Faults)+1)
	for _, f := range e.Faults {
		parts = append(parts, f.String())
	}
	if e.More > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", e.More))
	}
	return strings.Join(parts, "; ")
}

// place is a field of the resource under validation: a chain of names up to the root,
// spelled out only if there is a fault to report.
type place struct {
	up    *place
	name  string
	index int // -1 unless the field is an element of a list
	into  *Invalid
}

func root(into *Invalid) *place { return &place{index: -1, into: into} }

func (p *place) field(name string) *place {
	return &place{up: p, name: name, index: -1, into: p.into}
}

func (p *place) item(name string, i int) *place {
	return &place{up: p, name: name, index: i, into: p.into}
}

// faultf records a fault of this field.
func (p *place) faultf(format string, args ...any) {
	if len(p.into.Faults) == maxFaults {
		p.into.More++
		return
	}
	p.into.Faults = append(p.into.Faults, Fault{Field: p.String(), Reason: fmt.Sprintf(format, args...)})
}

// check records err, if there is one, as a fault of this field.
func (p *place) check(err error) {
	if err != nil {
		p.faultf("%s", err)
	}
}

// String returns the field's path.
func (p *place) String() string {
	if p.up == nil {
		return ""
	}
	s := p.name
	if p.index >= 0 {
		s += "[" + strconv.Itoa(p.index) + "]"
	}
	if up := p.up.String(); up != "" {
		return up + "." + s
	}
	return s
}
