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
	for _, k := range conditionKinds(o.Kind) {
		c := k.condition(own)
		c.ObservedGeneration = generation
		s.Conditions = append(s.Conditions, c)
	}
	for _, f := range own {
		if f.Code.Istio != "" {
			s.ValidationMessages = append(s.ValidationMessages, validation(f))
		}
	}
	return s
}

// conditionKind is a type of condition: it is false if a finding counts against it.
type conditionKind struct {
	name, good, bad string
	counts          func(Finding) bool
}

// conditionKinds returns the conditions that objects of a kind have.
func conditionKinds(kind string) []conditionKind {
	kinds := []conditionKind{
		{ConditionReconciled, "Translated", "Faults", func(f Finding) bool { return f.Severity == Error }},
		{ConditionEnforced, "Enforced", "NotEnforced", func(f Finding) bool {
			return f.Code == NotEnforced || f.Code == NotServed || f.Code == FailClosed || f.Code == Literal
		}},
		{ConditionConflictFree, "ConflictFree", "Conflicts", func(f Finding) bool {
			return f.Severity != Info && f.Code.ID >= "FL0200" && f.Code.ID < "FL0300"
		}},
	}
	if kind == "VirtualService" || kind == "Gateway" {
		kinds = append(kinds, conditionKind{ConditionBound, "Bound", "NotBound", unbinds})
	}
	return kinds
}

// unbinds reports whether a finding says that a whole Gateway or VirtualService is for others.
func unbinds(f Finding) bool {
	return f.Code == NotBound && (f.Field == "spec.selector" || f.Field == "spec.gateways" || f.Field == "spec.hosts")
}

func (k conditionKind) condition(own []Finding) *meta.IstioCondition {
	c := &meta.IstioCondition{Type: k.name, Status: "True", Reason: k.good}
	more := -1
	for _, f := range own {
		if !k.counts(f) {
			continue
		}
		if more++; more == 0 {
			c.Status, c.Reason, c.Message = "False", k.bad, f.text()
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
