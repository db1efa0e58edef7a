// Package routing finds the route of a request.
//
// A Table holds the HTTP routes of one listener. It is looked up in three steps, each
// its own package: the host name (hostmatch) gives the routes of the most specific
// hostname, the path (pathtree) gives the candidates among those, and the candidate with
// the best rank whose other conditions (predicate) hold is the route. If none holds, less
// specific hostnames are tried, unless the hostname's routes are Istio's, which do not
// hand on.
//
// Rank is decided at compile time: each match of each route is an entry with a total
// order (see rank), so that neither the number of routes nor the order in which they came
// matters to a request or to the outcome.
//
// Tables are immutable and share what did not change: an edit costs the routes it touches.
package routing
