package listener

import (
	"fmt"
	"math"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

// Settings are what configuration says about reading HTTP from clients, every default
// filled in. They are read-only once NewSettings has returned them.
type Settings struct {
	Rules    wire.Rules
	Target   wire.TargetRules
	Trust    Trust
	Timeouts Timeouts

	// RequestsPerConnection is after how many requests a connection is closed; 0: never.
	RequestsPerConnection int
	// Connections is how many may be open on the socket.
	Connections int
	// ContentBytes is the most a request's content may have.
	ContentBytes int64

	// Via is our pseudonym in Via fields and Server the value of Server in responses;
	// empty for none.
	Via    string
	Server []byte
	// OmitRequestID: do not make or pass X-Request-Id.
	OmitRequestID bool
	// OriginalPath: send X-Envoy-Original-Path after a rewrite.
	OriginalPath bool
}

// Timeouts are those of config.HttpTimeouts.
type Timeouts struct {
	FirstByte  time.Duration
	Head       time.Duration
	Idle       time.Duration
	StreamIdle time.Duration
	// BodyRate is the bytes per second a request body must average after BodyGrace.
	BodyRate int64
}

// BodyGrace is how long a body may take before its rate is judged.
const BodyGrace = 5 * time.Second

// Defaults of config.HttpLimits and config.HttpTimeouts, as the contract says them.
const (
	defaultConnections = 10000
	defaultFirstByte   = 10 * time.Second
	defaultHead        = 5 * time.Second
	defaultIdle        = 60 * time.Second
	defaultStreamIdle  = 300 * time.Second
	defaultBodyRate    = 240

	minHeadBytes = 256
	maxHeadBytes = 8 << 20
)

// NewSettings merges layers field by field, the widest first: what a later layer says
// wins. Nil layers are passed over. An error names the field.
func NewSettings(layers ...*config.HttpSettings) (*Settings, error) {
	s := &Settings{
		Rules:        *wire.DefaultRequestRules(),
		Connections:  defaultConnections,
		ContentBytes: math.MaxInt64,
		Timeouts: Timeouts{
			FirstByte: defaultFirstByte, Head: defaultHead, Idle: defaultIdle,
			StreamIdle: defaultStreamIdle, BodyRate: defaultBodyRate,
		},
	}
	for _, layer := range layers {
		if err := s.apply(layer); err != nil {
			return nil, err
		}
	}
	s.Trust.finish()
	return s, nil
}

func (s *Settings) apply(layer *config.HttpSettings) error {
	if layer == nil {
		return nil
	}
	if err := s.applyNormalization(layer.GetPathNormalization()); err != nil {
		return err
	}
	if err := s.Trust.apply(layer.GetForwarding()); err != nil {
		return err
	}
	if err := s.applyLimits(layer.GetLimits()); err != nil {
		return err
	}
	if err := s.Timeouts.apply(layer.GetTimeouts()); err != nil {
		return err
	}
	return s.applyHeaders(layer.GetHeaders())
}

func (s *Settings) applyNormalization(mode config.PathNormalization) error {
	switch mode {
	case config.PathNormalization_PATH_NORMALIZATION_UNSPECIFIED:
	case config.PathNormalization_PATH_NORMALIZATION_NONE:
		s.Target.Normalization = wire.NormalizeNone
	case config.PathNormalization_PATH_NORMALIZATION_BASE:
		s.Target.Normalization = wire.NormalizeBase
	case config.PathNormalization_PATH_NORMALIZATION_MERGE_SLASHES:
		s.Target.Normalization = wire.NormalizeMergeSlashes
	case config.PathNormalization_PATH_NORMALIZATION_DECODE_AND_MERGE_SLASHES:
		s.Target.Normalization = wire.NormalizeDecodeAndMergeSlashes
	default:
		return fmt.Errorf("http.path_normalization: unknown mode %d", mode)
	}
	return nil
}

func (s *Settings) applyLimits(l *config.HttpLimits) error {
	if n := l.GetHeadBytes(); n != 0 && (n < minHeadBytes || n > maxHeadBytes) {
		return fmt.Errorf("http.limits.head_bytes: %d is not between %d and %d",
			n, minHeadBytes, maxHeadBytes)
	}
	if n := l.GetContentBytes(); n > math.MaxInt64 {
		return fmt.Errorf("http.limits.content_bytes: %d is too large", n)
	}
	override(&s.Rules.StartLine, l.GetRequestLineBytes())
	override(&s.Rules.FieldValue, l.GetFieldValueBytes())
	override(&s.Rules.Head, l.GetHeadBytes())
	override(&s.Rules.Fields, l.GetFields())
	override(&s.RequestsPerConnection, l.GetRequestsPerConnection())
	override(&s.Connections, l.GetConnections())
	override(&s.ContentBytes, l.GetContentBytes())
	return nil
}

func (s *Settings) applyHeaders(h *config.ProxyHeaders) error {
	if via := h.GetVia(); via != "" {
		if _, err := wire.AppendField(nil, []byte(via), nil); err != nil {
			return fmt.Errorf("http.headers.via: %q is not a token", via)
		}
		s.Via = via
	}
	if server := h.GetServer(); server != "" {
		if strings.TrimSpace(server) != server {
			return fmt.Errorf("http.headers.server: white space around %q", server)
		}
		if _, err := wire.AppendField(nil, []byte("server"), []byte(server)); err != nil {
			return fmt.Errorf("http.headers.server: %q is not a field value", server)
		}
		s.Server = []byte(server)
	}
	s.OmitRequestID = s.OmitRequestID || h.GetOmitRequestId()
	s.OriginalPath = s.OriginalPath || h.GetOriginalPath()
	return nil
}

func (t *Timeouts) apply(c *config.HttpTimeouts) error {
	for _, f := range []struct {
		name string
		to   *time.Duration
		from *durationpb.Duration
	}{
		{"first_byte", &t.FirstByte, c.GetFirstByte()},
		{"head", &t.Head, c.GetHead()},
		{"idle", &t.Idle, c.GetIdle()},
		{"stream_idle", &t.StreamIdle, c.GetStreamIdle()},
	} {
		if f.from == nil {
			continue
		}
		if err := f.from.CheckValid(); err != nil {
			return fmt.Errorf("http.timeouts.%s: %w", f.name, err)
		}
		d := f.from.AsDuration()
		if d <= 0 {
			return fmt.Errorf("http.timeouts.%s: %v is not positive", f.name, d)
		}
		*f.to = d
	}
	override(&t.BodyRate, c.GetBodyBytesPerSecond())
	return nil
}

// override sets to if from is not 0, which means "not set" in the contract.
func override[T int | int64, F uint32 | uint64](to *T, from F) {
	if from != 0 {
		*to = T(from)
	}
}
