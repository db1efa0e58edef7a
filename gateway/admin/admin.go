package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/net/netutil"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// DefaultAddress is loopback, and Envoy's admin port, where Istio's users look.
const DefaultAddress = "127.0.0.1:15000"

// Bounds of the server. Profiles take as long as they are asked to, up to writeTimeout.
const (
	maxConnections    = 256
	maxHeaderBytes    = 16 << 10
	maxBodyBytes      = 4 << 10
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 2 * time.Minute
	idleTimeout       = 30 * time.Second
	shutdownTimeout   = 2 * time.Second
)

// Options are what the server shows. A page whose field is nil answers 404.
type Options struct {
	// Config returns the live configuration. It is not changed.
	Config func() []*config.Resource
	// Rejected returns the resources that are refused, and why.
	Rejected func() []config.Rejection
	// Ready says whether traffic should come here, and if not, why: true once the first
	// snapshot is applied, until draining begins.
	Ready func() (bool, string)
	// Level is the level of the process's logger.
	Level *slog.LevelVar
	// Metrics are what Prometheus is shown.
	Metrics prometheus.Gatherer
	// Hosts are names, besides addresses and "localhost", that requests may call the
	// server by: those of a Service in front of it, for example.
	Hosts []string
	// Version is the program's own.
	Version string
	// Log hears of changes made here. Nil: nobody does.
	Log *slog.Logger
}

// Server is the administration server. It may be served on several listeners.
type Server struct {
	options Options
	handler http.Handler
}

// New returns a server that shows what options say.
func New(options Options) *Server {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{options: options}
	mux := http.NewServeMux()
	for _, p := range s.pages() {
		if p.handler == nil {
			continue
		}
		for _, method := range p.methods {
			mux.HandleFunc(method+" "+p.path, p.handler)
		}
	}
	s.handler = guard(mux, options.Hosts)
	return s
}

// ServeHTTP implements http.Handler, with every check of the real server.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// ListenAndServe binds an address such as DefaultAddress and serves until ctx ends.
func (s *Server) ListenAndServe(ctx context.Context, address string) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	return s.Serve(ctx, l)
}

// Serve serves on l, which it closes, until ctx ends; then it returns nil.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.options.Log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		if err := server.Shutdown(end); err != nil {
			server.Close() // a profile still under way
		}
	})
	s.options.Log.Info("administration server listens", "address", l.Addr().String())
	err := server.Serve(netutil.LimitListener(l, maxConnections))
	if !stop() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("admin: %w", err)
}

// page is one thing to see.
type page struct {
	path    string
	methods []string
	about   string // its line of the index; empty: not listed
	handler http.HandlerFunc
}

func (s *Server) pages() []page {
	get := []string{http.MethodGet} // and HEAD
	o := &s.options
	var metrics http.HandlerFunc
	if o.Metrics != nil {
		metrics = promhttp.HandlerFor(o.Metrics, promhttp.HandlerOpts{
			MaxRequestsInFlight: 4, Timeout: writeTimeout / 2,
		}).ServeHTTP
	}
	setLevel := []string{http.MethodPost, http.MethodPut}
	return []page{
		{"/{$}", get, "", s.index},
		{"/healthz/live", get, "200 while the process runs", s.live},
		{"/healthz/ready", get, "200 when a configuration is live and the proxy does not drain, else 503", when(o.Ready != nil, s.ready)},
		{"/metrics", get, "metrics, for Prometheus", metrics},
		{"/stats/prometheus", get, "the same, where Istio has them", metrics},
		{"/config", get, "the live configuration in YAML, without secrets; ?kind=route&name=NAME", when(o.Config != nil, s.config)},
		{"/config/rejected", get, "resources that are refused, and why; ?format=json", when(o.Rejected != nil, s.rejected)},
		{"/logging", get, "the log level; POST /logging?level=debug sets it", when(o.Level != nil, s.level)},
		{"/logging", setLevel, "", when(o.Level != nil, s.setLevel)},
		{"/version", get, "version of the program", s.version},
		{"/debug/pprof/", get, "profiles: heap, goroutine, mutex, …", pprof.Index},
		{"/debug/pprof/profile", get, "CPU profile; ?seconds=30", pprof.Profile},
		{"/debug/pprof/trace", get, "execution trace; ?seconds=1", pprof.Trace},
		{"/debug/pprof/symbol", get, "", pprof.Symbol},
		{"/debug/pprof/cmdline", get, "", pprof.Cmdline},
	}
}

func when(have bool, h http.HandlerFunc) http.HandlerFunc {
	if !have {
		return nil
	}
	return h
}
