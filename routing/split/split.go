// Package split picks one of several weighted shares.
package split

import (
	"fmt"
	"math/rand/v2"
)

// MaxWeight bounds one share, as Gateway API does (HTTPRoute backendRefs[].weight).
const MaxWeight = 1_000_000

// Shares is a frozen list of weights.
type Shares struct {
	bounds []uint32 // bounds[i] is the sum of the weights up to and with i
}

// New freezes weights. All of them may be zero: then nothing is ever picked.
func New(weights []uint32) (Shares, error) {
	bounds := make([]uint32, len(weights))
	sum := uint32(0)
	for i, w := range weights {
		if w > MaxWeight {
			return Shares{}, fmt.Errorf("weight %d: more than %d", w, MaxWeight)
		}
		if sum+w < sum {
			return Shares{}, fmt.Errorf("%d weights: their sum is too large", len(weights))
		}
		sum += w
		bounds[i] = sum
	}
	return Shares{bounds: bounds}, nil
}

// Pick returns the number of a share, at random by weight, or -1 if no share has any.
// A share of weight 0 is never picked. It neither blocks nor allocates.
func (s *Shares) Pick() int {
	n := len(s.bounds)
	if n == 0 || s.bounds[n-1] == 0 {
		return -1
	}
	if n == 1 {
		return 0
	}
	at := rand.Uint32N(s.bounds[n-1])
	for i, b := range s.bounds {
		if at < b {
			return i
		}
	}
	return n - 1
}
