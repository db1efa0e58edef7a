package admin

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// guard is what every request passes first.
func guard(next http.Handler, names []string) http.Handler {
	sameOrigin := http.NewCrossOriginProtection() // of requests that change something
	checked := sameOrigin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		switch {
		case !hostAllowed(r.Host, names, local):
			http.Error(w, "host: not a name of this server", http.StatusMisdirectedRequest)
		case r.Header.Get("Sec-Fetch-Site") == "cross-site":
			http.Error(w, "request of another site's page", http.StatusForbidden)
		default:
			r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
			checked.ServeHTTP(w, r)
		}
	})
}

// hostAllowed reports whether a Host field names this server in a way that no one else
// can make it: "localhost", a loopback address, the address that was connected to, or one
// of names. Any other name from the DNS is whoever's who runs that zone (DNS rebinding).
func hostAllowed(host string, names []string, local net.Addr) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	if strings.EqualFold(host, "localhost") || slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(host, n) }) {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	if ip.IsLoopback() {
		return true
	}
	tcp, ok := local.(*net.TCPAddr)
	return ok && ip == tcp.AddrPort().Addr().Unmap().WithZone("")
}
