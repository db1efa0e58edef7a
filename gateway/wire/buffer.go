package wire

import "sync"

// Buffer sizes in bytes. A connection reads into a SmallBuffer; a body that fills it
// goes on in a LargeBuffer, which halves and halves again the system calls per byte.
const (
	SmallBuffer = 16 << 10
	LargeBuffer = 64 << 10
)

// Buffers are owned by who got them until they are put back; no view into one may be
// used after that. An idle connection owns none.
var (
	small = sync.Pool{New: func() any { return new([SmallBuffer]byte) }}
	large = sync.Pool{New: func() any { return new([LargeBuffer]byte) }}
)

// GetSmall returns a buffer of SmallBuffer bytes.
func GetSmall() *[SmallBuffer]byte { return small.Get().(*[SmallBuffer]byte) }

// PutSmall gives a buffer back. nil is ignored.
func PutSmall(b *[SmallBuffer]byte) {
	if b != nil {
		poison(b[:])
		small.Put(b)
	}
}

// GetLarge returns a buffer of LargeBuffer bytes.
func GetLarge() *[LargeBuffer]byte { return large.Get().(*[LargeBuffer]byte) }

// PutLarge gives a buffer back. nil is ignored.
func PutLarge(b *[LargeBuffer]byte) {
	if b != nil {
		poison(b[:])
		large.Put(b)
	}
}
