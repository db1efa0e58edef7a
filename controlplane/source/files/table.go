package files

import (
	"maps"
	"os"
	"slices"
	"time"

	"github.com/fairlead-mesh/fairlead/controlplane/source"
	"github.com/fairlead-mesh/fairlead/controlplane/source/manifest"
)

// table is what is on disk and what of it is in force.
type table struct {
	dec   *manifest.Decoder
	files map[string]*file
	// owners are the files that claim an object, in order; the first one's is in force.
	owners map[source.Key][]*file
	// contested are the objects with more than one owner.
	contested map[source.Key]struct{}
	live      map[source.Key]*source.Object
	problems  []source.Problem // of the last batch
	docs      int              // of all files
}

// file is one manifest file.
type file struct {
	id      fileID
	info    os.FileInfo // nil if it could not be read
	readAt  time.Time
	docs    []document
	good    map[source.Key]*source.Object // claimed by this file: good now, or last good
	faults  []source.Problem
	ignored map[source.Key]ignoredKind
	blankAt time.Time // when it was found cut to nothing, while its objects are held; else zero
}

type ignoredKind struct {
	origin source.Origin
	reason string
	count  int
}

func newTable(dec *manifest.Decoder) *table {
	return &table{
		dec:       dec,
		files:     make(map[string]*file),
		owners:    make(map[source.Key][]*file),
		contested: make(map[source.Key]struct{}),
		live:      make(map[source.Key]*source.Object),
	}
}

// update takes over a file's new documents and returns the keys whose claim changed.
func (t *table) update(f *file, docs []document) []source.Key {
	t.docs += len(docs) - len(f.docs)
	old := f.good
	f.docs, f.good, f.faults, f.ignored = docs, make(map[source.Key]*source.Object, len(docs)), nil, nil
	v := version{table: t, file: f, old: old}
	index := 0
	for i := range docs {
		for j := range docs[i].items {
			v.item(&docs[i].items[j], docs[i].line, index)
			index++
		}
	}
	v.settle()
	return t.claim(f, old)
}

// version is the taking-over of one file's new version.
type version struct {
	*table
	*file
	old    map[source.Key]*source.Object
	bad    []source.Key // refused, by name
	opaque bool         // a document's object cannot be told
}

func (v *version) item(it *manifest.Item, line, index int) {
	at := source.Origin{File: v.id.path, Line: line + it.Line, Index: index}
	switch {
	case it.Ignored != "":
		v.ignore(it, at)
	case it.Object == nil:
		v.refuse(it, line, at)
	default:
		if first, dup := v.good[it.Key]; dup {
			v.faults = append(v.faults, duplicate(it.Key, at, first.Origin))
			return
		}
		v.good[it.Key] = v.adopt(it, at)
	}
}

// adopt keeps the old object if the new one says the same.
func (v *version) adopt(it *manifest.Item, at source.Origin) *source.Object {
	obj := &source.Object{Typed: it.Object, Origin: at}
	was, ok := v.old[it.Key]
	if !ok {
		return obj
	}
	if was.Typed != it.Object {
		spec, meta := v.dec.Same(it.Key, was.Typed, it.Object)
		if !spec || !meta {
			return obj
		}
	}
	if was.Origin == at {
		return was
	}
	return &source.Object{Typed: was.Typed, Origin: at}
}

func (v *version) refuse(it *manifest.Item, line int, at source.Origin) {
	if it.Key.Name == "" {
		v.opaque = true
	} else {
		v.bad = append(v.bad, it.Key)
	}
	_, live := v.old[it.Key]
	for i, f := range it.Faults {
		at := at
		at.Line = line + it.FaultLine(i)
		v.faults = append(v.faults, source.Problem{Origin: at, Key: it.Key, Field: f.Field, Reason: f.Reason, Live: live})
	}
}

func (v *version) ignore(it *manifest.Item, at source.Origin) {
	if v.ignored == nil {
		v.ignored = make(map[source.Key]ignoredKind)
	}
	k, ok := v.ignored[it.Key]
	if !ok {
		k = ignoredKind{origin: at, reason: it.Ignored}
	}
	k.count++
	v.ignored[it.Key] = k
}

// settle holds the last good version of what is bad now.
func (v *version) settle() {
	hold := func(key source.Key) {
		if was, ok := v.old[key]; ok && v.good[key] == nil {
			v.good[key] = was
		}
	}
	for _, key := range v.bad {
		hold(key)
	}
	if v.opaque {
		for key := range v.old {
			hold(key)
		}
	}
}

