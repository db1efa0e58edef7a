package wire

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/gateway/wire/wiretest"
)

// drip is the largest case that is also fed byte by byte.
const drip = 16 << 10

func TestRequestCorpus(t *testing.T) {
	rules := DefaultRequestRules()
	names := map[string]bool{}
	for _, c := range wiretest.Requests() {
		if names[c.Name] {
			t.Errorf("case %s stands twice", c.Name)
		}
		names[c.Name] = true
		t.Run(c.Name, func(t *testing.T) {
			want := append([]wiretest.Verdict{c.Want}, c.Then...)
			for _, step := range []int{len(c.Raw), 1, 7} {
				if step == 1 && len(c.Raw) > drip {
					continue
				}
				got := readRequests([]byte(c.Raw), step, rules)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%d bytes at a time (-want +got):\n%s", step, diff)
				}
			}
		})
	}
	if len(names) < 250 {
		t.Errorf("%d cases, want 250 at least", len(names))
	}
}

func TestResponseCorpus(t *testing.T) {
	names := map[string]bool{}
	for _, c := range wiretest.Responses() {
		if names[c.Name] {
			t.Errorf("case %s stands twice", c.Name)
		}
		names[c.Name] = true
		t.Run(c.Name, func(t *testing.T) {
			for _, step := range []int{len(c.Raw), 1, 7} {
				if step == 1 && len(c.Raw) > drip {
					continue
				}
				got := readResponse([]byte(c.Raw), c.Method, step)
				if diff := cmp.Diff(c.Want, got); diff != "" {
					t.Errorf("%d bytes at a time (-want +got):\n%s", step, diff)
				}
			}
		})
	}
	if len(names) < 40 {
		t.Errorf("%d cases, want 40 at least", len(names))
	}
}

// TestCorpusMeetsEveryReason holds the list of reasons and the corpus together: a
// reason that no case meets is a check that nothing tests.
func TestCorpusMeetsEveryReason(t *testing.T) {
	met := map[string]bool{}
	for _, c := range slices.Concat(wiretest.Requests(), wiretest.Responses()) {
		for _, v := range append([]wiretest.Verdict{c.Want}, c.Then...) {
			met[v.Reason] = true
		}
	}
	for r := noReason + 1; r < emitMethod; r++ {
		// A scanner's caller never shows a parser half a head.
		if name := reasonRows[r].name; !met[name] && r != headTruncated {
			t.Errorf("no case is refused for %s", name)
		}
	}
	for name := range met {
		if name != "" && !slices.Contains(Reasons(), name) {
			t.Errorf("a case wants %q, which is no reason", name)
		}
	}
}
