package certs

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// minRSABits is the smallest RSA key that today's clients accept.
const minRSABits = 2048

// Certificate is one chain and its key.
type Certificate struct {
	name  string
	names []string // DNS names of the leaf, lower case
	tls   tls.Certificate
}

// Parse reads a Certificate of the contract. The key must be the leaf's, which is the chain's
// first. A certificate that has expired, or is not valid yet, is parsed like any other: clients
// judge that by their own clocks. Errors name the field and never quote what is in it.
func Parse(c *config.Certificate) (*Certificate, error) {
	chain, err := parseChain(c.GetChainPem())
	if err != nil {
		return nil, fmt.Errorf("chain_pem: %w", err)
	}
	key, err := parseKey(c.GetKeyPem())
	if err != nil {
		return nil, fmt.Errorf("key_pem: %w", err)
	}
	leaf := chain[0]
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(leaf.PublicKey) {
		return nil, errors.New("key_pem: is not the key of the first certificate in chain_pem")
	}
	out := &Certificate{name: c.GetName(), tls: tls.Certificate{PrivateKey: key, Leaf: leaf}}
	for _, cert := range chain {
		out.tls.Certificate = append(out.tls.Certificate, cert.Raw)
	}
	for _, name := range leaf.DNSNames {
		out.names = append(out.names, strings.ToLower(name))
	}
	return out, nil
}

// Name returns the name it has in the configuration.
func (c *Certificate) Name() string { return c.name }

// NotAfter returns when it expires.
func (c *Certificate) NotAfter() time.Time { return c.tls.Leaf.NotAfter }

// String returns its name: a key is never printed.
func (c *Certificate) String() string { return c.name }

// GoString returns its name, for %#v.
func (c *Certificate) GoString() string { return c.name }

// elliptic reports whether its key is an elliptic-curve one: the cheaper to sign with.
func (c *Certificate) elliptic() bool {
	_, isRSA := c.tls.PrivateKey.(*rsa.PrivateKey)
	return !isRSA
}

var beginMark = []byte("-----BEGIN")

func parseChain(data []byte) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		data = rest
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("block %d is a %.40q, not a CERTIFICATE", len(chain)+1, block.Type)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(chain)+1, err)
		}
		chain = append(chain, cert)
	}
	switch {
	case bytes.Contains(data, beginMark):
		return nil, fmt.Errorf("block %d is not PEM", len(chain)+1)
	case len(chain) == 0:
		return nil, errors.New("no PEM block of type CERTIFICATE")
	}
	return chain, nil
}

func parseKey(data []byte) (crypto.Signer, error) {
	block, rest := pem.Decode(data)
	for block != nil && block.Type == "EC PARAMETERS" { // openssl writes them before the key
		block, rest = pem.Decode(rest)
	}
	if block == nil {
		return nil, errors.New("no PEM block of type PRIVATE KEY")
	}
	if bytes.Contains(rest, beginMark) {
		return nil, errors.New("more than one PEM block")
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("the key is encrypted")
	default:
		return nil, errors.New("no PEM block of type PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY")
	}
	if err != nil { // the cause could quote the key
		return nil, fmt.Errorf("the %s block does not hold such a key", block.Type)
	}
	return checkKey(key)
}

// checkKey refuses keys that no client of TLS 1.2 or later takes.
func checkKey(key any) (crypto.Signer, error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if bits := k.N.BitLen(); bits < minRSABits {
			return nil, fmt.Errorf("an RSA key of %d bits; %d are needed", bits, minRSABits)
		}
		return k, nil
	case *ecdsa.PrivateKey:
		if k.Curve == elliptic.P224() {
			return nil, errors.New("curve P-224 is not one of TLS")
		}
		return k, nil
	case ed25519.PrivateKey:
		return k, nil
	}
	return nil, errors.New("neither an RSA, an ECDSA nor an Ed25519 key")
}