// claim enters what a file claims now, against what it claimed before, and returns the keys that differ.
func (t *table) claim(f *file, old map[source.Key]*source.Object) []source.Key {
	var touched []source.Key
	for key := range old {
		if f.good[key] == nil {
			t.disown(key, f)
			touched = append(touched, key)
		}
	}
	for key, obj := range f.good {
		was, ok := old[key]
		if !ok {
			t.own(key, f)
		}
		if !ok || was.Typed != obj.Typed {
			touched = append(touched, key)
		}
	}
	return touched
}

func (t *table) own(key source.Key, f *file) {
	o := t.owners[key]
	i, _ := slices.BinarySearchFunc(o, f, func(a, b *file) int { return a.id.compare(b.id) })
	if o = slices.Insert(o, i, f); len(o) > 1 {
		t.contested[key] = struct{}{}
	}
	t.owners[key] = o
}

func (t *table) disown(key source.Key, f *file) {
	o := slices.DeleteFunc(t.owners[key], func(g *file) bool { return g == f })
	if len(o) < 2 {
		delete(t.contested, key)
	}
	if len(o) == 0 {
		delete(t.owners, key)
		return
	}
	t.owners[key] = o
}

// remove takes a file's claims back.
func (t *table) remove(path string) []source.Key {
	f := t.files[path]
	delete(t.files, path)
	t.docs -= len(f.docs)
	old := f.good
	f.good = nil
	return t.claim(f, old)
}

// batch makes the changes that touched keys came to. It reports false if there is nothing to tell.
func (t *table) batch(touched []source.Key) (source.Batch, bool) {
	slices.SortFunc(touched, source.Key.Compare)
	var b source.Batch
	for _, key := range slices.Compact(touched) {
		if c, ok := t.resolve(key); ok {
			b.Changes = append(b.Changes, c)
		}
	}
	b.Problems = t.report()
	changed := len(b.Changes) > 0 || !slices.Equal(b.Problems, t.problems)
	t.problems = b.Problems
	return b, changed
}

// resolve puts the first owner's version in force.
func (t *table) resolve(key source.Key) (source.Change, bool) {
	was := t.live[key]
	owners := t.owners[key]
	if len(owners) == 0 {
		delete(t.live, key)
		return source.Change{Key: key, Old: was}, was != nil
	}
	now := owners[0].good[key]
	if was == nil {
		t.live[key] = now
		return source.Change{Key: key, New: now}, true
	}
	if was.Typed == now.Typed {
		return source.Change{}, false
	}
	spec, meta := t.dec.Same(key, was.Typed, now.Typed)
	if spec && meta {
		return source.Change{}, false
	}
	now = withGeneration(now, was.GetGeneration(), spec)
	owners[0].good[key], t.live[key] = now, now
	return source.Change{Key: key, Old: was, New: now}, true
}

// withGeneration counts the generation on, as an API server does when the spec changes. The object may have been
// delivered before (its file lost the object to another and got it back), so it is copied if it must change.
func withGeneration(o *source.Object, last int64, sameSpec bool) *source.Object {
	want := last
	if !sameSpec {
		want++
	}
	if o.GetGeneration() == want {
		return o
	}
	typed, ok := o.DeepCopyObject().(source.Typed)
	if !ok {
		return o
	}
	typed.SetGeneration(want)
	return &source.Object{Typed: typed, Origin: o.Origin}
}

func duplicate(key source.Key, at, first source.Origin) source.Problem {
	return source.Problem{
		Origin: at, Key: key,
		Reason: "is already defined at " + first.String() + ", which stays in force; remove one of the two",
	}
}

// report lists every current problem.
func (t *table) report() []source.Problem {
	var out []source.Problem
	ignored := make(map[source.Key]ignoredKind)
	for _, f := range t.files {
		out = append(out, f.faults...)
		for key, k := range f.ignored {
			all, ok := ignored[key]
			if !ok || k.origin.Compare(all.origin) < 0 {
				all.origin, all.reason = k.origin, k.reason
			}
			all.count += k.count
			ignored[key] = all
		}
	}
	for key, k := range ignored {
		out = append(out, source.Problem{
			Severity: source.Ignored, Origin: k.origin, Key: key, Reason: k.reason, Count: k.count,
		})
	}
	for key := range t.contested {
		owners := t.owners[key]
		for _, loser := range owners[1:] {
			out = append(out, duplicate(key, loser.good[key].Origin, owners[0].good[key].Origin))
		}
	}
	slices.SortFunc(out, source.Problem.Compare)
	return out
}

// paths lists the files in no order.
func (t *table) paths() []string { return slices.Collect(maps.Keys(t.files)) }
