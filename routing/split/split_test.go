package split

import (
	"math"
	"testing"
)

func TestPick(t *testing.T) {
	tests := []struct {
		name    string
		weights []uint32
	}{
		{"canary", []uint32{90, 10}},
		{"zero between", []uint32{50, 0, 50}},
		{"zero first", []uint32{0, 1}},
		{"three", []uint32{1, 2, 7}},
		{"one", []uint32{5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := New(tt.weights)
			if err != nil {
				t.Fatal(err)
			}
			sum := uint32(0)
			for _, w := range tt.weights {
				sum += w
			}
			const n = 100_000
			got := make([]int, len(tt.weights))
			for range n {
				got[s.Pick()]++
			}
			for i, w := range tt.weights {
				want := float64(w) / float64(sum)
				// Six standard deviations: fails by chance once in 5e8 runs.
				slack := 6 * math.Sqrt(want*(1-want)/n)
				if share := float64(got[i]) / n; math.Abs(share-want) > slack {
					t.Errorf("share %d got %.4f, want %.4f ± %.4f", i, share, want, slack)
				}
				if w == 0 && got[i] != 0 {
					t.Errorf("share %d of weight 0 was picked %d times", i, got[i])
				}
			}
		})
	}
}

func TestNothingToPick(t *testing.T) {
	for _, weights := range [][]uint32{nil, {0}, {0, 0}} {
		s, err := New(weights)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Pick(); got != -1 {
			t.Errorf("%v: picked %d", weights, got)
		}
	}
}

func TestWeightTooLarge(t *testing.T) {
	if _, err := New([]uint32{MaxWeight + 1}); err == nil {
		t.Error("accepted")
	}
}
