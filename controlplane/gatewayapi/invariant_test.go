package gatewayapi

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/test/golden"
)

// everySituation runs a test on each golden input.
func everySituation(t *testing.T, test func(t *testing.T, input []byte)) {
	t.Helper()
	for name, input := range golden.Inputs(t, goldenDir) {
		t.Run(strings.TrimSuffix(name, ".txtar"), func(t *testing.T) { test(t, input) })
	}
}

// TestPure: the same objects make the same result, in any order, any number of times,
// and are left as they were.
func TestPure(t *testing.T) {
	everySituation(t, func(t *testing.T, input []byte) {
		w, untouched := worldOf(t, input), worldOf(t, input)
		resources, statuses := w.Translate(translator)
		want := config.Sorted(resources)
		rng := rand.New(rand.NewPCG(1, 2))
		for range 5 {
			w.shuffle(rng)
			again, statusesAgain := w.Translate(translator)
			got := config.Sorted(again)
			if !slices.EqualFunc(want, got, func(a, b *config.Resource) bool { return proto.Equal(a, b) }) {
				t.Fatal(cmp.Diff(want, got, protocmp.Transform()))
			}
			if !reflect.DeepEqual(statuses, statusesAgain) {
				t.Fatal(cmp.Diff(statuses, statusesAgain))
			}
		}
		for i := range w.HTTPRoutes {
			if j := slices.IndexFunc(untouched.HTTPRoutes, func(r *gwv1.HTTPRoute) bool { return key(r) == key(w.HTTPRoutes[i]) }); j >= 0 {
				if diff := cmp.Diff(untouched.HTTPRoutes[j], w.HTTPRoutes[i]); diff != "" {
					t.Errorf("translation changed its input:\n%s", diff)
				}
			}
		}
	})
}

func (w *World) shuffle(rng *rand.Rand) {
	shuffle(rng, w.Classes)
	shuffle(rng, w.Gateways)
	shuffle(rng, w.HTTPRoutes)
	shuffle(rng, w.Grants)
	shuffle(rng, w.Services)
	shuffle(rng, w.Slices)
	shuffle(rng, w.Secrets)
}

func shuffle[T any](rng *rand.Rand, s []T) {
	rng.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}

// TestResources: names are unique, what a translator refers to is there, and no two
// routes rank alike.
func TestResources(t *testing.T) {
	everySituation(t, func(t *testing.T, input []byte) {
		resources, _ := worldOf(t, input).Translate(translator)
		have := map[config.Name]bool{}
		ranks := map[string]string{}
		for _, r := range resources {
			name := config.NameOf(r)
			if have[name] {
				t.Errorf("%s is there twice", name)
			}
			have[name] = true
			if route := r.GetRoute(); route != nil {
				o := route.GetOrder()
				rank := fmt.Sprint(o.GetCreatedUnixSeconds(), o.GetKey(), o.GetIndex())
				if other := ranks[rank]; other != "" {
					t.Errorf("%s and %s rank alike", other, name)
				}
				ranks[rank] = name.Name
			}
		}
		for _, r := range resources {
			for _, ref := range referents(r) {
				if !have[ref] {
					t.Errorf("%s refers to %s, which is not there", config.NameOf(r), ref)
				}
			}
		}
	})
}

func referents(r *config.Resource) []config.Name {
	var out []config.Name
	if l := r.GetListener(); l != nil {
		out = append(out, config.Name{Kind: config.KindGateway, Name: l.GetGateway()})
		for _, name := range l.GetTls().GetCertificates() {
			out = append(out, config.Name{Kind: config.KindCertificate, Name: name})
		}
	}
	for _, a := range r.GetRoute().GetAttachments() {
		out = append(out, config.Name{Kind: config.KindListener, Name: a.GetListener()})
	}
	for _, b := range r.GetRoute().GetHttp().GetForward().GetBackends() {
		if b.GetBackend() != "" {
			out = append(out, config.Name{Kind: config.KindBackend, Name: b.GetBackend()})
		}
	}
	return out
}

// TestRoutesAnswer: every route has an action, and a forward has a share that gets
// traffic.
func TestRoutesAnswer(t *testing.T) {
	everySituation(t, func(t *testing.T, input []byte) {
		resources, _ := worldOf(t, input).Translate(translator)
		for _, r := range resources {
			if route := r.GetRoute(); route != nil && !answers(route.GetHttp()) {
				t.Errorf("%s answers nothing", config.NameOf(r))
			}
		}
	})
}

func answers(r *config.HttpRule) bool {
	if r.GetRedirect() != nil {
		return true
	}
	return slices.ContainsFunc(r.GetForward().GetBackends(), func(b *config.WeightedBackend) bool {
		return b.GetWeight() > 0
	})
}

// TestConditions: each is of the object's generation, has no time, is there once, and
// those that must always be there are.
func TestConditions(t *testing.T) {
	everySituation(t, func(t *testing.T, input []byte) {
		w := worldOf(t, input)
		generation := map[string]int64{}
		for _, o := range w.Classes {
			generation["GatewayClass "+key(o)] = o.Generation
		}
		for _, o := range w.Gateways {
			generation["Gateway "+key(o)] = o.Generation
		}
		for _, o := range w.HTTPRoutes {
			generation["HTTPRoute "+key(o)] = o.Generation
		}
		_, statuses := w.Translate(translator)
		for _, s := range statuses {
			name := s.Kind + " " + s.Namespace + "/" + s.Name
			for _, set := range conditionSets(s.Status) {
				check(t, name, set, generation[name])
			}
		}
	})
}

// conditionSet is one list of conditions and the types it must hold.
type conditionSet struct {
	must       []string
	conditions []metav1.Condition
}

func conditionSets(status any) []conditionSet {
	var out []conditionSet
	switch s := status.(type) {
	case gwv1.GatewayClassStatus:
		out = append(out, conditionSet{[]string{"Accepted"}, s.Conditions})
	case gwv1.GatewayStatus:
		out = append(out, conditionSet{[]string{"Accepted", "Programmed"}, s.Conditions})
		for _, l := range s.Listeners {
			out = append(out, conditionSet{[]string{"Accepted", "Conflicted", "ResolvedRefs", "Programmed"}, l.Conditions})
		}
	case gwv1.HTTPRouteStatus:
		for _, p := range s.Parents {
			out = append(out, conditionSet{[]string{"Accepted", "ResolvedRefs"}, p.Conditions})
		}
	}
	return out
}

func check(t *testing.T, name string, set conditionSet, generation int64) {
	t.Helper()
	byType := map[string]metav1.Condition{}
	for _, c := range set.conditions {
		if _, twice := byType[c.Type]; twice {
			t.Errorf("%s: %s is there twice", name, c.Type)
		}
		byType[c.Type] = c
		if c.ObservedGeneration != generation || !c.LastTransitionTime.IsZero() || c.Reason == "" || c.Message == "" {
			t.Errorf("%s: %+v: want generation %d, no time, a reason and a message", name, c, generation)
		}
	}
	for _, kind := range set.must {
		if _, ok := byType[kind]; !ok {
			t.Errorf("%s: no condition %s", name, kind)
		}
	}
	// The API: PartiallyInvalid is only ever True, beside Accepted True.
	if p, ok := byType["PartiallyInvalid"]; ok {
		if p.Status != metav1.ConditionTrue || byType["Accepted"].Status != metav1.ConditionTrue ||
			!strings.HasPrefix(p.Message, "Dropped Rule") {
			t.Errorf("%s: PartiallyInvalid %+v beside Accepted %s", name, p, byType["Accepted"].Status)
		}
	}
}
