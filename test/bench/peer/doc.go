// Package peer configures and starts the proxies that are compared: Fairlead, nginx, HAProxy and
// httputil.ReverseProxy. All get the same work: three routes by path prefix, the prefix taken off, and on the
// measured one a request header set and a response header added; connections to the origin kept; metrics on
// where the proxy has them; no access log. Verify checks that they do it.
//
// Configuration goes to the directory the caller gives, listeners to the addresses it gives.
package peer
