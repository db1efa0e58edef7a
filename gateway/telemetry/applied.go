package telemetry

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Applied is one change of configuration that went live.
type Applied struct {
	// Version is config.Delta.Version.
	Version string
	// Took is the time from the delta's arrival to the swap.
	Took time.Duration
	// Resources and Rejected count what is live and what is refused, by kind.
	Resources, Rejected [config.KindCount]int
}

// configMetrics are written when configuration is applied. That is off the request path,
// so client_golang's own instruments do.
type configMetrics struct {
	took prometheus.Histogram

	mu    sync.Mutex
	last  Applied
	count uint64
}

func newConfigMetrics() *configMetrics {
	return &configMetrics{took: prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "fairlead_config_apply_seconds",
		Help:    "Time from the arrival of a change of configuration to its going live.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	})}
}

// Applied records a change of configuration. It is not for the request path.
func (r *Registry) Applied(a Applied) {
	r.config.took.Observe(a.Took.Seconds())
	r.config.mu.Lock()
	defer r.config.mu.Unlock()
	r.config.last = a
	r.config.count++
}

// Rejected records what is refused when that changes between two changes of
// configuration: a port became free.
func (r *Registry) Rejected(rejected [config.KindCount]int) {
	r.config.mu.Lock()
	defer r.config.mu.Unlock()
	r.config.last.Rejected = rejected
}

func (m *configMetrics) collect(ch chan<- prometheus.Metric) {
	m.took.Collect(ch)
	m.mu.Lock()
	last, count := m.last, m.count
	m.mu.Unlock()
	ch <- counter(descConfigApplied, float64(count))
	if count == 0 {
		return // no version yet
	}
	ch <- gauge(descConfigVersion, 1, labelValue(last.Version))
	for kind := config.KindNone + 1; kind < config.KindCount; kind++ {
		ch <- gauge(descConfigResources, float64(last.Resources[kind]), kind.String())
		ch <- gauge(descConfigRejected, float64(last.Rejected[kind]), kind.String())
	}
}
