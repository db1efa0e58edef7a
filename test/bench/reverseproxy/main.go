// Command reverseproxy is the peer that a Go programmer would write in an hour: httputil.ReverseProxy behind an
// http.ServeMux, with the settings that matter made right (idle connections kept for every client, pooled
// copy buffers, no compression).
//
//	reverseproxy LISTEN ORIGIN [forwarded]
//
// It does what every peer of the benchmark is configured to do: /api to the origin with the prefix
// taken off, one request and one response header set, two more routes beside it.
package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

func main() {
	if len(os.Args) < 3 {
		fatal(errors.New("usage: reverseproxy LISTEN ORIGIN [forwarded]"))
	}
	forwarded := slices.Contains(os.Args[3:], "forwarded")
	server := &http.Server{
		Addr:              os.Args[1],
		Handler:           routes(&url.URL{Scheme: "http", Host: os.Args[2]}, forwarded),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       10 * time.Minute,
	}
	fatal(server.ListenAndServe())
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "reverseproxy:", err)
	os.Exit(1)
}

// routes makes the proxy's handler. If forwarded, it tells the origin about the client.
func routes(origin *url.URL, forwarded bool) http.Handler {
	transport := &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute, DisableCompression: true}
	mux := http.NewServeMux()
	for _, prefix := range []string{"/api", "/shop", "/static"} {
		mux.Handle(prefix+"/", &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				rewrite(r, origin, prefix)
				if forwarded {
					r.SetXForwarded()
				}
				if prefix == "/api" {
					r.Out.Header.Set("X-Bench-Request", "set")
				}
			},
			ModifyResponse: func(response *http.Response) error {
				if prefix == "/api" {
					response.Header.Add("X-Bench-Response", "added")
				}
				return nil
			},
			Transport:  transport,
			BufferPool: &buffers{},
		})
	}
	return mux
}

// rewrite takes the prefix off the path and keeps Host, as the other peers do.
func rewrite(r *httputil.ProxyRequest, origin *url.URL, prefix string) {
	r.Out.URL.Scheme, r.Out.URL.Host = origin.Scheme, origin.Host
	r.Out.URL.Path = strings.TrimPrefix(r.In.URL.Path, prefix)
	r.Out.URL.RawPath = strings.TrimPrefix(r.In.URL.RawPath, prefix)
	r.Out.Host = r.In.Host
}

// buffers is a pool of copy buffers of 32 KiB, the size that ReverseProxy allocates itself.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if buffer, ok := b.pool.Get().(*[32 << 10]byte); ok {
		return buffer[:]
	}
	return make([]byte, 32<<10)
}

func (b *buffers) Put(buffer []byte) { b.pool.Put((*[32 << 10]byte)(buffer)) }
