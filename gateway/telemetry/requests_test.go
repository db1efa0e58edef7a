package telemetry

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// scrape returns the metric families by name.
func scrape(t *testing.T, r *Registry) map[string]*dto.MetricFamily {
	t.Helper()
	list, err := r.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*dto.MetricFamily{}
	for _, f := range list {
		out[f.GetName()] = f
	}
	return out
}

// exposition returns the lines of our families in Prometheus's text form, sorted as it
// sorts them.
func exposition(t *testing.T, r *Registry) string {
	t.Helper()
	list, err := r.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, f := range list {
		if strings.HasPrefix(f.GetName(), "go_") || strings.HasPrefix(f.GetName(), "process_") {
			continue
		}
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// values returns the value of every metric of a family by the value of one label.
func values(f *dto.MetricFamily, label string) map[string]float64 {
	out := map[string]float64{}
	for _, m := range f.GetMetric() {
		key := ""
		for _, l := range m.GetLabel() {
			if l.GetName() == label {
				key = l.GetValue()
			}
		}
		out[key] += m.GetCounter().GetValue() + m.GetGauge().GetValue()
	}
	return out
}

func fullRegistry() (*Registry, *Requests) {
	r := NewRegistry(Options{
		Self:  Identity{Workload: "edge", Namespace: "istio-ingress", CanonicalService: "edge"},
		Build: "v1",
	})
	h := r.Requests(Destination{
		Service: "nginx.shop.svc.cluster.local", ServiceName: "nginx", ServiceNamespace: "shop",
	})
	h.Observe(200, "", 3*time.Millisecond, 0, 1024)
	h.Observe(200, "-", 700*time.Microsecond, 10, 2)
	h.Observe(503, "UH", 20*time.Second, 0, 91)
	r.Applied(Applied{Version: "7", Took: 2 * time.Millisecond, Resources: [config.KindCount]int{config.KindRoute: 5}, Rejected: [config.KindCount]int{config.KindRoute: 1}})
	r.Attach(Sources{
		Listeners: func(yield func(Listener) bool) { yield(Listener{Name: "edge/http", Active: 2, Accepted: 9}) },
		Refusals:  func(yield func(string, int64) bool) { _ = yield("host_missing", 3) && yield("bare_lf", 0) },
		Backends: func(yield func(Backend) bool) {
			yield(Backend{Name: "outbound|80||nginx", Requests: 5, ConnectFailures: 1, StaleRetries: 2, RequestsActive: 1, ConnectionsActive: 1, ConnectionsIdle: 4})
		},
		Panics: func() int64 { return 1 },
	})
	r.Attach(Sources{Refusals: func(yield func(string, int64) bool) { yield("bare_lf", 4) }})
	return r, h
}

func TestExposition(t *testing.T) {
	r, _ := fullRegistry()
	golden(t, "exposition.txt", exposition(t, r))
}

func TestLabelsAreIstios(t *testing.T) {
	r, _ := fullRegistry()
	got := map[string]string{}
	for _, l := range scrape(t, r)["istio_requests_total"].GetMetric()[0].GetLabel() {
		got[l.GetName()] = l.GetValue()
	}
	if len(got) != 25 {
		t.Errorf("%d labels, want 25", len(got))
	}
	for name, want := range map[string]string{
		"reporter": "source", "source_workload": "edge", "source_workload_namespace": "istio-ingress", "source_principal": "unknown",
		"destination_service": "nginx.shop.svc.cluster.local", "destination_service_name": "nginx", "destination_service_namespace": "shop",
		"destination_workload": "unknown", "request_protocol": "http", "response_code": "200", "response_flags": "-",
		"grpc_response_status": "", "connection_security_policy": "unknown",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

// Istio's duration is in milliseconds, which its users' dashboards need; there is nothing
// else that promtool would not like.
func TestExpositionLints(t *testing.T) {
	r, _ := fullRegistry()
	problems, err := promlint.New(strings.NewReader(exposition(t, r))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range problems {
		got[p.Metric] = p.Text
	}
	want := map[string]string{"istio_request_duration_milliseconds": `use base unit "seconds" instead of "milliseconds"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHistogramBounds(t *testing.T) {
	tests := []struct {
		name string
		took time.Duration
		size int64
		// The first bounds that hold them; 0 for +Inf.
		millis, bytes float64
	}{
		{"zero", 0, 0, 0.5, 0.5},
		{"on-a-bound", 5 * time.Millisecond, 5, 5, 5},
		{"past-a-bound", 5001 * time.Microsecond, 6, 10, 10},
		{"negative", -time.Second, -1, 0.5, 0.5},
		{"largest", time.Hour, 3_600_000, 3_600_000, 3_600_000},
		{"beyond", time.Hour + time.Millisecond, 3_600_001, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := NewRegistry(Options{})
			r.Requests(Destination{Service: "a"}).Observe(200, "", tt.took, tt.size, tt.size)
			families := scrape(t, r)
			for name, want := range map[string]float64{
				"istio_request_duration_milliseconds": tt.millis, "istio_request_bytes": tt.bytes, "istio_response_bytes": tt.bytes,
			} {
				h := families[name].GetMetric()[0].GetHistogram()
				first := 0.0
				for _, b := range h.GetBucket() {
					if b.GetCumulativeCount() == 1 {
						first = b.GetUpperBound()
						break
					}
				}
				if first != want || h.GetSampleCount() != 1 {
					t.Errorf("%s: first bucket %v, count %d; want %v", name, first, h.GetSampleCount(), want)
				}
			}
		})
	}
}

func TestStatusesAreBounded(t *testing.T) {
	r := NewRegistry(Options{})
	h := r.Requests(Destination{Service: "a"})
	for code := range 1200 {
		h.Observe(code, "", time.Millisecond, 0, 0)
	}
	h.Observe(-5, "UH", time.Millisecond, 0, 0)
	got := values(scrape(t, r)["istio_requests_total"], "response_code")
	if len(got) != maxCells+1 || got["unknown"] != 1200-maxCells+1 {
		t.Errorf("%d codes, %v unknown", len(got), got["unknown"])
	}
}

func TestDestinationsAreBounded(t *testing.T) {
	r := NewRegistry(Options{MaxDestinations: 2})
	get := func(name string) *Requests { return r.Requests(Destination{Service: name}) }
	count := func() map[string]float64 { return values(scrape(t, r)["istio_requests_total"], "destination_service") }
	a, b := get("a"), get("b")
	if get("a") != a {
		t.Fatal("one destination, two handles")
	}
	for _, h := range []*Requests{a, b, get("c")} {
		h.Observe(200, "", 0, 0, 0)
	}
	if diff := cmp.Diff(map[string]float64{"a": 1, "b": 1, "unknown": 1}, count()); diff != "" {
		t.Error("past the limit:", diff)
	}

	b.Release()
	a.Release() // one of two holders: still in use
	if diff := cmp.Diff(map[string]float64{"a": 1, "b": 1, "unknown": 1}, count()); diff != "" {
		t.Error("a released destination must keep its series while there is room:", diff)
	}
	get("d").Observe(200, "", 0, 0, 0)
	if diff := cmp.Diff(map[string]float64{"a": 1, "d": 1, "unknown": 1}, count()); diff != "" {
		t.Error("the idle one makes room:", diff)
	}
	b.Observe(200, "", 0, 0, 0) // a request that was still under way
	a.Release()
	if get("a") != a {
		t.Error("came back, and is not the same")
	}
	get("e").Observe(200, "", 0, 0, 0)
	if got := scrape(t, r)["fairlead_metrics_dropped_total"].GetMetric()[0].GetCounter().GetValue(); got != 3 {
		t.Errorf("dropped %v, want c, b and e", got)
	}
}

func TestLabelValuesAreClean(t *testing.T) {
	r := NewRegistry(Options{Build: "\xff"})
	h := r.Requests(Destination{Service: "a\xff\n\"", ServiceName: strings.Repeat("n", 1000)})
	h.Observe(200, "\xfe", 0, 0, 0)
	h.Observe(200, "\xff", 0, 0, 0)
	r.Applied(Applied{Version: "\xff"})
	r.Attach(Sources{
		Listeners: func(yield func(Listener) bool) { _ = yield(Listener{Name: "\xff"}) && yield(Listener{Name: "\xfe"}) },
		Backends:  func(yield func(Backend) bool) { _ = yield(Backend{Name: ""}) && yield(Backend{Name: "unknown"}) },
		Refusals:  func(yield func(string, int64) bool) { _ = yield("\xff", 1) && yield("\xfe", 1) },
	})
	if out := exposition(t, r); !strings.Contains(out, `destination_service="a�\n\""`) || strings.Contains(out, strings.Repeat("n", maxLabelBytes+1)) {
		t.Error(out)
	}
}

// Two handles with the same labels would make a scrape fail as a whole.
func TestSameLabelsAreOneHandle(t *testing.T) {
	r := NewRegistry(Options{})
	for _, same := range [][2]Destination{
		{{}, {Protocol: "http"}},
		{{}, {Service: "unknown", Security: "unknown"}},
		{{Service: "a\xff"}, {Service: "a\xfe"}},
		{{Service: strings.Repeat("a", 300)}, {Service: strings.Repeat("a", 301)}},
		{{Service: "a", App: "unknown"}, {Service: "a"}},
	} {
		a, b := r.Requests(same[0]), r.Requests(same[1])
		if a != b {
			t.Errorf("%v: two handles", same)
		}
		a.Observe(200, "", 0, 0, 0)
	}
	for range maxCells {
		r.other.Observe(-1, "unknown", 0, 0, 0)
		r.other.Observe(1000, "unknown", 0, 0, 0)
	}
	scrape(t, r)
	for range 3 {
		r.Requests(Destination{}).Release() // held by all who have nowhere to send
	}
}

func TestObserveConcurrently(t *testing.T) {
	r := NewRegistry(Options{MaxDestinations: 4})
	var wg sync.WaitGroup
	const each = 500
	for g := range 8 {
		wg.Go(func() {
			for i := range each {
				h := r.Requests(Destination{Service: "shared"})
				h.Observe(200+i%8, []string{"", "UH", "DC"}[i%3], time.Duration(i), 1, 2)
				h.Release()
				r.Requests(Destination{Service: fmt.Sprint(g, i%10)}).Release()
				if i%100 == 0 {
					scrape(t, r)
				}
			}
		})
	}
	wg.Wait()
	h := r.Requests(Destination{Service: "shared"})
	seen := map[cell]bool{}
	for _, c := range *h.cells.Load() {
		key := cell{code: c.code, flag: c.flag}
		if seen[key] {
			t.Errorf("two cells for %v", key)
		}
		seen[key] = true
	}
}

func TestObserveLosesNoCount(t *testing.T) {
	r := NewRegistry(Options{})
	h := r.Requests(Destination{Service: "a"})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 1000 {
				h.Observe(200+i%30, "", 0, 0, 0)
			}
		})
	}
	wg.Wait()
	if got := values(scrape(t, r)["istio_requests_total"], "destination_service")["a"]; got != 8000 {
		t.Errorf("counted %v of 8000", got)
	}
}

func TestObserveDoesNotAllocate(t *testing.T) {
	r := NewRegistry(Options{})
	h := r.Requests(Destination{Service: "a"})
	h.Observe(200, "", 0, 0, 0)
	h.Observe(503, "UH", 0, 0, 0)
	if n := testing.AllocsPerRun(1000, func() {
		h.Observe(200, "-", 3*time.Millisecond, 100, 4096)
		h.Observe(503, "UH", time.Second, 0, 91)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	h := NewRegistry(Options{}).Requests(Destination{Service: "a"})
	b.ReportAllocs()
	b.Run("one-goroutine", func(b *testing.B) {
		for b.Loop() {
			h.Observe(200, "-", 3*time.Millisecond, 0, 4096)
		}
	})
	b.Run("all-goroutines", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				h.Observe(200, "-", 3*time.Millisecond, 0, 4096)
			}
		})
	})
}

// BenchmarkScrape is one scrape of 1,000 destinations, each with one status.
func BenchmarkScrape(b *testing.B) {
	r := NewRegistry(Options{})
	for i := range 1000 {
		r.Requests(Destination{Service: fmt.Sprintf("s%d.shop.svc.cluster.local", i)}).Observe(200, "", 0, 0, 0)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Gatherer().Gather(); err != nil {
			b.Fatal(err)
		}
	}
}
