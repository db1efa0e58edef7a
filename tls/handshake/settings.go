package handshake

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// suites are those for TLS 1.2: forward secrecy and authenticated encryption. TLS 1.3 has
// nothing else.
var suites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// Settings are what a listener's configuration says about TLS, every default filled in.
type Settings struct {
	minVersion, maxVersion uint16
	suites                 []uint16
	certificates           []string
	protocols              []string
}

// Compile checks the settings of a listener that terminates TLS and speaks these protocols
// (ALPN, RFC 7301), the preferred first. Errors name the field.
func Compile(c *config.TlsSettings, protocols []string) (*Settings, error) {
	if c.GetMode() == config.TlsSettings_MODE_PASSTHROUGH {
		return nil, errors.New("tls.mode: PASSTHROUGH is not served by this proxy")
	}
	s := &Settings{suites: suites, certificates: c.GetCertificates(), protocols: protocols}
	var err error
	if s.minVersion, err = version(c.GetMinVersion(), tls.VersionTLS12); err != nil {
		return nil, fmt.Errorf("tls.min_version: %w", err)
	}
	if s.maxVersion, err = version(c.GetMaxVersion(), tls.VersionTLS13); err != nil {
		return nil, fmt.Errorf("tls.max_version: %w", err)
	}
	if s.minVersion > s.maxVersion {
		return nil, errors.New("tls.min_version: above max_version")
	}
	if names := c.GetCipherSuites(); len(names) > 0 {
		s.suites = make([]uint16, len(names))
		for i, name := range names {
			if s.suites[i], err = suite(name); err != nil {
				return nil, fmt.Errorf("tls.cipher_suites[%d]: %w", i, err)
			}
		}
	}
	return s, nil
}

func version(v config.TlsVersion, unset uint16) (uint16, error) {
	switch v {
	case config.TlsVersion_TLS_VERSION_UNSPECIFIED:
		return unset, nil
	case config.TlsVersion_TLS_VERSION_1_2:
		return tls.VersionTLS12, nil
	case config.TlsVersion_TLS_VERSION_1_3:
		return tls.VersionTLS13, nil
	}
	return 0, fmt.Errorf("%d is not a version this proxy speaks", v)
}

func suite(name string) (uint16, error) {
	for _, id := range suites {
		if tls.CipherSuiteName(id) == name {
			return id, nil
		}
	}
	return 0, fmt.Errorf("%.80q is not a suite for TLS 1.2 with forward secrecy and authenticated encryption", name)
}

// Certificates returns the names of the certificates to choose from.
func (s *Settings) Certificates() []string { return s.certificates }

// Equal reports whether a session of one may be resumed with the other.
func (s *Settings) Equal(o *Settings) bool {
	return cmp.Or(cmp.Compare(s.minVersion, o.minVersion), cmp.Compare(s.maxVersion, o.maxVersion),
		slices.Compare(s.suites, o.suites), slices.Compare(s.certificates, o.certificates),
		slices.Compare(s.protocols, o.protocols)) == 0
}
