// Package certificatetest makes key pairs for tests of translators: the same for the same name,
// so that goldens can hold what is public of them. Nobody may trust them: their keys follow
// from their names.
package certificatetest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Pair returns a self-signed certificate for a host and its key, in PEM. Seed tells apart
// several of one host.
func Pair(t testing.TB, host, seed string) (chain, key []byte) {
	t.Helper()
	sum := sha256.Sum256([]byte(host + " " + seed))
	private := ed25519.NewKeyFromSeed(sum[:])
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2126, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	cert, err := x509.CreateCertificate(nil, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// Fill does what a source does with stringData, and puts a pair's half where a value says
// "chain of HOST" or "key of HOST": goldens hold no key.
func Fill(t testing.TB, s *corev1.Secret) {
	t.Helper()
	if s.Data == nil {
		s.Data = map[string][]byte{}
	}
	for k, v := range s.StringData {
		s.Data[k] = []byte(v)
	}
	s.StringData = nil
	for k, v := range s.Data {
		if host, ok := strings.CutPrefix(string(v), "chain of "); ok {
			s.Data[k], _ = Pair(t, host, "")
		} else if host, ok := strings.CutPrefix(string(v), "key of "); ok {
			_, s.Data[k] = Pair(t, host, "")
		}
	}
}
