package golden

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, in string
		want     *file
		err      string
	}{
		{
			name: "all-sections",
			in:   "about\n-- input --\na: 1\n-- config --\nb: 2\n-- status --\nc: 3\n",
			want: &file{
				about: []byte("about\n"), input: []byte("a: 1\n"),
				config: []byte("b: 2\n"), status: []byte("c: 3\n"),
			},
		},
		{
			name: "yaml-separators-are-not-headers",
			in:   "-- input --\na: 1\n---\nb: -- x --\n",
			want: &file{input: []byte("a: 1\n---\nb: -- x --\n")},
		},
		{name: "no-input", in: "-- config --\n", err: `no section "input"`},
		{name: "twice", in: "-- input --\n-- input --\n", err: `section "input" comes twice`},
		{
			name: "unknown", in: "-- input --\n-- wish --\n",
			err: `section "wish": want one of ["input" "config" "status"]`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse([]byte(tt.in))
			if message(err) != tt.err {
				t.Fatalf("error %q, want %q", message(err), tt.err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(file{})); diff != "" {
				t.Error(diff)
			}
			if err == nil && tt.name == "all-sections" && string(got.format()) != tt.in {
				t.Errorf("format: %q, want %q", got.format(), tt.in)
			}
		})
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestMarshalStatusLeavesNullsOut(t *testing.T) {
	type status struct {
		When *int `json:"when"`
		N    int  `json:"count"`
	}
	got, err := marshalStatus([]status{{N: 1}, {N: 2}})
	if err != nil {
		t.Fatal(err)
	}
	if want := "count: 1\n---\ncount: 2\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
