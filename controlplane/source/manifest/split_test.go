package manifest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	type doc struct {
		Line int
		Text string
	}
	for _, test := range []struct {
		name, in string
		json     bool
		want     []doc
	}{
		{"empty", "", false, nil},
		{"one", "a: 1\n", false, []doc{{1, "a: 1\n"}}},
		{"comments and markers only", "# c\n---\n\n---\n  # d\n...\n", false, nil},
		{"markers", "a: 1\n---\nb: 2\n--- {c: 3}\n", false, []doc{{1, "a: 1\n"}, {2, "---\nb: 2\n"}, {4, "--- {c: 3}\n"}}},
		{"the end marker", "a: 1\n...\nb: 2\n", false, []doc{{1, "a: 1\n"}, {3, "b: 2\n"}}},
		{"carriage returns", "a: 1\r\n---\r\nb: 2\r\n", false, []doc{{1, "a: 1\r\n"}, {2, "---\r\nb: 2\r\n"}}},
		{"a byte order mark and a directive", "\ufeff%YAML 1.2\n---\na: 1\n", false, []doc{{2, "---\na: 1\n"}}},
		{"not markers", "a: |\n  ---\n ---\n---x: 1\n", false, []doc{{1, "a: |\n  ---\n ---\n---x: 1\n"}}},
		{"JSON values", "{\"a\":1}\n\n{\"b\":\n2} [3]", true, []doc{{1, `{"a":1}`}, {3, "{\"b\":\n2}"}, {4, "[3]"}}},
		{"JSON that breaks", "{}\n{]\n{}", true, []doc{{1, "{}"}, {2, ""}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			split := Split
			if test.json {
				split = SplitJSON
			}
			var got []doc
			for _, c := range split([]byte(test.in)) {
				got = append(got, doc{c.Line, string(c.Bytes)})
				if c.JSON != (test.json && c.Fault == "") {
					t.Errorf("line %d: JSON is %v", c.Line, c.JSON)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	items := decodeAll(`[
  {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "annotations": {"smile": "\ud83d\ude00"}}},
  {"apiVersion": "v1", "kind": "NamespaceList", "items": [
    {"metadata": {"name": "b"}},
    {"metadata": {"name": "c", "nam": "d"}}
  ]}
]`, true)
	if len(items) != 3 || items[0].Object == nil || items[1].Object == nil || items[2].Object != nil {
		t.Fatalf("got %+v", items)
	}
	if got := items[0].Object.GetAnnotations()["smile"]; got != "😀" {
		t.Errorf("surrogate pair became %q", got)
	}
	if f := items[2].Faults[0]; f.Field != "metadata.nam" || f.line != 5 {
		t.Errorf("got %+v", f)
	}
}

// TestVersions decodes every version of every kind: it must come out as the internal one.
func TestVersions(t *testing.T) {
	for gk, k := range registry() {
		for _, v := range k.versions {
			api := v
			if gk.group != "" {
				api = gk.group + "/" + v
			}
			items := decodeAll("apiVersion: "+api+"\nkind: "+gk.kind+"\nmetadata: {name: a, bad: field}\n", false)
			if len(items) != 1 || items[0].Key.Group != gk.group || len(items[0].Faults) == 0 ||
				items[0].Faults[0].Field != "metadata.bad" {
				t.Errorf("%s %s: %+v", api, gk.kind, items)
			}
		}
	}
	for _, v := range []string{"v1", "v1beta1", "v1alpha3"} {
		items := decodeAll("apiVersion: networking.istio.io/"+v+"\nkind: VirtualService\nmetadata: {name: a}\n"+
			"spec: {hosts: [a], http: [{route: [{destination: {host: a}}]}]}\n", false)
		if items[0].Object == nil || items[0].Object.GetObjectKind().GroupVersionKind().Version != "v1" {
			t.Errorf("%s: %+v", v, items[0])
		}
	}
}
