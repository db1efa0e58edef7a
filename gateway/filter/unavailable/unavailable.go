// Package unavailable refuses every request of a target whose policy cannot be enforced.
// It stands where the policy would: closed.
package unavailable

import (
	"github.com/fairlead-mesh/fairlead/gateway/exchange"
	"github.com/fairlead-mesh/fairlead/gateway/filter"
)

var failure = &exchange.Error{
	Kind: exchange.KindPolicyUnavailable, Source: exchange.SourceUs, Reason: "policy_rejected",
}

type refuse struct{}

// New returns the filter. The body says no more than it must: the policy's name is in
// the proxy's list of refused resources.
func New() filter.Filter { return refuse{} }

func (refuse) Kind() filter.Kind { return filter.KindUnavailable }

func (refuse) Request(ex *exchange.Exchange) filter.Verdict {
	ex.Failure = failure
	ex.Respond(failure.HTTPStatus(), plain, body)
	return filter.Respond
}

func (refuse) Response(*exchange.Exchange) filter.Verdict { return filter.Continue }

var (
	plain = []byte("text/plain")
	body  = []byte("a policy of this route cannot be enforced\n")
)
