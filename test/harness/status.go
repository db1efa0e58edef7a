package harness

import (
	"encoding/json"
	"strings"
	"testing"
)

// Condition returns "Status Reason Message" of each condition of a type that an object's
// status holds: its own, those of its parents and those of its listeners, one a line. Kind
// may be followed by a group: "Gateway.networking.istio.io".
func (a *Appliance) Condition(t testing.TB, kind, name, typ string) string {
	t.Helper()
	kind, group, _ := strings.Cut(kind, ".")
	namespace, name := split(name)
	var lines []string
	for _, s := range a.Pipeline.Statuses() {
		if s.Kind != kind || s.Name != name || s.Namespace != namespace || group != "" && s.Group != group {
			continue
		}
		b, err := json.Marshal(s.Status)
		if err != nil {
			t.Fatal(err)
		}
		var status any
		if err := json.Unmarshal(b, &status); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, conditions(status, typ)...)
	}
	return strings.Join(lines, "\n")
}

// conditions finds the conditions of a type anywhere in a status.
func conditions(in any, typ string) []string {
	var out []string
	switch v := in.(type) {
	case []any:
		for _, e := range v {
			out = append(out, conditions(e, typ)...)
		}
	case map[string]any:
		if v["type"] == typ {
			out = append(out, strings.Join([]string{text(v["status"]), text(v["reason"]), text(v["message"])}, " "))
		}
		for _, key := range []string{"conditions", "parents", "listeners"} {
			out = append(out, conditions(v[key], typ)...)
		}
	}
	return out
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
