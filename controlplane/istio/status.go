package istio

import (
	"fmt"
	"strings"

	analysis "istio.io/api/analysis/v1alpha1"
	meta "istio.io/api/meta/v1alpha1"
)

// Types of conditions. Reconciled is Istio's; the rest are Fairlead's.
const (
	// Reconciled: the object is in force, apart from what other conditions say.
	ConditionReconciled = "Reconciled"
	// Bound: it applies to this gateway.
	ConditionBound = "fairlead.dev/Bound"
	// Enforced: every field of it is acted on.
	ConditionEnforced = "fairlead.dev/Enforced"
	// ConflictFree: no other object takes what this one is for, nor rules of its own.
	ConditionConflictFree = "fairlead.dev/ConflictFree"
)

// Status returns the status of an object of a generation, from all findings about it in any order.
// Times are left to whoever writes it. validationMessages hold what Istio's analyzers have
// a code for; conditions speak of everything. Their messages name the worst finding first.
func Status(o Object, generation int64, findings []Finding) *meta.IstioStatus {
	own := make([]Finding, 0, len(findings))
	for _, f := range findings {
		if f.Object == o {
			own = append(own, f)
		}
	}
	own = SortFindings(own)
	s := &meta.IstioStatus{ObservedGeneration: generation}
	add := func(kind, good, bad string, counts func(Finding) bool) {
		s.Conditions = append(s.Conditions, condition(kind, good, bad, generation, own, counts))
	}
	add(ConditionReconciled, "Translated", "Faults", func(f Finding) bool { return f.Severity == Error })
	if o.Kind == "VirtualService" || o.Kind == "Gateway" {
		add(ConditionBound, "Bound", "NotBound", func(f Finding) bool { return unbinds(o.Kind, f) })
	}
	add(ConditionEnforced, "Enforced", "NotEnforced", func(f Finding) bool {
		return f.Code == NotEnforced || f.Code == NotServed || f.Code == FailClosed || f.Code == Literal
	})
	add(ConditionConflictFree, "ConflictFree", "Conflicts", func(f Finding) bool {
		return f.Severity != Info && f.Code.ID >= "FL0200" && f.Code.ID < "FL0300"
	})
	for _, f := range own {
		if f.Code.Istio != "" {
			s.ValidationMessages = append(s.ValidationMessages, validation(f))
		}
	}
	return s
}

// unbinds reports whether a finding says that the whole object is for others.
func unbinds(kind string, f Finding) bool {
	return f.Code == NotBound && (kind == "Gateway" && f.Field == "spec.selector" ||
		kind == "VirtualService" && (f.Field == "spec.gateways" || f.Field == "spec.hosts"))
}

func condition(kind, good, bad string, generation int64, own []Finding, counts func(Finding) bool) *meta.IstioCondition {
	c := &meta.IstioCondition{Type: kind, Status: "True", Reason: good, ObservedGeneration: generation}
	more := -1
	for _, f := range own {
		if !counts(f) {
			continue
		}
		if more++; more == 0 {
			c.Status, c.Reason, c.Message = "False", bad, f.text()
		}
	}
	if more > 0 {
		c.Message += fmt.Sprintf(" (and %d more)", more)
	}
	return c
}

// text returns "spec.http[0].timeout: not enforced yet [FL0101]".
func (f Finding) text() string {
	text := f.Message + " [" + f.Code.ID + "]"
	if f.Field != "" {
		text = f.Field + ": " + text
	}
	return text
}

func validation(f Finding) *analysis.AnalysisMessageBase {
	level := map[Severity]analysis.AnalysisMessageBase_Level{
		Info: analysis.AnalysisMessageBase_INFO, Warning: analysis.AnalysisMessageBase_WARNING, Error: analysis.AnalysisMessageBase_ERROR,
	}[f.Severity]
	return &analysis.AnalysisMessageBase{
		Type:             &analysis.AnalysisMessageBase_Type{Name: f.Code.Name, Code: f.Code.Istio},
		Level:            level,
		DocumentationUrl: "https://istio.io/latest/docs/reference/config/analysis/" + strings.ToLower(f.Code.Istio) + "/",
	}
}
