package balance

import (
	"math"
	"math/rand/v2"
	"testing"
)

type target struct {
	name int
	load Load
}

func makeSet(policy Policy, cursor *Cursor, weights ...uint32) (*Set[*target], []*target) {
	var list []Candidate[*target]
	var targets []*target
	for i, w := range weights {
		t := &target{name: i}
		targets = append(targets, t)
		list = append(list, Candidate[*target]{Value: t, Load: &t.load, Weight: w})
	}
	return NewSet(policy, cursor, list), targets
}

func repeat(w uint32, n int) []uint32 {
	list := make([]uint32, n)
	for i := range list {
		list[i] = w
	}
	return list
}

// Over 20,000 picks every share stays within one percent of all picks, and a chi-square
// test with a bound of p ≈ 10⁻⁶ finds nothing. The source of randomness is seeded: the test is
// deterministic.
func TestSharesFollowWeights(t *testing.T) {
	const picks = 20_000
	weightings := []struct {
		name    string
		weights []uint32
	}{
		{"two equal", []uint32{1, 1}},
		{"zero means one", []uint32{0, 1, 0}},
		{"ninety to ten", []uint32{90, 10}},
		{"small and large", []uint32{5, 1, 1}},
		{"very uneven", []uint32{1 << 31, 1 << 20, 1 << 31}},
		{"ten equal", repeat(3, 10)},
		{"many in one cell", append(repeat(1, 30), 1000)},
	}
	policies := []struct {
		name   string
		policy Policy
	}{{"round robin", RoundRobin}, {"random", Random}, {"least request", LeastRequest}}
	for _, p := range policies {
		for _, tt := range weightings {
			t.Run(p.name+"/"+tt.name, func(t *testing.T) {
				set, _ := makeSet(p.policy, new(Cursor), tt.weights...)
				random := rand.New(rand.NewPCG(1, 2))
				counts := make([]float64, len(tt.weights))
				for range picks {
					counts[set.Pick(random.Uint64()).name]++
				}
				total := 0.0
				for _, w := range tt.weights {
					total += float64(max(1, w))
				}
				chi := 0.0
				for i, w := range tt.weights {
					want := picks * float64(max(1, w)) / total
					if math.Abs(counts[i]-want) > picks/100 {
						t.Errorf("endpoint %d got %v of %d, want %.0f", i, counts[i], picks, want)
					}
					if want >= 5 {
						chi += (counts[i] - want) * (counts[i] - want) / want
					}
				}
				n := float64(len(counts))
				if bound := n + 5*math.Sqrt(2*n) + 10; chi > bound {
					t.Errorf("chi-square %.1f for %v endpoints, bound %.1f", chi, n, bound)
				}
			})
		}
	}
}

func TestRoundRobinTakesTurns(t *testing.T) {
	cursor := new(Cursor)
	set, _ := makeSet(RoundRobin, cursor, 2, 2, 2)
	for i := range 9 {
		if i == 5 { // a new set goes on where the old one was
			set, _ = makeSet(RoundRobin, cursor, 7, 7, 7)
		}
		if got := set.Pick(0).name; got != i%3 {
			t.Fatalf("pick %d went to %d", i, got)
		}
	}
}

// A weighted round robin never strays far from the ideal line, and never sends a
// light endpoint's share in a burst.
func TestRoundRobinIsSmooth(t *testing.T) {
	set, _ := makeSet(RoundRobin, new(Cursor), 5, 1, 1)
	counts, row, last := [3]float64{}, 0, -1
	for i := 1.0; i <= 7000; i++ {
		got := set.Pick(0).name
		counts[got]++
		if got == last {
			row++
		} else {
			row, last = 1, got
		}
		if got != 0 && row > 2 {
			t.Fatalf("endpoint %d was picked %d times in a row", got, row)
		}
		for j, w := range []float64{5, 1, 1} {
			if off := math.Abs(counts[j] - i*w/7); off > 4 {
				t.Fatalf("after %v picks endpoint %d is %.1f off its share", i, j, off)
			}
		}
	}
}

