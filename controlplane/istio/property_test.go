package istio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	api "istio.io/api/networking/v1"
	networking "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/test/golden"
)

// translation is what came of a world, in a form that can be compared.
type translation struct {
	resources []*config.Resource // sorted
	statuses  string
}

func translate(t testing.TB, w *World) translation {
	t.Helper()
	resources, statuses := w.Translate(testProxy)
	status, err := json.MarshalIndent(statuses, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return translation{config.Sorted(resources), string(status)}
}

// diff compares messages first: making text of them takes a hundred times as long.
func (a translation) diff(b translation) string {
	if slices.EqualFunc(a.resources, b.resources, func(x, y *config.Resource) bool { return proto.Equal(x, y) }) {
		return cmp.Diff(a.statuses, b.statuses)
	}
	return cmp.Diff(a.resources, b.resources, protocmp.Transform()) + cmp.Diff(a.statuses, b.statuses)
}

func (w *World) shuffle(r *rand.Rand) {
	shuffle(r, w.Gateways)
	shuffle(r, w.VirtualServices)
	shuffle(r, w.DestinationRules)
	shuffle(r, w.ServiceEntries)
	shuffle(r, w.Services)
	shuffle(r, w.Secrets)
}

func shuffle[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

// TestOrderDoesNotMatter translates every golden's input, and all of them at once, in several orders.
func TestOrderDoesNotMatter(t *testing.T) {
	for name, input := range withAll(golden.Inputs(t, goldenDir)) {
		t.Run(name, func(t *testing.T) {
			w := worldOf(t, input)
			want := translate(t, w)
			for seed := range uint64(5) {
				w.shuffle(rand.New(rand.NewPCG(seed, 7)))
				if diff := want.diff(translate(t, w)); diff != "" {
					t.Fatalf("another order gives another result:\n%s", diff)
				}
			}
		})
	}
}

// withAll adds a world of several inputs at once. A document that several have counts once.
func withAll(inputs map[string][]byte) map[string][]byte {
	var all [][]byte
	for _, name := range []string{"two-owners-merged", "delegate-merged", "entry-static-served", "giropops-routed", "rules-of-one-host-merged"} {
		for doc := range bytes.SplitSeq(bytes.TrimSpace(inputs[name+".txtar"]), []byte("\n---\n")) {
			if !slices.ContainsFunc(all, func(have []byte) bool { return bytes.Equal(have, doc) }) {
				all = append(all, doc)
			}
		}
	}
	inputs["several"] = bytes.Join(all, []byte("\n---\n"))
	return inputs
}

// TestInputsStay checks that translation changes no object.
func TestInputsStay(t *testing.T) {
	for name, input := range golden.Inputs(t, goldenDir) {
		t.Run(name, func(t *testing.T) {
			w, before := worldOf(t, input), worldOf(t, input)
			w.Translate(testProxy)
			same(t, "Gateway", before.Gateways, w.Gateways, func(o *networking.Gateway) proto.Message { return &o.Spec })
			same(t, "VirtualService", before.VirtualServices, w.VirtualServices, func(o *networking.VirtualService) proto.Message { return &o.Spec })
			same(t, "DestinationRule", before.DestinationRules, w.DestinationRules, func(o *networking.DestinationRule) proto.Message { return &o.Spec })
			same(t, "ServiceEntry", before.ServiceEntries, w.ServiceEntries, func(o *networking.ServiceEntry) proto.Message { return &o.Spec })
			for host, backends := range before.Backends {
				same(t, host, backends, w.Backends[host], func(b *config.Backend) proto.Message { return b })
			}
		})
	}
}

func same[T any](t *testing.T, what string, before, after []T, message func(T) proto.Message) {
	t.Helper()
	for i := range before {
		if !proto.Equal(message(before[i]), message(after[i])) {
			t.Errorf("%s %d was changed", what, i)
		}
	}
}

// TestResourcesAreSound checks references and names over every golden's input.
func TestResourcesAreSound(t *testing.T) {
	for name, input := range golden.Inputs(t, goldenDir) {
		t.Run(name, func(t *testing.T) {
			resources, statuses := worldOf(t, input).Translate(testProxy)
			checkSound(t, resources)
			var objects []Object
			for _, s := range statuses {
				objects = append(objects, s.Object)
				if len(s.Status.GetConditions()) < 3 {
					t.Errorf("%s has conditions %v", s.Object, s.Status.GetConditions())
				}
				for _, f := range s.Findings {
					if f.Message == "" || f.Code.ID == "" || f.Object != s.Object {
						t.Errorf("finding is not complete: %+v", f)
					}
				}
			}
			if len(slices.Compact(objects)) != len(objects) {
				t.Errorf("an object has two statuses: %v", objects)
			}
		})
	}
}

func checkSound(t testing.TB, resources []*config.Resource) {
	t.Helper()
	names := map[config.Name]bool{}
	for _, r := range resources {
		if err := config.Validate(r); err != nil {
			t.Errorf("a proxy would refuse it: %v", err)
		}
		if n := config.NameOf(r); names[n] || n.Name == "" {
			t.Errorf("%s is there twice, or has no name", n)
		} else {
			names[n] = true
		}
	}
	for _, r := range resources {
		if l := r.GetListener(); l != nil && !names[config.Name{Kind: config.KindGateway, Name: l.Gateway}] {
			t.Errorf("%s has no gateway", l.Name)
		}
		for _, a := range r.GetRoute().GetAttachments() {
			if !names[config.Name{Kind: config.KindListener, Name: a.Listener}] || len(a.Hostnames) == 0 {
				t.Errorf("%s is attached to %q with %v", r.GetRoute().GetName(), a.Listener, a.Hostnames)
			}
		}
		if h := r.GetRoute().GetHttp(); r.GetRoute() != nil {
			checkRule(t, r.GetRoute().GetName(), h)
		}
	}
}

func checkRule(t testing.TB, name string, h *config.HttpRule) {
	t.Helper()
	if h.GetAction() == nil {
		t.Errorf("%s has no action", name)
	}
	if p := h.GetPrecedence(); p != config.Precedence_PRECEDENCE_IN_ORDER && p != config.Precedence_PRECEDENCE_IN_ORDER_LAST {
		t.Errorf("%s has precedence %s", name, p)
	}
	if f := h.GetForward(); f != nil && len(f.GetBackends()) == 0 {
		t.Errorf("%s has no backend", name)
	}
	for _, b := range h.GetForward().GetBackends() {
		if b.GetTarget() == nil || b.GetWeight() < 1 || b.GetWeight() > maxWeight {
			t.Errorf("%s has backend %v", name, b)
		}
	}
	kinds := map[string]bool{}
	for _, f := range h.GetFilters() {
		kind := fmt.Sprintf("%T", f.GetKind())
		if kinds[kind] {
			t.Errorf("%s has filter %s twice", name, kind)
		}
		kinds[kind] = true
	}
}

// FuzzTranslate translates whatever object the bytes are, a VirtualService also as a delegate. Whatever comes
// out must be fit for a proxy.
func FuzzTranslate(f *testing.F) {
	for _, input := range golden.Inputs(f, goldenDir) {
		w := worldOf(f, input)
		for _, o := range w.VirtualServices {
			addSeed(f, 0, &o.Spec)
		}
		for _, o := range w.Gateways {
			addSeed(f, 1, &o.Spec)
		}
		for _, o := range w.DestinationRules {
			addSeed(f, 2, &o.Spec)
		}
		for _, o := range w.ServiceEntries {
			addSeed(f, 3, &o.Spec)
		}
	}
	base := worldOf(f, golden.Inputs(f, goldenDir)["match-port-per-listener.txtar"])
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		w := *base // TestInputsStay: its objects do not change
		if !w.addFuzzed(kind, data) {
			return
		}
		resources, _ := w.Translate(testProxy)
		checkSound(t, resources)
	})
}

