package istio

import (
	"maps"
	"slices"
	"strings"

	api "istio.io/api/networking/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// ianaSuites are the cipher suites for TLS 1.2 that are served, those with forward secrecy and
// authenticated encryption, by the names that Envoy knows them by, which are OpenSSL's.
var ianaSuites = map[string]string{
	"ECDHE-ECDSA-AES128-GCM-SHA256": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	"ECDHE-RSA-AES128-GCM-SHA256":   "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	"ECDHE-ECDSA-AES256-GCM-SHA384": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	"ECDHE-RSA-AES256-GCM-SHA384":   "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	"ECDHE-ECDSA-CHACHA20-POLY1305": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	"ECDHE-RSA-CHACHA20-POLY1305":   "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
}

// tls13Suites cannot be chosen among.
var tls13Suites = []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}

// suites sets the cipher suites, and reports whether there is a version of TLS to serve: one
// whose suites are all left out is not widened to the default ones.
func (a at) suites(out *config.TlsSettings, tls *api.ServerTLSSettings) bool {
	for i, name := range tls.GetCipherSuites() {
		a := a.in("cipherSuites[%d]", i)
		// Brackets hold alternatives, such as "[ECDHE-ECDSA-AES128-GCM-SHA256|…]".
		for alternative := range strings.SplitSeq(strings.Trim(name, "[]"), "|") {
			a.suite(out, alternative)
		}
	}
	if len(tls.GetCipherSuites()) == 0 || len(out.CipherSuites) > 0 {
		return true
	}
	a = a.in("cipherSuites")
	if out.MaxVersion == config.TlsVersion_TLS_VERSION_1_2 {
		a.fail(FailClosed, "no suite is left for TLS 1.2, the highest version: every handshake is refused")
		return false
	}
	a.warn(NotEnforced, "no suite is left for TLS 1.2: only TLS 1.3 is served")
	out.MinVersion = config.TlsVersion_TLS_VERSION_1_3
	return true
}

func (a at) suite(out *config.TlsSettings, name string) {
	iana, ok := ianaSuites[name]
	if !ok && slices.Contains(slices.Collect(maps.Values(ianaSuites)), name) {
		iana, ok = name, true
	}
	switch {
	case slices.Contains(tls13Suites, name):
		a.warn(NotEnforced, "%q is of TLS 1.3, whose suites cannot be chosen: all of them are served", name)
	case !ok:
		a.warn(NotEnforced, "%q is not served, only suites with forward secrecy and authenticated encryption are", name)
	case !slices.Contains(out.CipherSuites, iana):
		out.CipherSuites = append(out.CipherSuites, iana)
	}
}
