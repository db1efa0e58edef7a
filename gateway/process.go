package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/fairlead-mesh/fairlead/egress/resolve"
	"github.com/fairlead-mesh/fairlead/gateway/admin"
	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/telemetry"
	"github.com/fairlead-mesh/fairlead/listener"
)

// ProcessOptions are a program's flags, as they were typed.
type ProcessOptions struct {
	// Version names the build in metrics.
	Version string

	AdminAddress    string // "" for none
	AccessLog       string // file; "" for none
	AccessLogFormat string // "text" or "json"
	LogLevel        string // "debug", "info", "warn", "error"
	LogFormat       string // "text" or "json"
	LogOutput       io.Writer

	PortOffset   int
	DrainTimeout time.Duration
	HalfClose    bool

	// TrustedHops and TrustedCIDRs are config.ForwardingTrust; PathNormalization a mode
	// of config.PathNormalization as Istio writes it; Via and OriginalPath those of
	// config.ProxyHeaders.
	TrustedHops       uint32
	TrustedCIDRs      []string
	PathNormalization string
	Via               string
	OriginalPath      bool
}

// Flags registers a flag for each option that is one, with its default.
func (o *ProcessOptions) Flags(f *pflag.FlagSet) {
	f.IntVar(&o.PortOffset, "port-offset", o.PortOffset, "added to every listener's port for its socket: with 8000, port 80 is served at 8080")
	f.StringVar(&o.AdminAddress, "admin-address", admin.DefaultAddress, `address of readiness, metrics and the configuration dump; "" for none`)
	f.StringVar(&o.AccessLog, "access-log", "", "file for the access log, such as /dev/stdout (default: none)")
	f.StringVar(&o.AccessLogFormat, "access-log-format", "text", "text (Istio's default line) or json")
	f.StringVar(&o.LogLevel, "log-level", "info", "debug, info, warn or error; also at run time through the admin address")
	f.StringVar(&o.LogFormat, "log-format", "text", "text or json")
	f.DurationVar(&o.DrainTimeout, "drain-timeout", DefaultDrainTimeout, "how long requests under way may take when a listener goes or the process ends")
	f.BoolVar(&o.HalfClose, "half-close", false, "go on with requests whose client has closed its direction (default: it has gone, as with Envoy and nginx)")
	f.Uint32Var(&o.TrustedHops, "trusted-hops", 0, "proxies in front of this one whose X-Forwarded-* fields are believed")
	f.StringSliceVar(&o.TrustedCIDRs, "trusted-cidr", nil, "peers that are believed (default, with --trusted-hops: all)")
	f.StringVar(&o.PathNormalization, "path-normalization", "BASE", "NONE, BASE, MERGE_SLASHES or DECODE_AND_MERGE_SLASHES, as Istio's pathNormalization")
	f.StringVar(&o.Via, "via", "", "pseudonym in Via fields (default: no Via)")
	f.BoolVar(&o.OriginalPath, "original-path", false, "send X-Envoy-Original-Path upstream after a rewrite")
}

// http returns the settings of every listener. Errors name the flag.
func (o *ProcessOptions) http() (*config.HttpSettings, error) {
	mode, ok := config.PathNormalization_value["PATH_NORMALIZATION_"+strings.ToUpper(o.PathNormalization)]
	if !ok {
		return nil, fmt.Errorf("--path-normalization %q: use NONE, BASE, MERGE_SLASHES or DECODE_AND_MERGE_SLASHES", o.PathNormalization)
	}
	s := &config.HttpSettings{
		PathNormalization: config.PathNormalization(mode),
		Forwarding:        &config.ForwardingTrust{TrustedHops: o.TrustedHops, TrustedCidrs: o.TrustedCIDRs},
		Headers:           &config.ProxyHeaders{Via: o.Via, OriginalPath: o.OriginalPath},
	}
	if _, err := listener.NewSettings(s); err != nil {
		return nil, fmt.Errorf("--trusted-hops, --trusted-cidr, --via: %w", err)
	}
	return s, nil
}

// flushTimeout is how long the access log may take to be written at the end.
const flushTimeout = 5 * time.Second

