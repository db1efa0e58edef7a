package controlplane_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fairlead-mesh/fairlead/controlplane/certificate/certificatetest"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// secretYAML is a Secret with a pair; seed tells rotations apart.
func secretYAML(t *testing.T, namespace, name, seed string) string {
	t.Helper()
	chain, key := certificatetest.Pair(t, "shop.example.com", seed)
	return tlsSecretYAML(namespace, name, chain, key)
}

func tlsSecretYAML(namespace, name string, chain, key []byte) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Secret
metadata: {name: %s, namespace: %s}
type: kubernetes.io/tls
data: {tls.crt: %s, tls.key: %s}
`, name, namespace, base64.StdEncoding.EncodeToString(chain), base64.StdEncoding.EncodeToString(key))
}

// httpsYAML is a Gateway whose listener refers to a Secret.
func httpsYAML(refs string) string {
	return fmt.Sprintf(`
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  gatewayClassName: fairlead
  listeners: [{name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [%s]}}]
`, refs)
}

const istioHTTPSYAML = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: istio-edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 8443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {mode: SIMPLE, credentialName: cert}}
`

// step is one edit and what it changes for proxies.
type step struct {
	name, file, text string
	want             []string
}

func (w *world) walk(steps []step) {
	w.t.Helper()
	for _, s := range steps {
		w.write(s.file, s.text)
		for _, r := range w.proxy.delta.Changed {
			if err := config.Validate(r); err != nil {
				w.t.Errorf("%s: %v", s.name, err)
			}
		}
		if d := cmp.Diff(s.want, w.proxy.changed()); d != "" {
			w.t.Errorf("%s: %s", s.name, d)
		}
	}
}

const (
	gatewayListener = "listener gatewayapi/default/edge/https"
	istioListener   = "listener istio/default/istio-edge/0"
	sharedCert      = "certificate default/cert"
)

func TestSecretChangesWhatRefersToIt(t *testing.T) {
	w := newWorld(t)
	w.write("gateways.yaml", httpsYAML("{name: cert}")+"---"+istioHTTPSYAML)
	w.write("routes.yaml", serviceYAML("a", "10.0.0.1")+"---"+routeYAML("a", "/a", "a")+"---"+virtualServiceYAML("v", "istio-edge", "a", ""))
	w.proxy.changed()
	chain, _ := certificatetest.Pair(t, "shop.example.com", "1")
	_, other := certificatetest.Pair(t, "shop.example.com", "2")
	w.walk([]step{
		{"the Secret appears", "cert.yaml", secretYAML(t, "default", "cert", "1"), []string{sharedCert, gatewayListener, istioListener}},
		{"it is rotated", "cert.yaml", secretYAML(t, "default", "cert", "2"), []string{sharedCert}},
		{"a comment", "cert.yaml", secretYAML(t, "default", "cert", "2") + "# rotated\n", nil},
		{"a Secret that none refers to", "other.yaml", secretYAML(t, "default", "other", "1"), nil},
		{"one of that name elsewhere", "else.yaml", secretYAML(t, "elsewhere", "cert", "1"), nil},
		{"the key is another's", "cert.yaml", tlsSecretYAML("default", "cert", chain, other), []string{"-" + sharedCert, gatewayListener, istioListener}},
		{"it is mended", "cert.yaml", secretYAML(t, "default", "cert", "3"), []string{sharedCert, gatewayListener, istioListener}},
		{"one of two refers to another", "gateways.yaml", httpsYAML("{name: other}") + "---" + istioHTTPSYAML, []string{"certificate default/other", gatewayListener}},
		{"it goes", "cert.yaml", "", []string{"-" + sharedCert, istioListener}},
	})
	if got := w.condition("Gateway", "istio-edge", "Reconciled"); !strings.Contains(got, "Secret default/cert does not exist") {
		t.Errorf("Reconciled %s", got)
	}
}

func TestRotationRecomputesOneCertificate(t *testing.T) {
	w := newWorld(t)
	w.write("all.yaml", httpsYAML("{name: cert}")+"---"+istioHTTPSYAML+"---"+serviceYAML("a", "10.0.0.1")+"---"+routeYAML("a", "/a", "a")+
		"---"+virtualServiceYAML("v", "istio-edge", "a", "")+"---"+secretYAML(t, "default", "unused", ""))
	w.write("cert.yaml", secretYAML(t, "default", "cert", "1"))
	before := w.recomputes()
	w.write("cert.yaml", secretYAML(t, "default", "cert", "2"))
	want := map[string]uint64{"verdicts on secrets": 1, "certificates": 1, "resources": 1} // the last passes it on
	for name, n := range w.recomputes() {
		if d := n - before[name]; d != want[name] {
			t.Errorf("%s: %d objects recomputed for one rotation, want %d", name, d, want[name])
		}
	}
}

