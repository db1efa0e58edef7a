package telemetry

import (
	"cmp"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// sample is one metric of a destination at the moment of a scrape. There are four for
// each pair of status and flag, with 25 labels each, so they share what they can:
// client_golang's constant metrics take twice the memory and five times the allocations.
type sample struct {
	desc      *prometheus.Desc
	labels    []*dto.LabelPair // sorted by name, shared
	counter   *dto.Counter
	histogram *dto.Histogram
}

// Desc implements prometheus.Metric.
func (s *sample) Desc() *prometheus.Desc { return s.desc }

// Write implements prometheus.Metric.
func (s *sample) Write(m *dto.Metric) error {
	m.Label, m.Counter, m.Histogram = s.labels, s.counter, s.histogram
	return nil
}

func (r *Requests) collect(ch chan<- prometheus.Metric) {
	cells := *r.cells.Load()
	if len(cells) == 0 {
		return
	}
	pairs := labelPairs(r.labels)
	for _, c := range cells {
		labels := slices.Clone(pairs)
		labels[sortedLabels[labelCode]] = pair(labelCode, codeLabel(c.code))
		labels[sortedLabels[labelFlags]] = pair(labelFlags, c.flag)
		took := c.counts.duration.snapshot(1000)
		total := float64(took.GetSampleCount())
		ch <- &sample{desc: descRequests, labels: labels, counter: &dto.Counter{Value: &total}}
		ch <- &sample{desc: descDuration, labels: labels, histogram: took}
		ch <- &sample{desc: descReceived, labels: labels, histogram: c.counts.received.snapshot(1)}
		ch <- &sample{desc: descSent, labels: labels, histogram: c.counts.sent.snapshot(1)}
	}
}

// sortedLabels says where each of requestLabels stands in the order of names, in which
// Prometheus wants them.
var sortedLabels = func() (at [25]int) {
	order := make([]int, len(requestLabels))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(requestLabels[a], requestLabels[b]) })
	for place, i := range order {
		at[i] = place
	}
	return at
}()

// labelPairs returns the pairs of requestLabels and values, sorted.
func labelPairs(values []string) []*dto.LabelPair {
	out := make([]*dto.LabelPair, len(requestLabels))
	for i := range values {
		out[sortedLabels[i]] = pair(i, values[i])
	}
	return out
}

func pair(label int, value string) *dto.LabelPair {
	return &dto.LabelPair{Name: &requestLabels[label], Value: &value}
}

// snapshot returns the histogram as it is now. Unit is how many of the sum's units make
// one of the bounds'.
func (h *histogram) snapshot(unit float64) *dto.Histogram {
	type bucket struct {
		message dto.Bucket
		count   uint64
	}
	list := make([]*dto.Bucket, len(bounds))
	buckets := make([]bucket, len(bounds))
	count := uint64(0)
	for i := range bounds {
		count += h.buckets[i].Load()
		b := &buckets[i]
		b.count = count
		b.message.CumulativeCount, b.message.UpperBound = &b.count, &bounds[i]
		list[i] = &b.message
	}
	count += h.buckets[len(bounds)].Load()
	sum := float64(h.sum.Load()) / unit
	return &dto.Histogram{SampleCount: &count, SampleSum: &sum, Bucket: list}
}
