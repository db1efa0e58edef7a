package collect

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// used returns an equal message that differs in its hidden fields: marshalling fills caches.
func used(t *testing.T, text string) *wrapperspb.StringValue {
	t.Helper()
	m := wrapperspb.String(text)
	if _, err := proto.Marshal(m); err != nil {
		t.Fatal(err)
	}
	return m
}

type wrapped struct {
	Name   string
	Value  *wrapperspb.StringValue
	Others []*wrapperspb.StringValue
	ByName map[string]any
}

type hidden struct {
	value *wrapperspb.StringValue
	held  wrapperspb.StringValue
}

type embedding struct {
	*wrapperspb.StringValue
	extra int
}

func TestDefaultEqual(t *testing.T) {
	now := time.Now()
	fresh := wrapperspb.String
	shared := &wrapped{Name: "a"}
	table := []struct {
		name string
		got  bool
		want bool
	}{
		{"strings", equalOf[string]()("a", "a"), true},
		{"strings differ", equalOf[string]()("a", "b"), false},
		{"structs", equalOf[item]()(item{Name: "a"}, item{Name: "a"}), true},
		{"structs differ", equalOf[item]()(item{Name: "a"}, item{Name: "a", Value: "1"}), false},
		{"own Equal", equalOf[time.Time]()(now, now.Round(0).UTC()), true},
		{"message", equalOf[*wrapperspb.StringValue]()(fresh("a"), used(t, "a")), true},
		{"message differs", equalOf[*wrapperspb.StringValue]()(fresh("a"), used(t, "b")), false},
		{"message behind interface", equalOf[proto.Message]()(fresh("a"), used(t, "a")), true},
		{"other message behind interface", equalOf[proto.Message]()(fresh("a"), structpb.NewStringValue("a")), false},
		{"messages inside", equalOf[wrapped]()(
			wrapped{Value: fresh("a"), Others: []*wrapperspb.StringValue{fresh("b")}, ByName: map[string]any{"c": fresh("c")}},
			wrapped{Value: used(t, "a"), Others: []*wrapperspb.StringValue{used(t, "b")}, ByName: map[string]any{"c": used(t, "c")}}), true},
		{"messages inside differ", equalOf[wrapped]()(
			wrapped{ByName: map[string]any{"c": fresh("c")}}, wrapped{ByName: map[string]any{"c": used(t, "d")}}), false},
		{"other keys", equalOf[wrapped]()(
			wrapped{ByName: map[string]any{"c": nil}}, wrapped{ByName: map[string]any{"d": nil}}), false},
		{"hidden messages", equalOf[*hidden]()(&hidden{value: fresh("a")}, &hidden{value: used(t, "a")}), true},
		{"hidden messages differ", equalOf[*hidden]()(&hidden{value: fresh("a")}, &hidden{value: used(t, "b")}), false},
		{"held message differs", equalOf[*hidden]()(
			&hidden{held: wrapperspb.StringValue{Value: "a"}}, &hidden{held: wrapperspb.StringValue{Value: "b"}}), false},
		{"embedded message", equalOf[*embedding]()(&embedding{fresh("a"), 1}, &embedding{used(t, "a"), 1}), true},
		{"beside an embedded message", equalOf[*embedding]()(&embedding{fresh("a"), 1}, &embedding{fresh("a"), 2}), false},
		{"pointer to one", equalOf[*wrapped]()(shared, shared), true},
		{"pointer and nil", equalOf[*wrapped]()(shared, nil), false},
		{"pointers to equals", equalOf[*wrapped]()(shared, &wrapped{Name: "a"}), true},
		{"bytes", equalOf[[]byte]()([]byte("a"), []byte("a")), true},
		{"bytes differ", equalOf[[]byte]()([]byte("a"), []byte("b")), false},
		{"longer", equalOf[[]string]()([]string{"a"}, []string{"a", "b"}), false},
		{"empty and nil", equalOf[[]string]()([]string{}, nil), false},
		{"arrays", equalOf[[2]any]()([2]any{1, "a"}, [2]any{1, "a"}), true},
		{"other dynamic type", equalOf[[2]any]()([2]any{1, "a"}, [2]any{int8(1), "a"}), false},
		{"functions", equalOf[func()]()(nil, nil), true},
		{"functions cannot be told equal", equalOf[func()]()(func() {}, func() {}), false},
	}
	for _, tt := range table {
		if tt.got != tt.want {
			t.Errorf("%s: equal is %t, want %t", tt.name, tt.got, tt.want)
		}
	}
}
