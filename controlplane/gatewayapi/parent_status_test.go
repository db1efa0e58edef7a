package gatewayapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// TestProgrammed: the goldens' proxies serve everything; here are those that do not.
func TestProgrammed(t *testing.T) {
	gw := &gwv1.Gateway{
		Namespace: "shop", Name: "edge", Generation: 2,
		Spec: gwv1.GatewaySpec{Listeners: []gwv1.Listener{
			{Name: "a", Port: 80, Protocol: gwv1.HTTPProtocolType},
			{Name: "b", Port: 81, Protocol: gwv1.HTTPProtocolType},
		}},
	}
	address := []gwv1.GatewayStatusAddress{{Value: "192.0.2.1"}}
	only := func(name string) func(string) (bool, string) {
		return func(listener string) (bool, string) { return listener == name, "address in use" }
	}
	tests := []struct {
		name  string
		state State
		want  []string // Gateway, then listeners: status reason message
	}{
		{name: "nobody-answered", state: State{Addresses: address}, want: []string{
			"False Pending listeners that no proxy serves yet: a, b",
			"False Pending no proxy has answered", "False Pending no proxy has answered",
		}},
		{name: "one-refused", state: State{Addresses: address, Programmed: only("gatewayapi/shop/edge/a")}, want: []string{
			"False Pending listeners that no proxy serves yet: b",
			"True Programmed proxies serve the listener", "False Pending not served yet: address in use",
		}},
		{name: "no-address", state: State{Programmed: func(string) (bool, string) { return true, "" }}, want: []string{
			"False AddressNotAssigned no address is known",
			"True Programmed proxies serve the listener", "True Programmed proxies serve the listener",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status := NewParent(gw).Status(tt.state)
			got := []string{programmedOf(status.Conditions)}
			for _, l := range status.Listeners {
				got = append(got, programmedOf(l.Conditions))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func programmedOf(conditions []metav1.Condition) string {
	for _, c := range conditions {
		if c.Type == "Programmed" {
			return string(c.Status) + " " + c.Reason + " " + c.Message
		}
	}
	return "none"
}
