package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// Summary is what repetitions of one measurement come to.
type Summary struct {
	Median, Min, Max float64
}

// Summarise summarises at least one value. Of an even number of values, the median is the mean of the middle two.
func Summarise(values []float64) Summary {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return Summary{
		Median: (sorted[(n-1)/2] + sorted[n/2]) / 2,
		Min:    sorted[0],
		Max:    sorted[n-1],
	}
}

// Spread is "median (min–max)" with that many decimals.
func (s Summary) Spread(decimals int) string {
	return fmt.Sprintf("%.*f (%.*f–%.*f)", decimals, s.Median, decimals, s.Min, decimals, s.Max)
}

// Percentile is the smallest of at least one value that share (0 to 1) of all values do not exceed: the nearest rank.
func Percentile[T cmp.Ordered](values []T, share float64) T {
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(share * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

// Bar compares a figure with the most it may be.
func Bar(figure, limit float64, unit string) string {
	if figure <= limit {
		return fmt.Sprintf("**PASS**: %.4g %s, bar %.4g", figure, unit, limit)
	}
	return fmt.Sprintf("**short by %.3g %s**: %.4g, bar %.4g", figure-limit, unit, figure, limit)
}

// MiB formats a number of bytes.
func MiB(bytes int64) string { return fmt.Sprintf("%.1f", float64(bytes)/(1<<20)) }

// Milliseconds formats a duration.
func Milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f", float64(d)/float64(time.Millisecond))
}
