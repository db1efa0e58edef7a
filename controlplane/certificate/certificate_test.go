package certificate_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/certificate"
	"github.com/fairlead-mesh/fairlead/controlplane/certificate/certificatetest"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

func secret(chain, key []byte) *corev1.Secret {
	return &corev1.Secret{
		Namespace: "shop", Name: "cert", Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{corev1.TLSCertKey: chain, corev1.TLSPrivateKeyKey: key},
	}
}

// selfSigned returns a certificate for a key.
func selfSigned(t *testing.T, public, private any) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return block("CERTIFICATE", der)
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestJudge(t *testing.T) {
	chain, key := certificatetest.Pair(t, "shop.example.com", "")
	otherChain, otherKey := certificatetest.Pair(t, "other.example.com", "")
	broken := block("CERTIFICATE", []byte("hunter2"))
	tests := []struct {
		name       string
		chain, key []byte
		want       string
	}{
		{"pair", chain, key, ""},
		{"chain of two", append(bytes.Clone(chain), otherChain...), key, ""},
		{"text around", append([]byte("subject=…\n"), chain...), append([]byte("note\n"), key...), ""},
		{"key in the chain's value too", append(bytes.Clone(key), chain...), key, ""},
		{"no chain", nil, key, "tls.crt is missing or empty"},
		{"no key", chain, nil, "tls.key is missing or empty"},
		{"chain is no PEM", []byte("hunter2"), key, "tls.crt holds no certificate in PEM"},
		{"chain is a key", key, key, "tls.crt holds no certificate in PEM"},
		{"broken leaf", broken, key, "tls.crt holds a certificate, number 1, that cannot be parsed"},
		{"broken intermediate", append(bytes.Clone(chain), broken...), key, "tls.crt holds a certificate, number 2, that cannot be parsed"},
		{"key is no PEM", chain, []byte("hunter2"), "tls.key holds no private key in PEM"},
		{"key is a chain", chain, chain, "tls.key holds no private key in PEM"},
		{"encrypted key", chain, block("ENCRYPTED PRIVATE KEY", []byte("hunter2")), "tls.key holds a private key that is encrypted or cannot be parsed"},
		{"key of another", chain, otherKey, "tls.key is not the key of the first certificate in tls.crt"},
		{"leaf not first", append(bytes.Clone(otherChain), chain...), key, "tls.key is not the key of the first certificate in tls.crt"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := secret(tt.chain, tt.key)
			if got := certificate.Judge(s); got.Fault != tt.want || got.Type != corev1.SecretTypeTLS {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
			checkOf(t, s, tt.want == "")
		})
	}
}

// TestKeysOfEverySort: what openssl writes before a key, and each form a key has.
func TestKeysOfEverySort(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	parameters := block("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7})
	checkOf(t, secret(selfSigned(t, &ec.PublicKey, ec), append(parameters, block("EC PRIVATE KEY", sec1)...)), true)
	checkOf(t, secret(selfSigned(t, &r.PublicKey, r), block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r))), true)
}

// checkOf asserts that a Secret is a Certificate that proxies take, or none.
func checkOf(t *testing.T, s *corev1.Secret, want bool) {
	t.Helper()
	c := certificate.Of(s)
	if (c != nil) != want || want != (certificate.Judge(s).Fault == "") {
		t.Fatalf("got %v, want one: %v", c, want)
	}
	if c == nil {
		return
	}
	if c.GetName() != "shop/cert" || c.GetName() != certificate.Name(s.Namespace, s.Name) {
		t.Errorf("name %q", c.GetName())
	}
	if err := config.Validate(config.Wrap(c)); err != nil {
		t.Error(err)
	}
	if _, err := tls.X509KeyPair(c.GetChainPem(), c.GetKeyPem()); err != nil {
		t.Error(err)
	}
}

// FuzzOf: a Certificate is one that proxies take, and a fault tells nothing of the values.
func FuzzOf(f *testing.F) {
	chain, key := certificatetest.Pair(f, "shop.example.com", "")
	f.Add(chain, key)
	f.Add(key, chain)
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), key)
	faults := map[string]bool{"": true}
	for _, k := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey} {
		for _, text := range []string{
			"is missing or empty", "holds no certificate in PEM", "holds no private key in PEM",
			"holds a private key that is encrypted or cannot be parsed", "is not the key of the first certificate in tls.crt",
		} {
			faults[k+" "+text] = true
		}
	}
	f.Fuzz(func(t *testing.T, chain, key []byte) {
		s := secret(chain, key)
		fault := certificate.Judge(s).Fault
		if !faults[fault] && !strings.HasPrefix(fault, "tls.crt holds a certificate, number ") {
			t.Errorf("fault %q is none of those known", fault)
		}
		checkOf(t, s, fault == "")
	})
}