func addSeed(f *testing.F, kind byte, spec proto.Message) {
	data, err := proto.Marshal(spec)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(kind, data)
}

func (w *World) addFuzzed(kind byte, data []byte) bool {
	meta := metav1.ObjectMeta{Namespace: "shop", Name: "fuzzed"}
	switch kind % 4 {
	case 0:
		o := &networking.VirtualService{ObjectMeta: meta}
		root := w.VirtualServices[0].DeepCopy()
		root.Name = "root"
		root.Spec.Http[0].Route, root.Spec.Http[0].Delegate = nil, &api.Delegate{Name: "fuzzed"}
		w.VirtualServices = append(slices.Clip(w.VirtualServices), o, root)
		return proto.Unmarshal(data, &o.Spec) == nil
	case 1:
		o := &networking.Gateway{ObjectMeta: meta}
		w.Gateways = append(slices.Clip(w.Gateways), o)
		return proto.Unmarshal(data, &o.Spec) == nil
	case 2:
		o := &networking.DestinationRule{ObjectMeta: meta}
		w.DestinationRules = append(slices.Clip(w.DestinationRules), o)
		return proto.Unmarshal(data, &o.Spec) == nil
	}
	o := &networking.ServiceEntry{ObjectMeta: meta}
	w.ServiceEntries = append(slices.Clip(w.ServiceEntries), o)
	return proto.Unmarshal(data, &o.Spec) == nil
}
