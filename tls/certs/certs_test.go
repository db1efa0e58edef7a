package certs_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/tls/certs"
	"github.com/fairlead-mesh/fairlead/tls/certs/certstest"
)

func block(kind string, der []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestParse(t *testing.T) {
	ca := certstest.New(t)
	key := certstest.EC(t).(*ecdsa.PrivateKey)
	rsaKey := certstest.RSA(t, 2048).(*rsa.PrivateKey)
	good := ca.Leaf("ns/c", key, "a.example.com")
	rsaGood := ca.Leaf("ns/r", rsaKey, "a.example.com")
	other := ca.Leaf("ns/o", certstest.EC(t), "b.example.com")
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(key)
	ecBlock := block("EC PRIVATE KEY", sec1, err)
	chain, keyPEM := good.GetChainPem(), good.GetKeyPem()
	tests := []struct {
		name       string
		chain, key []byte
		want       string // of the error
	}{
		{"good", chain, keyPEM, ""},
		{"rsa", rsaGood.GetChainPem(), rsaGood.GetKeyPem(), ""},
		{"pkcs1", rsaGood.GetChainPem(), block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey), nil), ""},
		{"sec1", chain, ecBlock, ""},
		{"parameters before the key", chain, slices.Concat(block("EC PARAMETERS", []byte{6, 1, 0}, nil), ecBlock), ""},
		{"words between blocks", slices.Concat([]byte("leaf\n"), chain, []byte("issuer\n"), other.GetChainPem()), keyPEM, ""},
		{"no chain", nil, keyPEM, "chain_pem: no PEM block of type CERTIFICATE"},
		{"key as chain", keyPEM, keyPEM, `chain_pem: block 1 is a "PRIVATE KEY", not a CERTIFICATE`},
		{"second block cut off", slices.Concat(chain, chain[:len(chain)/2]), keyPEM, "chain_pem: block 2 is not PEM"},
		{"not a certificate", block("CERTIFICATE", []byte("secret"), nil), keyPEM, "chain_pem: certificate 1: "},
		{"no key", chain, nil, "key_pem: no PEM block of type PRIVATE KEY"},
		{"chain as key", chain, chain, "key_pem: no PEM block of type PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY"},
		{"encrypted", chain, block("ENCRYPTED PRIVATE KEY", []byte("secret"), nil), "key_pem: the key is encrypted"},
		{"not a key", chain, block("PRIVATE KEY", []byte("secret"), nil), "key_pem: the PRIVATE KEY block does not hold such a key"},
		{"two keys", chain, slices.Concat(keyPEM, keyPEM), "key_pem: more than one PEM block"},
		{"another's key", chain, other.GetKeyPem(), "key_pem: is not the key of the first certificate in chain_pem"},
		{"issuer first", slices.Concat(other.GetChainPem(), chain), keyPEM, "key_pem: is not the key of the first certificate in chain_pem"},
		{"another kind of key", chain, rsaGood.GetKeyPem(), "key_pem: is not the key of the first certificate in chain_pem"},
		{"small", chain, ca.Leaf("s", certstest.RSA(t, 1024)).GetKeyPem(), "key_pem: an RSA key of 1024 bits; 2048 are needed"},
		{"p224", chain, ca.Leaf("p", p224).GetKeyPem(), "key_pem: curve P-224 is not one of TLS"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := certs.Parse(&config.Certificate{Name: "ns/c", ChainPem: tt.chain, KeyPem: tt.key})
			if tt.want != "" {
				if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
					t.Fatalf("error %v, want %s", err, tt.want)
				}
				if strings.Contains(err.Error(), "secret") {
					t.Errorf("the error quotes its input: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.Name() != "ns/c" || !c.NotAfter().Equal(certstest.NotAfter) {
				t.Errorf("%s expires %v", c.Name(), c.NotAfter())
			}
			if printed := fmt.Sprintf("%v %+v %#v %s", c, c, c, c); printed != "ns/c ns/c ns/c ns/c" {
				t.Errorf("printed as %s", printed)
			}
		})
	}
}

// hello is what a client offers that can verify these kinds of signature.
func hello(name string, schemes ...tls.SignatureScheme) *tls.ClientHelloInfo {
	return &tls.ClientHelloInfo{
		ServerName: name, SignatureSchemes: schemes,
		SupportedVersions: []uint16{tls.VersionTLS13}, SupportedCurves: []tls.CurveID{tls.CurveP256},
		CipherSuites: []uint16{tls.TLS_AES_128_GCM_SHA256},
	}
}