// Process is a data plane as a program runs it: the gateway, its logs, its metrics and its
// admin server.
type Process struct {
	options  ProcessOptions
	gateway  *Gateway
	admin    *admin.Server
	metrics  *telemetry.Registry
	access   *telemetry.AccessLog
	resolver *resolve.Resolver
	log      *slog.Logger
	level    slog.LevelVar
}

// NewProcess sets everything up and starts nothing. Errors name the flag.
func NewProcess(o ProcessOptions) (*Process, error) {
	p := &Process{options: o}
	if err := p.level.UnmarshalText([]byte(o.LogLevel)); err != nil {
		return nil, fmt.Errorf("--log-level %q: use debug, info, warn or error", o.LogLevel)
	}
	handler := &slog.HandlerOptions{Level: &p.level}
	switch o.LogFormat {
	case "text":
		p.log = slog.New(slog.NewTextHandler(o.LogOutput, handler))
	case "json":
		p.log = slog.New(slog.NewJSONHandler(o.LogOutput, handler))
	default:
		return nil, fmt.Errorf("--log-format %q: use text or json", o.LogFormat)
	}
	p.metrics = telemetry.NewRegistry(telemetry.Options{Build: o.Version})
	if err := p.openAccessLog(); err != nil {
		return nil, err
	}
	settings, err := o.http()
	if err != nil {
		return nil, err
	}
	p.resolver = resolve.New(resolve.NewClient(resolve.ClientOptions{}), resolve.Options{Logger: p.log})
	p.gateway = New(p.metrics, Options{
		PortOffset: o.PortOffset, DrainTimeout: o.DrainTimeout, HalfClose: o.HalfClose, HTTP: settings, AccessLog: p.access, Resolver: p.resolver, Log: p.log,
	})
	p.admin = admin.New(admin.Options{
		Version: o.Version, Ready: p.gateway.Ready, Config: p.gateway.Live,
		Rejected: func() []config.Rejection { return p.gateway.Ack().Rejected },
		Level:    &p.level, Metrics: p.metrics.Gatherer(), Log: p.log,
	})
	return p, nil
}

func (p *Process) openAccessLog() error {
	if p.options.AccessLog == "" {
		return nil
	}
	format := telemetry.FormatText
	switch p.options.AccessLogFormat {
	case "text":
	case "json":
		format = telemetry.FormatJSON
	default:
		return fmt.Errorf("--access-log-format %q: use text or json", p.options.AccessLogFormat)
	}
	f, err := os.OpenFile(p.options.AccessLog, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644) //nolint:gosec // G302: log collectors run as other users; umask narrows it
	if err != nil {
		return fmt.Errorf("--access-log: %w", err)
	}
	p.access = telemetry.NewAccessLog(f, telemetry.AccessLogOptions{Format: format, Log: p.log})
	return nil
}

// Gateway returns the data plane, for whoever configures it.
func (p *Process) Gateway() *Gateway { return p.gateway }

// Log returns the process's log.
func (p *Process) Log() *slog.Logger { return p.log }

// Run serves until ctx ends or configure fails, and then drains. Configure feeds the
// gateway with configuration until its context ends.
func (p *Process) Run(ctx context.Context, configure func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if p.options.AdminAddress != "" {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", p.options.AdminAddress)
		if err != nil {
			return fmt.Errorf("--admin-address: %w", err)
		}
		// It outlives ctx: probes are to see the drain.
		adminCtx, stopAdmin := context.WithCancel(context.WithoutCancel(ctx))
		served := make(chan error, 1)
		go func() { served <- p.admin.Serve(adminCtx, l) }()
		defer func() {
			stopAdmin()
			if err := <-served; err != nil {
				p.log.Error("admin pages ended early", "error", err)
			}
		}()
	}
	configured := make(chan error, 1)
	go func() {
		err := configure(ctx)
		stop(err)
		configured <- err
	}()
	<-ctx.Done()
	// Configuration stops before the drain, so that nothing opens sockets behind it.
	err := <-configured
	p.log.Info("draining", "timeout", p.gateway.options.DrainTimeout)
	p.gateway.Drain(context.Background())
	p.resolver.Close()
	flush, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	if err := p.access.Close(flush); err != nil {
		p.log.Warn("access log not written to its end", "error", err)
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
