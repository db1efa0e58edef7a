package e2e

import (
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/test/harness"
)

const denyAll = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: deny-all, namespace: istio-system}
spec: {}
`

// A security policy that is not enforced must not be passed over: what it is for refuses
// everything while it is there, and serves again when it goes.
func TestUnenforcedPolicyCloses(t *testing.T) {
	a := harness.Start(t, harness.Options{}, harness.Files{
		"services.yaml": giropops(t), "giropops.yaml": scenario(t, "giropops.yaml"),
	})
	status := func() int { return a.Do(t, get("any.example", "/giropops")).Status }
	if got := status(); got != 200 {
		t.Fatalf("%d before the policy", got)
	}
	a.Write("policy.yaml", denyAll)
	if got := status(); got != 503 {
		t.Errorf("%d under a policy that is not enforced, want 503", got)
	}
	if got := a.Condition(t, "AuthorizationPolicy", "istio-system/deny-all", "Reconciled"); !strings.Contains(got, "not enforced yet") {
		t.Errorf("Reconciled %s", got)
	}
	a.Remove("policy.yaml")
	if got := status(); got != 200 {
		t.Errorf("%d after the policy", got)
	}
}