func TestLeastRequestAvoidsTheBusy(t *testing.T) {
	tests := []struct {
		name    string
		weights []uint32
		active  []int
		never   int
	}{
		{"the busiest is never the better of two", []uint32{1, 1, 1}, []int{0, 5, 1}, 1},
		{"load counts for weight", []uint32{10, 1, 1}, []int{9, 0, 3}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, targets := makeSet(LeastRequest, nil, tt.weights...)
			for i, n := range tt.active {
				for range n {
					targets[i].load.Begin()
				}
			}
			random := rand.New(rand.NewPCG(3, 4))
			for range 2000 {
				if got := set.Pick(random.Uint64()).name; got == tt.never {
					t.Fatalf("picked endpoint %d", got)
				}
			}
			targets[tt.never].load.End()
			if got := targets[tt.never].load.Active(); got != int64(tt.active[tt.never]-1) {
				t.Errorf("active = %d after End", got)
			}
		})
	}
}

func TestDrainingOnlyIfNoneIsReady(t *testing.T) {
	tests := []struct {
		name     string
		draining []bool
		want     map[int]bool
	}{
		{"one ready", []bool{true, false, true}, map[int]bool{1: true}},
		{"none ready", []bool{true, true}, map[int]bool{0: true, 1: true}},
		{"all ready", []bool{false, false}, map[int]bool{0: true, 1: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var list []Candidate[*target]
			for i, d := range tt.draining {
				list = append(list, Candidate[*target]{Value: &target{name: i}, Weight: uint32(i), Draining: d})
			}
			set := NewSet(Random, nil, list)
			random := rand.New(rand.NewPCG(5, 6))
			got := map[int]bool{}
			for range 200 {
				got[set.Pick(random.Uint64()).name] = true
			}
			for i := range tt.draining {
				if got[i] != tt.want[i] {
					t.Errorf("endpoint %d picked: %v", i, got[i])
				}
			}
			if set.Len() != len(tt.want) || len(set.All()) != len(tt.want) {
				t.Errorf("%d candidates, want %d", set.Len(), len(tt.want))
			}
		})
	}
}

func TestNoEndpoint(t *testing.T) {
	for _, p := range []Policy{LeastRequest, RoundRobin, Random} {
		if got := NewSet[*target](p, new(Cursor), nil).Pick(1); got != nil {
			t.Errorf("policy %d picked %v out of nothing", p, got)
		}
	}
}

func TestSharesAtTheEdges(t *testing.T) {
	s := newShares([]uint32{5, 1, 2})
	for point := range uint64(8) {
		want := [8]int{0, 0, 0, 0, 0, 1, 2, 2}[point]
		for _, x := range []uint64{point << 61, (point+1)<<61 - 1} {
			if got := s.at(x); got != want {
				t.Errorf("at(%#x) = %d, want %d", x, got, want)
			}
		}
	}
}

func TestPickDoesNotAllocate(t *testing.T) {
	for _, p := range []Policy{LeastRequest, RoundRobin, Random} {
		set, _ := makeSet(p, new(Cursor), 1, 2, 3, 4)
		if n := testing.AllocsPerRun(100, func() { set.Pick(rand.Uint64()) }); n > 0 {
			t.Errorf("policy %d: %v allocations for each pick", p, n)
		}
	}
}

func BenchmarkPick(b *testing.B) {
	weights := func(n int) []uint32 {
		list := make([]uint32, n)
		for i := range list {
			list[i] = uint32(1 + i%7)
		}
		return list
	}
	for _, p := range []struct {
		name   string
		policy Policy
	}{{"least", LeastRequest}, {"robin", RoundRobin}, {"random", Random}} {
		for _, n := range []struct {
			name string
			n    int
		}{{"10", 10}, {"1000", 1000}} {
			b.Run(p.name+"/"+n.name, func(b *testing.B) {
				set, _ := makeSet(p.policy, new(Cursor), weights(n.n)...)
				b.ReportAllocs()
				for b.Loop() {
					set.Pick(rand.Uint64())
				}
			})
		}
	}
}
