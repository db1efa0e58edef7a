package e2e

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/test/harness"
)

// exchange is one request and what must come of it. Empty fields are not looked at, but
// status, which is 200 if an origin is named.
type exchange struct {
	name string
	harness.Request

	status int
	origin string
	target string
	// host is the Host the origin saw.
	host string
	// sent and got hold lines "Name: value" that the origin and the client must have seen;
	// "Name:" says that the field must be absent. Several values are joined by ", ".
	sent []string
	got  []string
	body string
}

func check(t *testing.T, a *harness.Appliance, table []exchange) {
	t.Helper()
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			answer := a.Do(t, tt.Request)
			want := tt.status
			if want == 0 {
				want = 200
			}
			if answer.Status != want || answer.Echo.Origin != tt.origin {
				t.Fatalf("%d from %q, want %d from %q; body %q, header %v",
					answer.Status, answer.Echo.Origin, want, tt.origin, answer.Body, answer.Header)
			}
			if tt.target != "" && answer.Echo.Target != tt.target {
				t.Errorf("the origin got %q, want %q", answer.Echo.Target, tt.target)
			}
			if tt.host != "" && answer.Echo.Host != tt.host {
				t.Errorf("the origin got Host %q, want %q", answer.Echo.Host, tt.host)
			}
			if tt.body != "" && answer.Body != tt.body {
				t.Errorf("body %q, want %q", answer.Body, tt.body)
			}
			fields(t, "the origin's", answer.Echo.Header, tt.sent)
			fields(t, "the client's", answer.Header, tt.got)
		})
	}
}

func fields(t *testing.T, whose string, header map[string][]string, want []string) {
	t.Helper()
	for _, line := range want {
		name, value, _ := strings.Cut(line, ":")
		have, there := "", false
		for k, v := range header {
			if strings.EqualFold(k, name) {
				have, there = strings.Join(v, ", "), true
			}
		}
		value = strings.TrimPrefix(value, " ")
		if strings.HasSuffix(line, ":") {
			if there {
				t.Errorf("%s %s: %q, want none", whose, name, have)
			}
		} else if d := cmp.Diff(value, have); d != "" {
			t.Errorf("%s %s: -want +got\n%s", whose, name, d)
		}
	}
}

// start runs an appliance over one manifest and requires all of it to be valid.
func start(t testing.TB, manifests ...string) *harness.Appliance {
	t.Helper()
	a := harness.Start(t, harness.Options{}, harness.Files{"manifests.yaml": harness.Join(manifests...)})
	sound(t, a)
	return a
}

// sound requires that nothing was refused, neither as a document nor by the data plane.
func sound(t testing.TB, a *harness.Appliance) {
	t.Helper()
	if r := a.Refusals(); r != "" {
		t.Fatal("refused: ", r)
	}
	if r := a.Gateway.Ack().Rejected; len(r) > 0 {
		t.Fatal("rejected: ", r)
	}
}

func get(host, target string, header ...string) harness.Request {
	return harness.Request{Host: host, Target: target, Header: header}
}
