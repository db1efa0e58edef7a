package exchange

import (
	"io"
	"strings"
	"testing"
)

func TestLookupFieldID(t *testing.T) {
	for id := FieldOther + 1; id < fieldCount; id++ {
		name := fieldNames[id]
		if name == "" {
			t.Fatalf("field %d has no name", id)
		}
		if len(name) > maxKnownName {
			t.Errorf("%s is longer than maxKnownName", name)
		}
		for _, spelling := range []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
			if got := LookupFieldID([]byte(spelling)); got != id {
				t.Errorf("LookupFieldID(%q) = %v, want %v", spelling, got, id)
			}
		}
	}
	for _, name := range []string{"", "x", "hos", "hosts", "content_length", strings.Repeat("a", 100)} {
		if got := LookupFieldID([]byte(name)); got != FieldOther {
			t.Errorf("LookupFieldID(%q) = %v, want other", name, got)
		}
	}
}

func TestFields(t *testing.T) {
	var f Fields
	f.Add([]byte("Host"), []byte("a"))
	f.Add([]byte("X-One"), []byte("1"))
	f.Add([]byte("x-one"), []byte("2"))
	f.Add([]byte("Via"), []byte("v"))

	if got := f.Count(KeyOf("X-ONE")); got != 2 {
		t.Errorf("Count = %d, want 2", got)
	}
	f.Set(KeyOf("x-One"), []byte("3"))
	if v, ok := f.Lookup(KeyOf("x-one")); !ok || string(v) != "3" || f.Len() != 3 {
		t.Errorf("after Set: %q %v, %d lines", v, ok, f.Len())
	}
	if string(f.All()[1].Name) != "X-One" || string(f.All()[2].Name) != "Via" {
		t.Errorf("Set moved lines: %q", f.All())
	}
	if n := f.DelID(FieldHost); n != 1 || f.Has(FieldHost) {
		t.Errorf("DelID removed %d", n)
	}
	f.Set(KeyOf("X-New"), []byte("n"))
	if v, _ := f.Lookup(KeyOf("x-new")); string(v) != "n" {
		t.Errorf("Set of a new name: %q", v)
	}
	if n := f.Del(KeyOf("absent")); n != 0 {
		t.Errorf("Del of an absent name removed %d", n)
	}
}

func TestScratchViewsOutliveGrowth(t *testing.T) {
	ex := Get()
	defer Put(ex)
	first := ex.Concat([]byte("ab"), []byte("cd"))
	ex.Scratch(4096)
	if string(first) != "abcd" {
		t.Errorf("a view changed when scratch grew: %q", first)
	}
	if got := append(first, 'x'); string(ex.Concat([]byte("ef"))) != "ef" || string(got) != "abcdx" {
		t.Error("views overlap")
	}
}

func TestRespond(t *testing.T) {
	tests := []struct {
		name    string
		status  int
		body    string
		framing Framing
		length  int64
	}{
		{"body", 403, "no", FramingLength, 2},
		{"empty", 404, "", FramingLength, 0},
		{"no content", 204, "ignored", FramingNone, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ex := Get()
			defer Put(ex)
			ex.Respond(tt.status, []byte("text/plain"), []byte(tt.body))
			if ex.Response.Framing != tt.framing || ex.Response.ContentLength != tt.length || !ex.Answered {
				t.Errorf("framing %v length %d answered %v", ex.Response.Framing, ex.Response.ContentLength, ex.Answered)
			}
			if tt.length > 0 {
				b, err := ex.Response.Body.Next()
				if string(b) != tt.body || err != io.EOF {
					t.Errorf("body %q, %v", b, err)
				}
			}
		})
	}
}

func TestEveryKindHasARow(t *testing.T) {
	for k := range kindCount {
		row := kinds[k]
		if row.name == "" || row.flag == "" {
			t.Errorf("kind %d has no row", k)
		}
		if row.status == 0 && k != KindClientGone {
			t.Errorf("%s has no status", k)
		}
	}
}

func TestExchangeDoesNotAllocate(t *testing.T) {
	name, value := []byte("x-a"), []byte("1")
	Put(Get())
	n := testing.AllocsPerRun(100, func() {
		ex := Get()
		for range 8 {
			ex.Request.Fields.Add(name, value)
		}
		ex.Concat(name, value)
		Put(ex)
	})
	if n > 0 && !raceEnabled {
		t.Errorf("%v allocations for each exchange", n)
	}
}
