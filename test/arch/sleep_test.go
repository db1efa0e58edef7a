package arch

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNoSleepers holds every test of the module against the rule.
func TestNoSleepers(t *testing.T) {
	found, err := Sleepers("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range found {
		t.Errorf("%s: a test sleeps by the wall clock: use a channel, or testing/synctest", place)
	}
}

func TestSleeps(t *testing.T) {
	tests := []struct {
		name   string
		source string
		want   []string
	}{
		{name: "no clock", source: "package p\nfunc Sleep() { Sleep() }"},
		{name: "another's Sleep", source: "package p\nimport \"time\"\nvar _ time.Duration\nfunc f(bed interface{ Sleep() }) { bed.Sleep() }"},
		{name: "wall clock", source: "package p\nimport \"time\"\nfunc f() {\n\ttime.Sleep(1)\n}", want: []string{"x_test.go:4"}},
		{name: "renamed import", source: "package p\nimport clock \"time\"\nfunc f() { clock.Sleep(1) }", want: []string{"x_test.go:3"}},
		{name: "handed on as a value", source: "package p\nimport \"time\"\nvar nap = time.Sleep", want: []string{"x_test.go:3"}},
		{name: "in a bubble", source: "package p\nimport \"time\"\nimport \"testing/synctest\"\nvar _ = synctest.Test\nfunc f() { time.Sleep(1) }"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sleeps("x_test.go", []byte(tt.source))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("places (-want +got):\n%s", diff)
			}
		})
	}
}
