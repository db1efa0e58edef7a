package hostile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/gateway/wire/wiretest"
)

// TestCorpus sends every case through the whole gateway, under oracles A and B.
func TestCorpus(t *testing.T) {
	e := newEdge(t, everything, "", echo)
	counted := make(map[string]int)
	for _, tt := range wiretest.Requests() {
		t.Run(tt.Name, func(t *testing.T) {
			verdicts := until(append([]wiretest.Verdict{tt.Want}, tt.Then...))
			before := e.bytes.Load()
			back := e.send(t, tt.Raw)
			got, rest := replies(back, methodsOf(verdicts)...)
			if len(got) != len(verdicts) {
				t.Fatalf("%d responses, want %d: %.300q", len(got), len(verdicts), back)
			}
			if rest != "" {
				t.Errorf("after the responses: %.100q", rest)
			}
			var want []string
			for i, v := range verdicts {
				if v.Status != 0 {
					counted[v.Reason]++
					wantRefusal(t, got[i], v)
					if v.InBody {
						e.wantBroken(t)
					}
				} else {
					want = append(want, v.Method+" "+v.Target+" "+v.Host+" "+v.Body)
				}
			}
			wantArrived(t, e, want)
			if v := verdicts[0]; v.Status != 0 && !v.InBody && e.bytes.Load() != before {
				t.Errorf("%d bytes went upstream", e.bytes.Load()-before)
			}
		})
	}
	if diff := cmp.Diff(counted, e.refusals(t)); diff != "" {
		t.Errorf("refusals by reason (-want +got):\n%s", diff)
	}
}

// until returns the verdicts up to the one that ends the connection.
func until(verdicts []wiretest.Verdict) []wiretest.Verdict {
	for i, v := range verdicts {
		if v.Status != 0 || v.Closes {
			return verdicts[:i+1]
		}
	}
	return verdicts
}

func methodsOf(verdicts []wiretest.Verdict) (methods []string) {
	for _, v := range verdicts {
		methods = append(methods, v.Method)
	}
	return methods
}

// wantRefusal is oracle B at the client.
func wantRefusal(t *testing.T, got reply, v wiretest.Verdict) {
	t.Helper()
	if got.status != v.Status {
		t.Errorf("status %d, want %d", got.status, v.Status)
	}
	if !got.close {
		t.Error("no Connection: close with the refusal")
	}
}

// wantArrived holds what arrived whole against the verdicts. Host is compared as the
// facts are: lower case, without port and trailing dot.
func wantArrived(t *testing.T, e *edge, want []string) {
	t.Helper()
	whole, _ := e.take()
	var got []string
	for _, m := range whole {
		host := strings.ToLower(m.host())
		if !strings.HasSuffix(host, "]") {
			if i := strings.LastIndexByte(host, ':'); i >= 0 {
				host = host[:i]
			}
		}
		got = append(got, m.method+" "+m.target+" "+strings.TrimSuffix(host, ".")+" "+m.body)
		if forwarded := m.get("X-Forwarded-Host"); len(forwarded) != 1 || forwarded[0] != m.host() {
			t.Errorf("X-Forwarded-Host: %q for Host: %q", forwarded, m.host())
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what reached the origin (-want +got):\n%s", diff)
	}
}
