package certs

import (
	"crypto/tls"
	"slices"
	"strings"
)

// Index finds a certificate for a ClientHello. Certificates that have a name come first: the exact
// one, then a wildcard, which stands for one label (RFC 9525 §6.3). If none has it, or the
// client sends no name, it is the listener's default: the first certificate.
//
// Of several certificates for a name the client gets one that it can verify, an
// elliptic-curve one before an RSA one. The zero value is empty.
type Index struct {
	byName   map[string][]*Certificate // "a.example.com", "*.example.com"
	fallback []*Certificate            // the first, and those with the same names
}

// NewIndex returns an index of these; the first is the default. Nil ones are passed over.
func NewIndex(certificates []*Certificate) *Index {
	x := &Index{byName: make(map[string][]*Certificate)}
	var first *Certificate
	for _, c := range certificates {
		if c == nil {
			continue
		}
		if first == nil {
			first = c
		}
		for _, name := range c.names {
			if !slices.Contains(x.byName[name], c) {
				x.byName[name] = append(x.byName[name], c)
			}
		}
		if c == first || slices.Equal(c.names, first.names) {
			x.fallback = append(x.fallback, c)
		}
	}
	for _, list := range x.byName {
		cheapestFirst(list)
	}
	cheapestFirst(x.fallback)
	return x
}

func cheapestFirst(list []*Certificate) {
	slices.SortStableFunc(list, func(a, b *Certificate) int {
		switch {
		case a.elliptic() == b.elliptic():
			return 0
		case a.elliptic():
			return -1
		}
		return 1
	})
}

// Empty reports whether there is no certificate at all.
func (x *Index) Empty() bool { return x == nil || len(x.fallback) == 0 }

// Choose returns the certificate for a client, or nil if the index is empty. If the client can
// verify none of those that have the name, it gets the first of them: the handshake then
// fails and says why.
func (x *Index) Choose(hello *tls.ClientHelloInfo) *tls.Certificate {
	if x.Empty() {
		return nil
	}
	list := x.find(strings.ToLower(hello.ServerName))
	if len(list) > 1 {
		// The name is settled; what is left is what the client can verify.
		nameless := *hello
		nameless.ServerName = ""
		for _, c := range list {
			if nameless.SupportsCertificate(&c.tls) == nil {
				return &c.tls
			}
		}
	}
	return &list[0].tls
}

func (x *Index) find(name string) []*Certificate {
	if list := x.byName[name]; list != nil {
		return list
	}
	if dot := strings.IndexByte(name, '.'); dot > 0 {
		if list := x.byName["*"+name[dot:]]; list != nil {
			return list
		}
	}
	return x.fallback
}
