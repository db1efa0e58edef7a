package source

import "context"

// Source delivers objects until ctx ends.
//
// The first batch holds every object there is (it may be empty); each later one holds what one settled event
// changed. The consumer applies a batch as one transaction: objects that were changed together go live together.
// Run returns nil when ctx ends, and an error only when the source cannot work at all.
type Source interface {
	Run(ctx context.Context, sink func(Batch)) error
}

// Batch is what changed, and everything that is wrong at that moment.
type Batch struct {
	// Changes holds at most one change for each Key, ordered by Key.
	Changes []Change
	// Problems is the whole current list, not a difference, ordered by place.
	Problems []Problem
}

// Change is one object added (Old nil), modified, or removed (New nil).
type Change struct {
	Key      Key
	Old, New *Object
}
