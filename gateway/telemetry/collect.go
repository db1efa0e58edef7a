package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"
)

// What a scrape can hold besides go_*, process_* and fairlead_config_apply_seconds.
var (
	descRequests = desc("istio_requests_total", "Requests, counted at their end.", requestLabels...)
	descDuration = desc("istio_request_duration_milliseconds", "Time from a request's first byte to its end.", requestLabels...)
	descReceived = desc("istio_request_bytes", "Bytes of request content.", requestLabels...)
	descSent     = desc("istio_response_bytes", "Bytes of response content.", requestLabels...)
	descBuild    = desc("istio_build", "The version that runs.", "component", "tag")

	descConnectionsActive = desc("fairlead_connections_active", "Connections that are open.", "listener")
	descConnections       = desc("fairlead_connections_total", "Connections that were accepted.", "listener")
	descRefused           = desc("fairlead_requests_refused_total", "Requests refused before routing: grammar, limits, time.", "reason")
	descExpiry            = desc("fairlead_certificate_expiry_seconds", "When a certificate expires, in seconds since 1970.", "certificate")
	descPanics            = desc("fairlead_panics_total", "Panics that were recovered; each killed one stream.")

	descBackendRequests  = desc("fairlead_backend_requests_total", "Requests handed to an endpoint, every attempt.", "backend")
	descBackendActive    = desc("fairlead_backend_requests_active", "Requests under way.", "backend")
	descBackendFailures  = desc("fairlead_backend_connect_failures_total", "Connections that could not be made.", "backend")
	descBackendStale     = desc("fairlead_backend_stale_retries_total", "Requests sent again because a kept connection had died.", "backend")
	descBackendConnected = desc("fairlead_backend_connections_active", "Connections that carry a request.", "backend")
	descBackendIdle      = desc("fairlead_backend_connections_idle", "Connections that are kept for later.", "backend")

	descConfigVersion   = desc("fairlead_config_version", "The version of the live configuration, as a label.", "version")
	descConfigApplied   = desc("fairlead_config_applied_total", "Changes of configuration that went live.")
	descConfigResources = desc("fairlead_config_resources", "Resources that are live.", "kind")
	descConfigRejected  = desc("fairlead_config_rejected_resources", "Resources that are refused; /config/rejected says why.", "kind")

	descDropped      = desc("fairlead_metrics_dropped_total", "Destinations whose series were discarded or never made, for want of room.")
	descLogLines     = desc("fairlead_access_log_lines_total", "Access-log lines written.")
	descLogLinesLost = desc("fairlead_access_log_dropped_total", "Access-log lines dropped: the writer was too slow or failed.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

func counter(d *prometheus.Desc, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

func gauge(d *prometheus.Desc, v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

// collector makes client_golang's metrics of a Registry when Prometheus asks.
type collector Registry

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	c.config.took.Describe(ch)
	for _, d := range []*prometheus.Desc{
		descRequests, descDuration, descReceived, descSent, descBuild,
		descConnectionsActive, descConnections, descRefused, descExpiry, descPanics,
		descBackendRequests, descBackendActive, descBackendFailures, descBackendStale,
		descBackendConnected, descBackendIdle,
		descConfigVersion, descConfigApplied, descConfigResources, descConfigRejected,
		descDropped, descLogLines, descLogLinesLost,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	r := (*Registry)(c)
	for _, h := range r.handles() {
		h.collect(ch)
	}
	r.config.collect(ch)
	t := r.totals()
	t.collect(ch)
	ch <- gauge(descBuild, 1, "fairlead-proxy", r.options.Build)
	ch <- counter(descDropped, float64(r.dropped.Load()))
}

func (t *totals) collect(ch chan<- prometheus.Metric) {
	for name, l := range t.listeners {
		ch <- gauge(descConnectionsActive, float64(l.Active), name)
		ch <- counter(descConnections, float64(l.Accepted), name)
	}
	for reason, n := range t.refusals {
		ch <- counter(descRefused, float64(n), reason)
	}
	for name, at := range t.expiry {
		ch <- gauge(descExpiry, float64(at.Unix()), name)
	}
	for name, b := range t.backends {
		ch <- counter(descBackendRequests, float64(b.Requests), name)
		ch <- gauge(descBackendActive, float64(b.RequestsActive), name)
		ch <- counter(descBackendFailures, float64(b.ConnectFailures), name)
		ch <- counter(descBackendStale, float64(b.StaleRetries), name)
		ch <- gauge(descBackendConnected, float64(b.ConnectionsActive), name)
		ch <- gauge(descBackendIdle, float64(b.ConnectionsIdle), name)
	}
	ch <- counter(descPanics, float64(t.panics))
	ch <- counter(descLogLines, float64(t.lines.Written))
	ch <- counter(descLogLinesLost, float64(t.lines.Dropped))
}
