package exchange

import "bytes"

// Field is one field line. Name and Value are views: into a connection's read
// buffer, into configuration, or into the Exchange's scratch memory. They are
// read-only and live as long as the Exchange.
type Field struct {
	Name  []byte // as received, case kept (RFC 9110 §5.1: compared without case)
	Value []byte // without surrounding white space
	ID    FieldID
}

// Fields is an ordered list of field lines. Its zero value is empty.
type Fields struct {
	list []Field
}

// Len returns the number of field lines.
func (f *Fields) Len() int { return len(f.list) }

// All returns the field lines in order. The slice is the list's own: it is valid
// until the next change.
func (f *Fields) All() []Field { return f.list }

// Reset empties the list and keeps its memory.
func (f *Fields) Reset() {
	clear(f.list)
	f.list = f.list[:0]
}

// Append adds a field line at the end, repeated names included.
func (f *Fields) Append(field Field) { f.list = append(f.list, field) }

// Add appends a line by name; a name known to the table gets its ID.
func (f *Fields) Add(name, value []byte) {
	f.list = append(f.list, Field{Name: name, Value: value, ID: LookupFieldID(name)})
}

// Get returns the first value of a known field and whether there is one.
func (f *Fields) Get(id FieldID) ([]byte, bool) {
	for i := range f.list {
		if f.list[i].ID == id {
			return f.list[i].Value, true
		}
	}
	return nil, false
}

// Has reports whether a known field is present.
func (f *Fields) Has(id FieldID) bool {
	_, ok := f.Get(id)
	return ok
}

// Lookup returns the first value of a field by name, compared without case. Name
// is lower case.
func (f *Fields) Lookup(key FieldKey) ([]byte, bool) {
	for i := range f.list {
		if key.Matches(&f.list[i]) {
			return f.list[i].Value, true
		}
	}
	return nil, false
}

// Count returns the number of lines with that name.
func (f *Fields) Count(key FieldKey) int {
	n := 0
	for i := range f.list {
		if key.Matches(&f.list[i]) {
			n++
		}
	}
	return n
}

// Set replaces every line of that name by one with this value, at the place of
// the first, or at the end if there was none.
func (f *Fields) Set(key FieldKey, value []byte) {
	for i := range f.list {
		if key.Matches(&f.list[i]) {
			f.list[i].Value = value
			f.deleteFrom(i+1, key)
			return
		}
	}
	f.list = append(f.list, Field{Name: key.name, Value: value, ID: key.id})
}

// Del removes every line of that name and returns how many there were.
func (f *Fields) Del(key FieldKey) int { return f.deleteFrom(0, key) }

// DelID removes every line of a known field.
func (f *Fields) DelID(id FieldID) int { return f.deleteFrom(0, FieldKey{id: id}) }

func (f *Fields) deleteFrom(start int, key FieldKey) int {
	kept := start
	for i := start; i < len(f.list); i++ {
		if key.Matches(&f.list[i]) {
			continue
		}
		if kept != i {
			f.list[kept] = f.list[i]
		}
		kept++
	}
	n := len(f.list) - kept
	clear(f.list[kept:])
	f.list = f.list[:kept]
	return n
}

// CopyFrom makes f a copy of other; the lines' bytes are shared.
func (f *Fields) CopyFrom(other *Fields) {
	f.list = append(f.list[:0], other.list...)
}

// FieldKey is a field name prepared for comparison: made once, at compile time,
// by KeyOf.
type FieldKey struct {
	name []byte // as it is written when a line is added
	id   FieldID
}

// KeyOf prepares a field name for lookups. The case of the name is kept for
// lines that Set adds.
func KeyOf(name string) FieldKey {
	b := []byte(name)
	return FieldKey{name: b, id: LookupFieldID(b)}
}

// Name returns the name as given to KeyOf.
func (k FieldKey) Name() []byte { return k.name }

// ID returns the known field's number, or FieldOther.
func (k FieldKey) ID() FieldID { return k.id }

// Matches reports whether the line has this key's name.
func (k FieldKey) Matches(f *Field) bool {
	if k.id != FieldOther || f.ID != FieldOther {
		return k.id == f.ID
	}
	return len(k.name) == len(f.Name) && bytes.EqualFold(k.name, f.Name)
}
