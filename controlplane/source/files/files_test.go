package files

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/source"
)

// route is a one-rule HTTPRoute in namespace default.
func route(name, path string) string {
	return fmt.Sprintf(`apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: %s}
spec:
  parentRefs: [{name: edge}]
  rules:
  - matches: [{path: {value: %s}}]
    backendRefs: [{name: shop, port: 80}]
`, name, path)
}

func docs(d ...string) string { return strings.Join(d, "---\n") }

func write(t testing.TB, path, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

// replace writes beside and renames over, as careful editors do.
func replace(t testing.TB, path, data string) {
	t.Helper()
	tmp := filepath.Join(filepath.Dir(path), ".tmp-"+filepath.Base(path))
	write(t, tmp, data)
	if err := os.Rename(tmp, path); err != nil {
		t.Fatal(err)
	}
}

// changes renders a batch's changes: "+name path gN", "~name path gN", "-name".
func changes(b source.Batch) []string {
	var out []string
	for _, c := range b.Changes {
		switch {
		case c.New == nil:
			out = append(out, "-"+c.Key.Name)
		case c.Old == nil:
			out = append(out, "+"+describe(c.New))
		default:
			out = append(out, "~"+describe(c.New))
		}
	}
	return out
}

func describe(o *source.Object) string {
	path := ""
	if r, ok := source.As[*gatewayv1.HTTPRoute](o); ok {
		path = " " + *r.Spec.Rules[0].Matches[0].Path.Value
	}
	return fmt.Sprintf("%s%s g%d", o.GetName(), path, o.GetGeneration())
}

func problems(b source.Batch, dir string) []string {
	var out []string
	for _, p := range b.Problems {
		out = append(out, strings.ReplaceAll(p.String(), dir+"/", ""))
	}
	return out
}

// stepper drives a loader by hand: each step looks at the whole tree.
type stepper struct {
	*loader
	dir  string
	time time.Time
}

func newStepper(t *testing.T) *stepper {
	s := &stepper{dir: t.TempDir(), time: time.Unix(1_000_000_000, 0)}
	s.loader = newLoader(Options{Paths: []string{s.dir}})
	s.now = func() time.Time { return s.time }
	return s
}

func (s *stepper) path(name string) string { return filepath.Join(s.dir, name) }

func (s *stepper) step() source.Batch {
	_, touched := s.all()
	b, _ := s.batch(touched)
	return b
}

// TestLastGood walks files through edits and looks at what goes live and what is said.
func TestLastGood(t *testing.T) {
	type edit struct {
		do       func(t *testing.T, s *stepper)
		changes  []string
		problems []string
	}
	put := func(name string, d ...string) func(*testing.T, *stepper) {
		return func(t *testing.T, s *stepper) { write(t, s.path(name), docs(d...)) }
	}
	remove := func(name string) func(*testing.T, *stepper) {
		return func(t *testing.T, s *stepper) {
			if err := os.Remove(s.path(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	badPath := []string{`a.yaml:7: HTTPRoute default/a: spec.rules[0].matches[0].path.value: must start with "/"`}
	broken := "a: [\n"
	for _, test := range []struct {
		name  string
		edits []edit
	}{
		{"a changed object counts its generation, an unchanged one is silent", []edit{
			{put("a.yaml", route("a", "/a"), route("b", "/b")), []string{"+a /a g1", "+b /b g1"}, nil},
			{put("a.yaml", route("a", "/a"), route("b", "/c")), []string{"~b /c g2"}, nil},
			{put("a.yaml", "# moved\n"+route("a", "/a"), route("b", "/c")), nil, nil},
			{put("a.yaml", route("b", "/d")), []string{"-a", "~b /d g3"}, nil},
		}},
		{"a bad document keeps its object's last good version", []edit{
			{put("a.yaml", route("a", "/a"), route("b", "/b")), []string{"+a /a g1", "+b /b g1"}, nil},
			{put("a.yaml", route("a", "x"), route("b", "/c")), []string{"~b /c g2"}, badPath},
			{put("a.yaml", route("a", "/new"), route("b", "/c")), []string{"~a /new g2"}, nil},
		}},
		{"a bad document that is removed takes its object with it", []edit{
			{put("a.yaml", route("a", "/a"), route("b", "/b")), []string{"+a /a g1", "+b /b g1"}, nil},
			{put("a.yaml", route("a", "x"), route("b", "/b")), nil, badPath},
			{put("a.yaml", route("b", "/b")), []string{"-a"}, nil},
		}},
		{"an object that was never good is only a problem", []edit{
			{put("a.yaml", route("a", "x")), nil, badPath},
			{put("a.yaml", route("a", "/a")), []string{"+a /a g1"}, nil},
		}},
		{"while a document cannot be told nothing of its file goes away", []edit{
			{put("a.yaml", route("a", "/a"), route("b", "/b")), []string{"+a /a g1", "+b /b g1"}, nil},
			{
				put("a.yaml", broken, route("b", "/c")),
				[]string{"~b /c g2"},
				[]string{"a.yaml:1: not YAML: did not find expected node content"},
			},
			{put("a.yaml", route("b", "/c")), []string{"-a"}, nil},
		}},
		{"the first of two places counts, and the second takes over", []edit{
			{put("b.yaml", route("a", "/second")), []string{"+a /second g1"}, nil},
			{
				put("a.yaml", route("a", "/first")),
				[]string{"~a /first g2"},
				[]string{"b.yaml:1: HTTPRoute default/a: is already defined at a.yaml:1, which stays in force; remove one of the two"},
			},
			{remove("a.yaml"), []string{"~a /second g3"}, nil},
			{remove("b.yaml"), []string{"-a"}, nil},
		}},
		{"twice in one file", []edit{
			{
				put("a.yaml", route("a", "/1"), route("a", "/2")),
				[]string{"+a /1 g1"},
				[]string{"a.yaml:10: HTTPRoute default/a: is already defined at a.yaml:1, which stays in force; remove one of the two"},
			},
		}},
		{"kinds without effect are named once each", []edit{
			{
				put("a.yaml", "apiVersion: apps/v1\nkind: Deployment\n", "apiVersion: apps/v1\nkind: Deployment\n",
					"apiVersion: security.istio.io/v1\nkind: NewPolicy\n", "apiVersion: v1\nkind: Servcie\n"),
				nil,
				[]string{
					"a.yaml:1: Deployment: has no effect on traffic configured from files",
					"a.yaml:7: NewPolicy: not supported: this security policy is NOT enforced",
					"a.yaml:10: Servcie: kind is not known in the core group: it has no effect",
				},
			},
		}},
		{"hidden names and other extensions are left out, sub-directories are read", []edit{
			{put(".hidden.yaml", route("h", "/h")), nil, nil},
			{put("..data/x.yaml", route("d", "/d")), nil, nil},
			{put("notes.txt", route("n", "/n")), nil, nil},
			{put("sub/deep/x.yml", route("x", "/x")), []string{"+x /x g1"}, nil},
			{put("sub/j.json", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"j"}}`), []string{"+j g1"}, nil},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStepper(t)
			for i, e := range test.edits {
				e.do(t, s)
				b := s.step()
				if diff := cmp.Diff(e.changes, changes(b)); diff != "" {
					t.Errorf("edit %d: changes (-want +got):\n%s", i, diff)
				}
				if diff := cmp.Diff(e.problems, problems(b, s.dir)); diff != "" {
					t.Errorf("edit %d: problems (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

// TestBlank shows that a file that is cut to nothing keeps its objects for the grace time.
func TestBlank(t *testing.T) {
	s := newStepper(t)
	write(t, s.path("a.yaml"), route("a", "/a"))
	s.step()
	write(t, s.path("a.yaml"), "")
	if got := changes(s.step()); got != nil {
		t.Errorf("at once: %v", got)
	}
	if got := s.blanks(); len(got) != 1 {
		t.Errorf("blanks: %v", got)
	}
	s.time = s.time.Add(blankGrace)
	if got := changes(s.step()); !cmp.Equal(got, []string{"-a"}) {
		t.Errorf("after the grace time: %v", got)
	}
	write(t, s.path("a.yaml"), route("a", "/b"))
	if got := changes(s.step()); !cmp.Equal(got, []string{"+a /b g1"}) {
		t.Errorf("written again: %v", got)
	}
}

// TestUnreadable shows that a file that cannot be read is a problem and keeps its objects.
func TestUnreadable(t *testing.T) {
	s := newStepper(t)
	write(t, s.path("a.yaml"), route("a", "/a"))
	s.step()
	if err := os.Remove(s.path("a.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/null", s.path("a.yaml")); err != nil {
		t.Fatal(err)
	}
	b := s.step()
	if got := changes(b); got != nil {
		t.Errorf("changes: %v", got)
	}
	if diff := cmp.Diff([]string{"a.yaml: is not a regular file"}, problems(b, s.dir)); diff != "" {
		t.Error(diff)
	}
	if !b.Problems[0].Live {
		t.Error("the problem does not say that the last good version is live")
	}
}

func TestDelivedObjectsStayAsTheyWere(t *testing.T) {
	s := newStepper(t)
	write(t, s.path("b.yaml"), route("a", "/second"))
	first := s.step().Changes[0].New
	write(t, s.path("a.yaml"), route("a", "/first"))
	s.step()
	if err := os.Remove(s.path("a.yaml")); err != nil {
		t.Fatal(err)
	}
	again := s.step().Changes[0].New
	if first.GetGeneration() != 1 || again.GetGeneration() != 3 {
		t.Errorf("generations: delivered first %d, again %d; want 1, 3", first.GetGeneration(), again.GetGeneration())
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), route("a", "/a"))
	b, err := Load(Options{
		Paths: []string{dir, Stdin}, Namespace: "team",
		Stdin: strings.NewReader(docs(route("b", "/b"), route("a", "/other"))),
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"+a /a g1", "+b /b g1"}, changes(b)); diff != "" {
		t.Error(diff)
	}
	want := []string{"-:10: HTTPRoute team/a: is already defined at a.yaml:1, which stays in force; remove one of the two"}
	if diff := cmp.Diff(want, problems(b, dir)); diff != "" {
		t.Error(diff)
	}
	if _, err := Load(Options{Paths: []string{filepath.Join(dir, "missing")}}); err == nil {
		t.Error("a path that is not there is no error")
	}
}

func TestSourceRefusesStdin(t *testing.T) {
	if _, err := New(Options{Paths: []string{Stdin}}); err == nil {
		t.Error("standard input was accepted for watching")
	}
}
