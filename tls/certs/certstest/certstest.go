// Package certstest makes certificates for tests: leaves of an authority that lives as long as
// the test. It is not for anything that serves.
package certstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// NotAfter is when every leaf expires.
var NotAfter = time.Date(2120, 1, 2, 3, 4, 5, 0, time.UTC)

// Authority signs leaves.
type Authority struct {
	t      testing.TB
	cert   *x509.Certificate
	key    crypto.Signer
	serial atomic.Int64
}

// New returns an authority with a new key.
func New(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{t: t, key: EC(t)}
	template := a.template("authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der := a.sign(template, template, a.key.Public())
	var err error
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *Authority) template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(a.serial.Add(1)), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: NotAfter,
	}
}

func (a *Authority) sign(template, parent *x509.Certificate, key crypto.PublicKey) []byte {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return der
}

// Pool returns what a client trusts to trust the authority.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// Leaf returns a certificate of this name for these DNS names and this key.
func (a *Authority) Leaf(name string, key crypto.Signer, hosts ...string) *config.Certificate {
	a.t.Helper()
	template := a.template(name)
	template.DNSNames, template.KeyUsage = hosts, x509.KeyUsageDigitalSignature
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return &config.Certificate{
		Name:     name,
		ChainPem: block("CERTIFICATE", a.sign(template, a.cert, key.Public())),
		KeyPem:   block("PRIVATE KEY", der),
	}
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// EC returns a new key on P-256.
func EC(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// RSA returns a new key of so many bits.
func RSA(t testing.TB, bits int) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
