// Package admin is the proxy's own HTTP server, for operators and probes: readiness,
// metrics, the live configuration, what was refused, log levels, profiles. It is no part
// of the request path and shows nothing of requests.
//
// It shows what it is handed (Options) and fetches nothing from its neighbours. Nothing
// in it stops or drains the proxy. Secrets are never shown: see config.Redact.
//
// It is meant for loopback, where other users' programs and, through a browser, other
// sites' pages can reach it as well. So a request must name the server by an IP address
// it was reached at, a loopback address or "localhost" (a page that points its own host
// name here does not get in), requests that a browser marks as another site's are refused,
// and only /logging changes anything.
package admin
