package gatewayapi

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Fault is what is wrong with a part of an object: the user's to mend.
type Fault struct {
	// Reason of the condition, such as "UnsupportedValue".
	Reason string
	// Field is the path in the object, such as "spec.rules[0].filters[1]". It may be
	// empty.
	Field string
	// Message says what is wrong, in lower case.
	Message string
}

// String returns "spec.rules[0].filters[1]: …".
func (f Fault) String() string {
	if f.Field == "" {
		return f.Message
	}
	return f.Field + ": " + f.Message
}

func faultf(reason, field, format string, args ...any) *Fault {
	return &Fault{Reason: reason, Field: field, Message: fmt.Sprintf(format, args...)}
}

// faults collects what is wrong with a rule or a route.
type faults []Fault

func (f *faults) add(fault *Fault) {
	if fault != nil {
		*f = append(*f, *fault)
	}
}

// maxMessages bounds a condition's message: objects are written by people, and read too.
const maxMessages = 8

func (f faults) String() string {
	shown := f[:min(len(f), maxMessages)]
	parts := make([]string, len(shown))
	for i, fault := range shown {
		parts[i] = fault.String()
	}
	out := strings.Join(parts, "; ")
	if rest := len(f) - len(shown); rest > 0 {
		out += fmt.Sprintf("; and %d more", rest)
	}
	return out
}

// text is any of the API's string types.
type text interface{ ~string }

// met is a condition that holds.
func met[T, R text](kind T, reason R, message string, generation int64) metav1.Condition {
	return condition(kind, metav1.ConditionTrue, reason, message, generation)
}

// unmet is a condition that does not hold.
func unmet[T, R text](kind T, reason R, message string, generation int64) metav1.Condition {
	return condition(kind, metav1.ConditionFalse, reason, message, generation)
}

func condition[T, R text](
	kind T, status metav1.ConditionStatus, reason R, message string, generation int64,
) metav1.Condition {
	return metav1.Condition{
		Type:               string(kind),
		Status:             status,
		Reason:             string(reason),
		Message:            message,
		ObservedGeneration: generation,
	}
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func derefOr[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

func fieldAt(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }
