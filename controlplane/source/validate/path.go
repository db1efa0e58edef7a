package validate

import (
	"strconv"
	"strings"
)

// Path is the way from an object's top to one of its fields: a chain of steps back to the top, turned into text
// only when there is a fault to report. The nil Path is the top.
type Path struct {
	up    *Path
	name  string
	index int // of a list item, counted from 1; 0 for a field
}

// Field steps into a mapping's field.
func (p *Path) Field(name string) *Path { return &Path{up: p, name: name} }

// Index steps into a list's item, counted from 0.
func (p *Path) Index(i int) *Path { return &Path{up: p, index: i + 1} }

// String gives "spec.rules[0].name"; a field name that would be ambiguous stands in brackets,
// as in "metadata.labels[app.kubernetes.io/name]".
func (p *Path) String() string {
	if p == nil {
		return ""
	}
	var b strings.Builder
	p.write(&b)
	return b.String()
}

func (p *Path) write(b *strings.Builder) {
	if p.up != nil {
		p.up.write(b)
	}
	switch {
	case p.index > 0:
		b.WriteByte('[')
		b.WriteString(strconv.Itoa(p.index - 1))
		b.WriteByte(']')
	case strings.ContainsAny(p.name, ".[]/"):
		b.WriteByte('[')
		b.WriteString(p.name)
		b.WriteByte(']')
	default:
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(p.name)
	}
}