func TestRevokedGrantWithdrawsTheCertificate(t *testing.T) {
	const grant = `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: edge, namespace: certs}
spec:
  from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: default}]
  to: [{group: "", kind: Secret}]
`
	w := newWorld(t)
	w.write("gateway.yaml", httpsYAML("{name: cert, namespace: certs}"))
	w.write("routes.yaml", serviceYAML("a", "10.0.0.1")+"---"+routeYAML("a", "/a", "a"))
	w.proxy.changed()
	w.walk([]step{
		{"a Secret without grant", "cert.yaml", secretYAML(t, "certs", "cert", "1"), nil},
		{"granted", "grant.yaml", grant, []string{"certificate certs/cert", gatewayListener}},
		{"revoked", "grant.yaml", "", []string{"-certificate certs/cert", gatewayListener}},
	})
	if all := fmt.Sprintf("%+v", w.Statuses()); !strings.Contains(all, "RefNotPermitted") || strings.Contains(all, "does not exist") {
		t.Errorf("revoked: status %s", all)
	}
}

// TestPortsSharedWithHTTPS: TLS and plain text do not share a port, and say so across both APIs.
func TestPortsSharedWithHTTPS(t *testing.T) {
	tests := []struct {
		name, gateway string
		want          string // in the ConflictFree condition of Istio's Gateway; empty: none is reported
	}{
		{"both HTTPS", strings.Replace(httpsYAML("{name: cert}"), "443", "8443", 1), "has port 8443 for"},
		{"HTTP and HTTPS", listenerYAML("edge", "8443", ""), "has port 8443 with another protocol"},
		{"HTTP and HTTPS, other names", listenerYAML("edge", "8443", "a.example.com"), "has port 8443 with another protocol"},
		{"other port", httpsYAML("{name: cert}"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.write("all.yaml", tt.gateway+"---"+istioHTTPSYAML+"---"+secretYAML(t, "default", "cert", "1"))
			got := w.condition("Gateway", "istio-edge", "fairlead.dev/ConflictFree")
			if !strings.Contains(got, tt.want) || strings.HasPrefix(got, "True") != (tt.want == "") {
				t.Errorf("ConflictFree %s", got)
			}
		})
	}
}

// TestStatusHoldsNothingOfSecrets: whatever is wrong with a Secret, its values are not told.
func TestStatusHoldsNothingOfSecrets(t *testing.T) {
	chain, key := certificatetest.Pair(t, "shop.example.com", "1")
	for name, pair := range map[string][2][]byte{
		"good":           {chain, key},
		"swapped":        {key, chain},
		"key not PEM":    {chain, []byte("hunter2")},
		"truncated":      {chain, key[:len(key)/2]},
		"key in chain":   {append(bytes.Clone(key), "hunter2"...), key},
		"chain not PEM":  {[]byte("hunter2"), key},
		"key twice bad":  {chain, append([]byte("-----BEGIN PRIVATE KEY-----\nhunter2=\n-----END PRIVATE KEY-----\n"), key...)},
		"header in key":  {chain, bytes.Replace(key, []byte("-----\n"), []byte("-----\nProc-Type: hunter2\n\n"), 1)},
		"parse fails":    {[]byte("-----BEGIN CERTIFICATE-----\naHVudGVyMg==\n-----END CERTIFICATE-----\n"), key},
		"key of another": {chain, secondKey(t)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.write("all.yaml", httpsYAML("{name: cert}")+"---"+istioHTTPSYAML+"---"+tlsSecretYAML("default", "cert", pair[0], pair[1]))
			var dump bytes.Buffer
			if err := w.Dump(&dump); err != nil {
				t.Fatal(err)
			}
			said := fmt.Sprintf("%+v %v %s", w.Statuses(), w.proxy.delta, &dump)
			for _, secret := range []string{"hunter2", "PRIVATE", string(key[30:60])} {
				if strings.Contains(said, secret) {
					t.Errorf("%q is told: %s", secret, said)
				}
			}
		})
	}
}

func secondKey(t *testing.T) []byte {
	t.Helper()
	_, key := certificatetest.Pair(t, "other.example.com", "")
	return key
}
