package istio

import (
	"cmp"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

const group = "networking.istio.io"

// Object names an object of networking.istio.io.
type Object struct {
	Kind, Namespace, Name string
}

// String returns "VirtualService shop/nginx".
func (o Object) String() string { return o.Kind + " " + o.Namespace + "/" + o.Name }

// MarshalText returns String.
func (o Object) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Compare orders objects by kind, namespace, name.
func (o Object) Compare(p Object) int {
	return cmp.Or(cmp.Compare(o.Kind, p.Kind), cmp.Compare(o.Namespace, p.Namespace), cmp.Compare(o.Name, p.Name))
}

func (o Object) origin(meta metav1.Object, field string) *config.Origin {
	return &config.Origin{
		Group: group, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name,
		Generation: meta.GetGeneration(), Field: field,
	}
}

func object(kind string, meta metav1.Object) Object {
	return Object{kind, meta.GetNamespace(), meta.GetName()}
}

// order ranks objects as Istio does: by age in seconds, then by name, then by namespace.
// A space sorts before every character of a name.
func order(meta metav1.Object, index int) *config.Order {
	o := &config.Order{Key: meta.GetName() + " " + meta.GetNamespace(), Index: uint32(index)}
	if t := meta.GetCreationTimestamp(); !t.IsZero() {
		o.CreatedUnixSeconds = t.Unix()
	}
	return o
}

func compareOrder(a, b *config.Order) int {
	return cmp.Or(
		cmp.Compare(a.GetCreatedUnixSeconds(), b.GetCreatedUnixSeconds()),
		cmp.Compare(a.GetKey(), b.GetKey()),
		cmp.Compare(a.GetIndex(), b.GetIndex()),
	)
}

func older[T metav1.Object](a, b T) int { return compareOrder(order(a, 0), order(b, 0)) }

// Severity says how bad a finding is.
type Severity uint8

const (
	// Info is what works, and is worth knowing.
	Info Severity = iota + 1
	// Warning says that some of what was written has no effect.
	Warning
	// Error says that requests are refused, or an object is not in force as a whole.
	Error
)

var severityNames = [...]string{"", "info", "warning", "error"}

func (s Severity) String() string { return severityNames[s] }

// MarshalText returns String.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is one thing to know about an object.
type Finding struct {
	Object   Object   `json:"object"`
	Severity Severity `json:"severity"`
	Code     Code     `json:"code"`
	// Path of the field, such as "spec.http[0].timeout". Empty: the object as a whole.
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

func (f Finding) compare(g Finding) int {
	return cmp.Or(
		f.Object.Compare(g.Object), -cmp.Compare(f.Severity, g.Severity), cmp.Compare(f.Field, g.Field),
		cmp.Compare(f.Code.ID, g.Code.ID), cmp.Compare(f.Message, g.Message),
	)
}

// SortFindings returns findings by object, then the worst first, each once.
func SortFindings(findings []Finding) []Finding {
	return slices.Compact(slices.SortedFunc(slices.Values(findings), Finding.compare))
}

// report gathers the findings of one translation.
type report struct{ findings []Finding }

// at is a field of an object that findings are about.
type at struct {
	*report
	object Object
	field  string
}

func (a at) in(format string, args ...any) at {
	sub := fmt.Sprintf(format, args...)
	if a.field == "" {
		return at{a.report, a.object, sub}
	}
	return at{a.report, a.object, a.field + "." + sub}
}

func (a at) add(s Severity, c Code, message string) {
	a.findings = append(a.findings, Finding{a.object, s, c, a.field, message})
}

func (a at) info(c Code, format string, args ...any) { a.add(Info, c, fmt.Sprintf(format, args...)) }

func (a at) warn(c Code, format string, args ...any) { a.add(Warning, c, fmt.Sprintf(format, args...)) }

func (a at) fail(c Code, format string, args ...any) { a.add(Error, c, fmt.Sprintf(format, args...)) }
