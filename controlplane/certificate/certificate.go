// Package certificate makes the contract's Certificates of Secrets, and says what is wrong with
// a Secret that cannot be one. Both translators, Gateway API's and Istio's, refer to what it
// makes by the names it gives.
//
// It is not a store and decides nothing about trust: whether an object may use a Secret is for
// the object's translator, and neither dates nor issuers are looked at (a translator has no
// clock; clients judge them). Every function is pure and safe to call from anywhere at once.
//
// No text that this package makes holds a byte of a Secret's values.
package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Verdict is what those who refer to a Secret must know of it. It does not change when a
// certificate is rotated, so that neither do they.
type Verdict struct {
	// Type of the Secret, such as "kubernetes.io/tls".
	Type corev1.SecretType
	// Fault is why it is no Certificate, in lower case; empty if it is one.
	Fault string
}

// Judge returns the verdict on a Secret of any type.
func Judge(s *corev1.Secret) Verdict {
	_, fault := parse(s)
	return Verdict{Type: s.Type, Fault: fault}
}

// Name returns the name of the Certificate of a Secret.
func Name(namespace, name string) string { return namespace + "/" + name }

// Of returns the Certificate of a Secret, or nil if it cannot be one.
func Of(s *corev1.Secret) *config.Certificate {
	p, fault := parse(s)
	if fault != "" {
		return nil
	}
	return &config.Certificate{
		Name:     Name(s.Namespace, s.Name),
		Origin:   &config.Origin{Kind: "Secret", Namespace: s.Namespace, Name: s.Name, Generation: s.Generation},
		ChainPem: p.chain,
		KeyPem:   p.key,
	}
}

// pair is PEM with nothing around its blocks.
type pair struct{ chain, key []byte }

// parse returns the pair under a Secret's tls.crt and tls.key, or what is wrong with it.
func parse(s *corev1.Secret) (pair, string) {
	var p pair
	for _, k := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey} {
		if len(s.Data[k]) == 0 {
			return pair{}, k + " is missing or empty"
		}
	}
	chain, fault := parseChain(s.Data[corev1.TLSCertKey])
	if fault != "" {
		return pair{}, corev1.TLSCertKey + " " + fault
	}
	p.chain = chain
	if p.key, fault = parseKey(s.Data[corev1.TLSPrivateKeyKey]); fault != "" {
		return pair{}, corev1.TLSPrivateKeyKey + " " + fault
	}
	// What is left to go wrong is that the two do not belong together.
	if _, err := tls.X509KeyPair(p.chain, p.key); err != nil {
		return pair{}, "tls.key is not the key of the first certificate in tls.crt"
	}
	return p, ""
}

func parseChain(data []byte) (chain []byte, fault string) {
	for n := 0; ; {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			if n == 0 {
				return nil, "holds no certificate in PEM"
			}
			return chain, ""
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		n++
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, fmt.Sprintf("holds a certificate, number %d, that cannot be parsed", n)
		}
		chain = append(chain, encode(block)...)
	}
}

// parseKey returns the first private key: EC parameters often stand before it.
func parseKey(data []byte) (key []byte, fault string) {
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return nil, "holds no private key in PEM"
		}
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		if !isKey(block.Bytes) {
			return nil, "holds a private key that is encrypted or cannot be parsed"
		}
		return encode(block), ""
	}
}

func isKey(der []byte) bool {
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return true
	}
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return true
	}
	_, err := x509.ParseECPrivateKey(der)
	return err == nil
}

// encode writes a block without headers, which may say anything.
func encode(b *pem.Block) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: b.Type, Bytes: b.Bytes})
}
