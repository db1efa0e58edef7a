package config

import (
	"encoding/json"
	"fmt"
	"log/slog"

	"google.golang.org/protobuf/proto"
)

// Redact returns r without what must not be printed: a Certificate's key. A resource
// that holds no secret is returned as it is, another as a copy.
func Redact(r *Resource) *Resource {
	c := r.GetCertificate()
	if c == nil || len(c.KeyPem) == 0 {
		return r
	}
	return Wrap(withoutKey(c))
}

func withoutKey(c *Certificate) *Certificate {
	if c == nil {
		return nil
	}
	return &Certificate{Name: c.Name, Origin: c.Origin, ChainPem: c.ChainPem}
}

// Format implements fmt.Formatter for every verb: a Certificate, or what holds one,
// shows the length of its key. Only a direct call of String, which is generated, does
// not pass here: do not call it.
func (x *Certificate) Format(f fmt.State, _ rune) {
	formatRedacted(f, withoutKey(x), x)
}

// Format implements fmt.Formatter for every verb; see Certificate.Format.
func (x *Resource) Format(f fmt.State, _ rune) {
	formatRedacted(f, Redact(x), x.GetCertificate())
}

func formatRedacted(f fmt.State, m interface{ String() string }, c *Certificate) {
	text := m.String()
	if n := len(c.GetKeyPem()); n > 0 {
		text += fmt.Sprintf(" key_pem:<%d bytes>", n)
	}
	_, _ = f.Write([]byte(text))
}

// LogValue implements slog.LogValuer: a Certificate is logged as its name and lengths.
func (x *Certificate) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("name", x.GetName()),
		slog.Int("chain_bytes", len(x.GetChainPem())),
		slog.Int("key_bytes", len(x.GetKeyPem())),
	)
}

// LogValue implements slog.LogValuer: a resource is logged as its identity.
func (x *Resource) LogValue() slog.Value { return slog.StringValue(NameOf(x).String()) }

// MarshalJSON implements json.Marshaler, so that no encoder that does not know of
// protobuf prints a key. It is not the JSON form of the contract and cannot be read back.
func (x *Certificate) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name       string `json:"name"`
		ChainBytes int    `json:"chain_bytes"`
		KeyBytes   int    `json:"key_bytes"`
	}{x.GetName(), len(x.GetChainPem()), len(x.GetKeyPem())})
}

var (
	_ proto.Message  = (*Certificate)(nil)
	_ fmt.Formatter  = (*Certificate)(nil)
	_ json.Marshaler = (*Certificate)(nil)
	_ slog.LogValuer = (*Certificate)(nil)
	_ fmt.Formatter  = (*Resource)(nil)
	_ slog.LogValuer = (*Resource)(nil)
)
