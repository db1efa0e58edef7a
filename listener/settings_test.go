package listener

import (
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/wire"
)

func TestSettingsDefaults(t *testing.T) {
	s, err := NewSettings(nil, &config.HttpSettings{})
	if err != nil {
		t.Fatal(err)
	}
	want := Timeouts{
		FirstByte: 10 * time.Second, Head: 5 * time.Second, Idle: time.Minute,
		StreamIdle: 5 * time.Minute, BodyRate: 240,
	}
	if s.Timeouts != want {
		t.Errorf("timeouts %+v", s.Timeouts)
	}
	if s.Rules.StartLine != 8192 || s.Rules.FieldValue != 8192 || s.Rules.Head != 65536 ||
		s.Rules.Fields != 100 || s.Connections != 10000 || s.ContentBytes != math.MaxInt64 ||
		s.RequestsPerConnection != 0 || s.Target.Normalization != wire.NormalizeBase {
		t.Errorf("%+v", s)
	}
}

func TestSettingsMergeFieldByField(t *testing.T) {
	gateway := &config.HttpSettings{
		PathNormalization: config.PathNormalization_PATH_NORMALIZATION_MERGE_SLASHES,
		Forwarding:        &config.ForwardingTrust{TrustedHops: 1, TrustedCidrs: []string{"10.0.0.0/8"}},
		Limits:            &config.HttpLimits{Fields: 50, HeadBytes: 4096},
		Timeouts: &config.HttpTimeouts{
			Head: durationpb.New(1500 * time.Millisecond), Idle: durationpb.New(time.Second),
		},
		Headers: &config.ProxyHeaders{Via: "edge", OmitRequestId: true},
	}
	own := &config.HttpSettings{
		Forwarding: &config.ForwardingTrust{TrustedCidrs: []string{"192.0.2.0/24", "2001:db8::/32"}},
		Limits:     &config.HttpLimits{Fields: 60, ContentBytes: 7, Connections: 3, RequestsPerConnection: 9},
		Timeouts:   &config.HttpTimeouts{Head: durationpb.New(2 * time.Second), BodyBytesPerSecond: 1},
		Headers:    &config.ProxyHeaders{Server: "fairlead", OriginalPath: true},
	}
	s, err := NewSettings(gateway, own)
	if err != nil {
		t.Fatal(err)
	}
	if s.Rules.Fields != 60 || s.Rules.Head != 4096 || s.ContentBytes != 7 || s.Connections != 3 ||
		s.RequestsPerConnection != 9 {
		t.Errorf("limits: %+v", s)
	}
	if s.Timeouts.Head != 2*time.Second || s.Timeouts.Idle != time.Second || s.Timeouts.BodyRate != 1 {
		t.Errorf("timeouts: %+v", s.Timeouts)
	}
	if s.Via != "edge" || string(s.Server) != "fairlead" || !s.OmitRequestID || !s.OriginalPath {
		t.Errorf("headers: %+v", s)
	}
	if s.Trust.Hops != 1 || len(s.Trust.Blocks) != 2 || s.Trust.everyone {
		t.Errorf("trust: %+v", s.Trust)
	}
	if s.Target.Normalization != wire.NormalizeMergeSlashes {
		t.Errorf("normalization: %v", s.Target.Normalization)
	}
}

func TestSettingsErrorsNameTheField(t *testing.T) {
	tests := []struct {
		field string
		layer *config.HttpSettings
	}{
		{"http.path_normalization", &config.HttpSettings{PathNormalization: 99}},
		{"http.forwarding.trusted_hops", &config.HttpSettings{Forwarding: &config.ForwardingTrust{TrustedHops: 65}}},
		{"http.forwarding.trusted_cidrs[1]", &config.HttpSettings{Forwarding: &config.ForwardingTrust{TrustedCidrs: []string{"10.0.0.0/8", "10.0.0.1"}}}},
		{"http.forwarding.trusted_cidrs[0]", &config.HttpSettings{Forwarding: &config.ForwardingTrust{TrustedCidrs: []string{"::ffff:10.0.0.0/104"}}}},
		{"http.limits.head_bytes", &config.HttpSettings{Limits: &config.HttpLimits{HeadBytes: 100}}},
		{"http.limits.content_bytes", &config.HttpSettings{Limits: &config.HttpLimits{ContentBytes: math.MaxUint64}}},
		{"http.timeouts.idle", &config.HttpSettings{Timeouts: &config.HttpTimeouts{Idle: durationpb.New(-1)}}},
		{"http.timeouts.head", &config.HttpSettings{Timeouts: &config.HttpTimeouts{Head: &durationpb.Duration{Nanos: -1, Seconds: 1}}}},
		{"http.headers.via", &config.HttpSettings{Headers: &config.ProxyHeaders{Via: "a b"}}},
		{"http.headers.server", &config.HttpSettings{Headers: &config.ProxyHeaders{Server: "a\r\nb"}}},
		{"http.headers.server", &config.HttpSettings{Headers: &config.ProxyHeaders{Server: " a"}}},
	}
	for _, tt := range tests {
		t.Run(tt.field, func(t *testing.T) {
			_, err := NewSettings(tt.layer)
			if err == nil || !strings.HasPrefix(err.Error(), tt.field+": ") {
				t.Errorf("error %v", err)
			}
		})
	}
}