func TestChoose(t *testing.T) {
	ca := certstest.New(t)
	ecKey, rsaKey := certstest.EC(t), certstest.RSA(t, 2048)
	parse := func(c *config.Certificate) *certs.Certificate {
		parsed, err := certs.Parse(c)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	x := certs.NewIndex([]*certs.Certificate{
		nil, // one that is missing
		parse(ca.Leaf("default", rsaKey, "default.com")),
		parse(ca.Leaf("default-ec", ecKey, "default.com")),
		parse(ca.Leaf("both-rsa", rsaKey, "both.com", "www.both.com")),
		parse(ca.Leaf("both-ec", ecKey, "both.com")),
		parse(ca.Leaf("wild", ecKey, "*.Example.com")),
		parse(ca.Leaf("exact", ecKey, "a.example.com")),
		parse(ca.Leaf("only-rsa", rsaKey, "rsa.com")),
	})
	ec, both := tls.ECDSAWithP256AndSHA256, []tls.SignatureScheme{tls.PSSWithSHA256, tls.ECDSAWithP256AndSHA256}
	tests := []struct {
		name  string
		hello *tls.ClientHelloInfo
		want  string
	}{
		{"exact before wildcard", hello("a.example.com", both...), "exact"},
		{"any case", hello("A.EXAMPLE.com", both...), "exact"},
		{"wildcard", hello("b.example.com", both...), "wild"},
		{"wildcard is one label", hello("c.b.example.com", both...), "default-ec"},
		{"wildcard is not the apex", hello("example.com", both...), "default-ec"},
		{"wildcard needs a label", hello(".example.com", both...), "default-ec"},
		{"a star is no name", hello("*.example.com", both...), "wild"},
		{"the cheaper one", hello("both.com", both...), "both-ec"},
		{"what the client knows: RSA", hello("both.com", tls.PSSWithSHA256), "both-rsa"},
		{"what the client knows: ECDSA", hello("both.com", ec), "both-ec"},
		{"a name of one alone", hello("www.both.com", both...), "both-rsa"},
		{"nothing the client knows", hello("rsa.com", ec), "only-rsa"},
		{"no such name", hello("x.org", both...), "default-ec"},
		{"no such name, RSA", hello("x.org", tls.PSSWithSHA256), "default"},
		{"no name", hello("", both...), "default-ec"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := x.Choose(tt.hello)
			if got == nil || got.Leaf.Subject.CommonName != tt.want {
				t.Errorf("chose %v, want %s", got.Leaf.Subject, tt.want)
			}
		})
	}
	empty := certs.NewIndex([]*certs.Certificate{nil})
	if !empty.Empty() || empty.Choose(hello("x")) != nil || !(*certs.Index)(nil).Empty() {
		t.Error("an empty index chooses something")
	}
}

// FuzzParse looks for panics, for what crypto/tls would not take, and for errors that hold a key.
func FuzzParse(f *testing.F) {
	ca := certstest.New(f)
	good := ca.Leaf("c", certstest.EC(f), "a.example.com", "*.b.example.com")
	f.Add(good.GetChainPem(), good.GetKeyPem())
	f.Add(good.GetKeyPem(), good.GetChainPem())
	f.Add(slices.Concat(good.GetChainPem(), good.GetChainPem()), slices.Concat(good.GetKeyPem(), good.GetKeyPem()))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), []byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAA=="), []byte("-----BEGIN EC PARAMETERS-----\nAA==\n-----END EC PARAMETERS-----\n"))
	f.Fuzz(func(t *testing.T, chain, key []byte) {
		c, err := certs.Parse(&config.Certificate{Name: "c", ChainPem: chain, KeyPem: key})
		if err != nil {
			for line := range bytes.Lines(key) {
				if len(line) > 40 && strings.Contains(err.Error(), string(line)) {
					t.Errorf("the error quotes the key: %v", err)
				}
			}
			return
		}
		if _, err := tls.X509KeyPair(chain, key); err != nil {
			t.Errorf("crypto/tls refuses it: %v", err)
		}
		x := certs.NewIndex([]*certs.Certificate{c})
		if x.Choose(hello("a.example.com", tls.PSSWithSHA256)) == nil {
			t.Error("not chosen though it is alone")
		}
	})
}
