package source

import (
	"cmp"
	"strings"
)

// Severity says what a Problem cost.
type Severity uint8

const (
	// Refused means that a document is not live. Its object's last good version, if there was one, still is.
	Refused Severity = iota
	// Ignored means an object of a kind that has no effect here; nothing is wrong with the document.
	Ignored
)

// String gives "refused" or "ignored".
func (s Severity) String() string {
	if s == Ignored {
		return "ignored"
	}
	return "refused"
}

// Problem is one fault of the user's configuration. It is a value, not a Go error: the rest goes on.
type Problem struct {
	Severity Severity
	// Origin is the place of the faulty field if it is known, else of the document.
	Origin Origin
	// Key is the object, as far as the document tells it; zero if it does not.
	Key Key
	// Field is the path inside the object, for example spec.rules[0].matches[0].path.value; "" for the whole.
	Field string
	// Reason is lower case and says what is wrong.
	Reason string
	// Count is the number of objects that an Ignored problem stands for; each kind is named once.
	Count int
	// Live is set if an earlier version of the object is still in force.
	Live bool
}

// String gives "routes.yaml:12: HTTPRoute default/shop: spec.rules[0].matches[0].path.value: must start with "/"".
func (p Problem) String() string {
	parts := make([]string, 0, 4)
	if p.Origin.File != "" {
		parts = append(parts, p.Origin.String())
	}
	switch {
	case p.Key.Name != "":
		parts = append(parts, p.Key.String())
	case p.Key.Kind != "":
		parts = append(parts, p.Key.Kind)
	}
	if p.Field != "" {
		parts = append(parts, p.Field)
	}
	return strings.Join(append(parts, p.Reason), ": ")
}

// Compare orders problems by place, key, field, reason.
func (p Problem) Compare(q Problem) int {
	return cmp.Or(p.Origin.Compare(q.Origin), p.Key.Compare(q.Key), cmp.Compare(p.Field, q.Field),
		cmp.Compare(p.Reason, q.Reason))
}
