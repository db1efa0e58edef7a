package hostile

import (
	"slices"
	"strings"
	"testing"
)

// TestPolicy asks every case over HTTP/1.1.
func TestPolicy(t *testing.T) {
	for _, tt := range PolicyCases() {
		t.Run(tt.Name, func(t *testing.T) {
			e := newEdge(t, everything, "", echo)
			var raw strings.Builder
			raw.WriteString("GET " + tt.Path + " HTTP/1.1\r\nHost: " + tt.Authority + "\r\n")
			for _, f := range tt.Fields {
				raw.WriteString(f[0] + ": " + f[1] + "\r\n")
			}
			got, _ := replies(e.send(t, raw.String()+"\r\n"), "GET")
			if tt.Want.Status != 0 {
				wantPolicyRefusal(t, e, got, tt.Want)
				return
			}
			if len(got) != 1 || got[0].status != 200 {
				t.Fatalf("answered %+v, want 200", got)
			}
			m := e.wantUpstream(t, "GET "+tt.Want.Path+" "+tt.Authority)[0]
			for name, value := range tt.Want.Fields {
				var want []string
				if value != "" {
					want = []string{value}
				}
				if !slices.Equal(m.get(name), want) {
					t.Errorf("upstream has %s: %q, want %q", name, m.get(name), want)
				}
			}
		})
	}
}

func wantPolicyRefusal(t *testing.T, e *edge, got []reply, want PolicyVerdict) {
	t.Helper()
	if len(got) != 1 || got[0].status != want.Status || !got[0].close {
		t.Errorf("answered %+v, want %d and the end", got, want.Status)
	}
	if refused := e.refusals(t); refused[want.Reason] != 1 || len(refused) != 1 {
		t.Errorf("refused for %v, want %s", refused, want.Reason)
	}
	if n := e.bytes.Load(); n > 0 {
		t.Errorf("%d bytes went upstream", n)
	}
}
