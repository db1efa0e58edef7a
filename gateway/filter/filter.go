// Package filter is what can be done to an exchange between its route and its backend.
//
// A Filter is compiled once for each place it is configured in and shared by all
// requests there: it holds configuration, never a request's state, which goes into the
// slots of the Exchange. A Chain is the filters of one route and one of its backends,
// merged at compile time from gateway, listener, route and backend, in the one order of
// order.go. Running a chain allocates nothing.
package filter

import "github.com/fairlead-mesh/fairlead/gateway/exchange"

// Verdict is what a filter decided.
type Verdict uint8

// Verdicts.
const (
	// Continue goes on to the next filter.
	Continue Verdict = iota
	// Respond ends the request pass: ex.Response holds the answer (see
	// exchange.Exchange.Respond). The response pass starts at this filter.
	Respond
	// Reset kills the stream without an answer; ex.Failure says why.
	Reset
)

// Filter is one thing done to requests and responses.
type Filter interface {
	// Kind places the filter in the order.
	Kind() Kind
	// Request runs before the request goes upstream.
	Request(ex *exchange.Exchange) Verdict
	// Response runs before the response goes to the client, the proxy's own answers
	// included. It runs only if Request did.
	Response(ex *exchange.Exchange) Verdict
}

// Level is how wide a filter's place of configuration is.
type Level uint8

// Levels, widest first. Within a kind, wide filters run before narrow ones.
const (
	LevelGateway Level = iota
	LevelListener
	LevelRoute
	LevelBackend
)

// Placed is a filter and where it was configured.
type Placed struct {
	Filter Filter
	Level  Level
}

// Chain is a merged list of filters. The zero value does nothing.
type Chain struct {
	filters []Filter
}

// Merge orders filters into a chain: by kind, then by level, then as given.
func Merge(placed []Placed) Chain {
	if len(placed) == 0 {
		return Chain{}
	}
	return Chain{filters: ordered(placed)}
}

// Len returns the number of filters.
func (c *Chain) Len() int { return len(c.filters) }

// Request runs the request pass. It returns the verdict and how many filters ran, which
// Response wants back.
func (c *Chain) Request(ex *exchange.Exchange) (Verdict, int) {
	for i, f := range c.filters {
		if v := f.Request(ex); v != Continue {
			return v, i + 1
		}
	}
	return Continue, len(c.filters)
}

// Response runs the response pass over the first n filters, last one first. Respond
// replaces the response and goes on; Reset ends the pass.
func (c *Chain) Response(ex *exchange.Exchange, n int) Verdict {
	for i := n - 1; i >= 0; i-- {
		if c.filters[i].Response(ex) == Reset {
			return Reset
		}
	}
	return Continue
}
