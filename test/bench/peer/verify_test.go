package peer

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fairlead-mesh/fairlead/test/bench/manifest"
)

// work is what a proxy in this test does; the zero value does all of it.
type work struct {
	keepsPrefix, addsRequest, forgetsResponse, truncates, forwardsAll, setsEverywhere bool
}

// ServeHTTP plays proxy and origin in one.
func (w work) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	path, value := r.URL.RequestURI(), []string{r.Header.Get(manifest.RequestField)}
	stripped, api := strings.CutPrefix(path, "/api/")
	if !api {
		stripped, _ = strings.CutPrefix(path, "/shop/")
	}
	if !w.keepsPrefix {
		path = "/" + strings.TrimPrefix(stripped, "/")
	}
	if api && w.addsRequest {
		value = append(value, "set")
	} else if api || w.setsEverywhere {
		value = []string{"set"}
	}
	if api && !w.forgetsResponse {
		out.Header().Add(manifest.ResponseField, "added")
	}
	switch size := map[string]int{"/small": 100, "/large": 64 << 10}[path]; {
	case strings.HasPrefix(r.URL.Path, "/apix") || strings.HasPrefix(r.URL.Path, "/nowhere"):
		if !w.forwardsAll {
			out.WriteHeader(http.StatusNotFound)
		}
	case size > 0 && w.truncates:
		fmt.Fprint(out, "x")
	case size > 0:
		fmt.Fprint(out, strings.Repeat("x", size))
	default:
		fmt.Fprintf(out, "%s %s HTTP/1.1\r\n%s: %s\r\n\r\n", r.Method, path,
			strings.ToLower(manifest.RequestField), strings.Join(value, "\r\n"+manifest.RequestField+": "))
	}
}

func TestVerify(t *testing.T) {
	tests := []struct {
		name string
		work work
		want []string // parts of the error; none: no error
	}{
		{name: "all of the work"},
		{name: "prefix kept", work: work{keepsPrefix: true}, want: []string{"/api/echo/a?b=c: ", "the origin saw", "/shop/echo: "}},
		{name: "request header added, not set", work: work{addsRequest: true}, want: []string{`request header: values ["client" "set"]`}},
		{name: "request header on every route", work: work{setsEverywhere: true}, want: []string{`/shop/echo: request header: values ["set"]`}},
		{name: "no response header", work: work{forgetsResponse: true}, want: []string{"response header: values []"}},
		{name: "bodies cut short", work: work{truncates: true}, want: []string{"/api/small: status 200 with 1 bytes", "/api/large: "}},
		{name: "routes everything", work: work{forwardsAll: true}, want: []string{"/apix/small: answered 200", "/nowhere: answered 200"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(tt.work)
			defer server.Close()
			err := Verify(t.Context(), server.URL)
			if len(tt.want) == 0 && err != nil {
				t.Fatal(err)
			}
			for _, part := range tt.want {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("error %v does not say %q", err, part)
				}
			}
		})
	}
}
