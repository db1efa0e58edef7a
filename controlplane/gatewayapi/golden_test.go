package gatewayapi

import (
	"bytes"
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/fairlead-mesh/fairlead/controlplane/certificate/certificatetest"
	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/test/golden"
)

const goldenDir = "testdata/golden"

var translator = Translator{Controller: DefaultController}

// TestGolden translates every situation in a world where proxies serve all they are sent.
func TestGolden(t *testing.T) {
	golden.Run(t, goldenDir, func(t *testing.T, input []byte) ([]*config.Resource, any) {
		resources, statuses := worldOf(t, input).Translate(translator)
		for i, r := range resources {
			resources[i] = config.Redact(r)
		}
		return resources, statuses
	})
}

// worldOf decodes the documents of input strictly.
func worldOf(t testing.TB, input []byte) *World {
	t.Helper()
	w := &World{
		Programmed: func(string) (bool, string) { return true, "" },
		Addresses: func(string, string) []gwv1.GatewayStatusAddress {
			return []gwv1.GatewayStatusAddress{{Type: new(gwv1.IPAddressType), Value: "192.0.2.1"}}
		},
	}
	for doc := range bytes.SplitSeq(append([]byte("\n"), input...), []byte("\n---\n")) {
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal(doc, &kind); err != nil {
			t.Fatal(err)
		}
		switch kind.Kind {
		case "GatewayClass":
			w.Classes = append(w.Classes, decode[gwv1.GatewayClass](t, doc))
		case "Gateway":
			w.Gateways = append(w.Gateways, decode[gwv1.Gateway](t, doc))
		case "HTTPRoute":
			w.HTTPRoutes = append(w.HTTPRoutes, decode[gwv1.HTTPRoute](t, doc))
		case "ReferenceGrant":
			w.Grants = append(w.Grants, decode[gwv1.ReferenceGrant](t, doc))
		case "Namespace":
			w.Namespaces = append(w.Namespaces, decode[corev1.Namespace](t, doc))
		case "Service":
			w.Services = append(w.Services, decode[corev1.Service](t, doc))
		case "EndpointSlice":
			w.Slices = append(w.Slices, decode[discoveryv1.EndpointSlice](t, doc))
		case "Secret":
			s := decode[corev1.Secret](t, doc)
			certificatetest.Fill(t, s)
			w.Secrets = append(w.Secrets, s)
		case "Pod":
			w.Pods = append(w.Pods, decode[corev1.Pod](t, doc))
		default:
			t.Fatalf("kind %q is not known:\n%s", kind.Kind, doc)
		}
	}
	return w
}

func decode[T any](t testing.TB, doc []byte) *T {
	t.Helper()
	data, err := yaml.YAMLToJSONStrict(doc)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	out := new(T)
	if err := d.Decode(out); err != nil {
		t.Fatalf("%v:\n%s", err, doc)
	}
	return out
}
