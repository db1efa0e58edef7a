package istio

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	networking "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/fairlead-mesh/fairlead/controlplane/certificate/certificatetest"
	"github.com/fairlead-mesh/fairlead/controlplane/service"
	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/test/golden"
)

const goldenDir = "testdata/golden"

var testProxy = Proxy{Labels: DefaultLabels()}

func TestGolden(t *testing.T) {
	golden.Run(t, goldenDir, func(t *testing.T, input []byte) ([]*config.Resource, any) {
		resources, statuses := worldOf(t, input).Translate(testProxy)
		for i, r := range resources {
			resources[i] = config.Redact(r)
		}
		return resources, statuses
	})
}

// worldOf decodes the documents of an input, strictly.
func worldOf(t testing.TB, input []byte) *World {
	t.Helper()
	w := &World{Backends: map[string][]*config.Backend{}}
	for doc := range bytes.SplitSeq(append([]byte("\n"), input...), []byte("\n---\n")) {
		w.add(t, doc)
	}
	return w
}

func (w *World) add(t testing.TB, doc []byte) {
	t.Helper()
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(doc, &kind); err != nil {
		t.Fatal(err)
	}
	switch kind.Kind {
	case "Gateway":
		o := &networking.Gateway{}
		decode(t, doc, &o.ObjectMeta, &o.Spec)
		w.Gateways = append(w.Gateways, o)
	case "VirtualService":
		o := &networking.VirtualService{}
		decode(t, doc, &o.ObjectMeta, &o.Spec)
		w.VirtualServices = append(w.VirtualServices, o)
	case "DestinationRule":
		o := &networking.DestinationRule{}
		decode(t, doc, &o.ObjectMeta, &o.Spec)
		w.DestinationRules = append(w.DestinationRules, o)
	case "ServiceEntry":
		o := &networking.ServiceEntry{}
		decode(t, doc, &o.ObjectMeta, &o.Spec)
		w.ServiceEntries = append(w.ServiceEntries, o)
	case "Service":
		o := &corev1.Service{}
		if err := yaml.UnmarshalStrict(doc, o); err != nil {
			t.Fatal(err)
		}
		w.addService(o)
	case "Secret":
		o := &corev1.Secret{}
		if err := yaml.UnmarshalStrict(doc, o); err != nil {
			t.Fatal(err)
		}
		o.Namespace = orDefault(o.Namespace)
		certificatetest.Fill(t, o)
		w.Secrets = append(w.Secrets, o)
	default:
		t.Fatalf("kind %q is not known:\n%s", kind.Kind, doc)
	}
}

// addService adds a Service in namespace "default" if it names none, as kubectl does.
func (w *World) addService(o *corev1.Service) {
	o.Namespace = orDefault(o.Namespace)
	var options service.Options
	s := Service{Host: options.Host(o.Namespace, o.Name), Namespace: o.Namespace}
	for _, p := range o.Spec.Ports {
		s.Ports = append(s.Ports, uint32(p.Port))
	}
	w.Services = append(w.Services, s)
	w.Backends[s.Host] = options.Backends(o)
}

func orDefault(namespace string) string {
	if namespace == "" {
		return "default"
	}
	return namespace
}

// decode reads metadata and spec with no field unknown.
func decode(t testing.TB, doc []byte, meta *metav1.ObjectMeta, spec proto.Message) {
	t.Helper()
	var tree struct {
		metav1.TypeMeta `json:",inline"`
		Metadata        metav1.ObjectMeta `json:"metadata"`
		Spec            map[string]any    `json:"spec"`
	}
	if err := yaml.UnmarshalStrict(doc, &tree); err != nil {
		t.Fatalf("%v:\n%s", err, doc)
	}
	data, err := yaml.Marshal(tree.Spec)
	if err == nil {
		data, err = yaml.YAMLToJSON(data)
	}
	if err == nil {
		err = protojson.Unmarshal(data, spec)
	}
	if err != nil {
		t.Fatalf("%v:\n%s", err, doc)
	}
	*meta = tree.Metadata
	meta.Namespace = orDefault(meta.Namespace)
}
