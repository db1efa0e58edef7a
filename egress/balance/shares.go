package balance

import "math/bits"

// shares maps a number of 64 bits to one of n items, each with its share of the numbers.
//
// Items lie one after another on a line as long as the sum of all weights; ends holds
// where each one ends. The line is also cut into n equal cells, and guide holds the
// first item that reaches into each: weights 5 1 2 give
//
//	items  0 0 0 0 0 1 2 2      ends  5 6 8
//	cells  0 . . 1 . . 2 .      guide 0 0 2 2   (a cell is 8/3 long)
//
// so that a lookup goes to its cell and searches the few items there; with all of them
// in one cell it is a binary search.
type shares struct {
	ends  []uint64
	guide []int32 // one more than there are cells
}

func newShares(weights []uint32) shares {
	n := uint64(len(weights))
	s := shares{ends: make([]uint64, n), guide: make([]int32, n+1)}
	total := uint64(0)
	for i, w := range weights {
		total += uint64(w)
		s.ends[i] = total
	}
	item := 0
	for cell := range n {
		hi, lo := bits.Mul64(total, cell)
		start, _ := bits.Div64(hi, lo, n)
		for s.ends[item] <= start {
			item++
		}
		s.guide[cell] = int32(item)
	}
	s.guide[n] = int32(n - 1)
	return s
}

// at returns the item for x.
func (s *shares) at(x uint64) int {
	n := uint64(len(s.ends))
	point := uint64(scale(x, s.ends[n-1]))
	cell := scale(x, n)
	low, high := int(s.guide[cell]), int(s.guide[cell+1])
	for low < high {
		mid := int(uint(low+high) >> 1)
		if s.ends[mid] <= point {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// scale maps 64 bits evenly to [0, n).
func scale(x, n uint64) int {
	hi, _ := bits.Mul64(x, n)
	return int(hi)
}
