package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
)

const keyBytes = "c2VjcmV0" // the inside of fakeKey

func TestNothingPrintsKeys(t *testing.T) {
	c := validCertificate()
	r := Wrap(c)
	delta := &Delta{Changed: []*Resource{r}}
	var texts []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{c, r, []*Resource{r}, delta, map[string]*Certificate{"a": c}, struct{ C *Certificate }{c}} {
			texts = append(texts, fmt.Sprintf(verb, v))
		}
	}
	for _, v := range []any{c, r, []*Resource{r}, delta, struct{ C *Certificate }{c}} {
		var text, object bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("a", "v", v)
		slog.New(slog.NewJSONHandler(&object, nil)).Info("a", "v", v)
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text.String(), object.String(), string(data))
	}
	yaml, err := MarshalYAML([]*Resource{r})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(texts, string(yaml)) {
		for _, form := range []string{keyBytes, fmt.Sprintf("%x", keyBytes), "YzJWamNtVjA", "99 50 86"} {
			if strings.Contains(s, form) {
				t.Errorf("shows the key: %s", s)
			}
		}
	}
	if s := fmt.Sprint(r); !strings.Contains(s, "default/shop-tls") || !strings.Contains(s, fmt.Sprintf("key_pem:<%d bytes>", len(fakeKey))) {
		t.Errorf("shows too little: %s", s)
	}
}

func TestRedact(t *testing.T) {
	c := validCertificate()
	got := Redact(Wrap(c)).GetCertificate()
	if len(got.GetKeyPem()) != 0 || got.GetName() != c.GetName() || !bytes.Equal(got.GetChainPem(), c.GetChainPem()) {
		t.Errorf("got %v", got)
	}
	if string(c.GetKeyPem()) != fakeKey {
		t.Error("the original lost its key")
	}
	route := Wrap(validRoute())
	if Redact(route) != route {
		t.Error("copied a resource without secrets")
	}
	for _, r := range []*Resource{nil, {}, Wrap((*Certificate)(nil)), Wrap(&Certificate{KeyPem: []byte("a")})} {
		if s := fmt.Sprint(Redact(r), r); strings.Contains(s, `"a"`) {
			t.Errorf("shows the key: %s", s)
		}
	}
	if !proto.Equal(Redact(Wrap(&Certificate{Name: "a"})), Wrap(&Certificate{Name: "a"})) {
		t.Error("changed a certificate without a key")
	}
}

func TestMarshalYAMLNeverHoldsKeys(t *testing.T) {
	for _, c := range []*Certificate{validCertificate(), {KeyPem: []byte(fakeKey)}} {
		got, err := MarshalYAML([]*Resource{Wrap(c), Wrap(c)})
		if err != nil {
			t.Fatal(err)
		}
		if s := string(got); strings.Contains(s, keyBytes) || strings.Count(s, fmt.Sprintf("# key_pem: redacted, %d bytes\n", len(fakeKey))) != 2 {
			t.Errorf("got\n%s", s)
		}
		if _, err := UnmarshalYAML(got); err != nil {
			t.Error(err)
		}
	}
}
