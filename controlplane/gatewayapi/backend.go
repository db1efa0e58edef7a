package gatewayapi

import (
	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/service"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// maxWeight is the API's and the contract's.
const maxWeight = 1_000_000

// refResolver resolves the backendRefs of one route.
type refResolver struct {
	t    Translator
	look Lookups
	from Referrer
}

// forward returns the action of a rule without redirect: 500 if there is nothing to
// forward to.
func (r refResolver) forward(in []gwv1.HTTPBackendRef, field string, prefixes bool, rule *httpRule) *config.Forward {
	out := &config.Forward{}
	var total uint32
	for i := range in {
		at := fieldAt(field, i)
		b := r.share(&in[i], at, rule)
		f := httpFilters(in[i].Filters, at+".filters", prefixes, &rule.faults)
		if f.redirect != nil {
			rule.faults.add(unsupported(at+".filters", "RequestRedirect is not supported for a backendRef"))
		}
		b.Filters = f.filters
		total += b.Weight
		out.Backends = append(out.Backends, b)
	}
	switch {
	case len(in) == 0:
		out.Backends = append(out.Backends, failing(field+": is empty", 1))
	case total == 0:
		out.Backends = append(out.Backends, failing(field+": every weight is 0", 1))
	}
	return out
}

func (r refResolver) share(in *gwv1.HTTPBackendRef, field string, rule *httpRule) *config.WeightedBackend {
	weight := derefOr(in.Weight, 1)
	if weight < 0 || weight > maxWeight {
		rule.faults.add(unsupported(field+".weight", "%d is not from 0 to %d", weight, maxWeight))
		weight = 0
	}
	name, wrong := r.resolve(&in.BackendObjectReference, field)
	if wrong != nil {
		rule.refs.add(wrong)
		return failing(wrong.String(), uint32(weight))
	}
	return &config.WeightedBackend{Target: &config.WeightedBackend_Backend{Backend: name}, Weight: uint32(weight)}
}

// resolve returns the name of the Backend. Permission is looked at before existence, so
// that nobody learns what another namespace holds.
func (r refResolver) resolve(ref *gwv1.BackendObjectReference, field string) (string, *Fault) {
	group, kind := deref(ref.Group), derefOr(ref.Kind, kindService)
	if group != "" || kind != kindService {
		return "", faultf(string(gwv1.RouteReasonInvalidKind), field, "%s is not a kind of backend that is supported",
			kindName(group, kind))
	}
	to := Referent{
		Kind:      kind,
		Namespace: string(derefOr(ref.Namespace, gwv1.Namespace(r.from.Namespace))),
		Name:      string(ref.Name),
	}
	if to.Namespace != r.from.Namespace && !Permits(r.look.Grants(to.Namespace), r.from, to) {
		return "", faultf(string(gwv1.RouteReasonRefNotPermitted), field,
			"no ReferenceGrant permits %s of %s to refer to Service %s/%s", r.from.Kind, r.from.Namespace, to.Namespace, to.Name)
	}
	if ref.Port == nil {
		return "", faultf(string(gwv1.RouteReasonBackendNotFound), field+".port", "is missing")
	}
	return r.service(to, *ref.Port, field)
}

func (r refResolver) service(to Referent, number int32, field string) (string, *Fault) {
	svc := r.look.Service(to.Namespace, to.Name)
	if svc == nil {
		return "", faultf(string(gwv1.RouteReasonBackendNotFound), field, "there is no Service %s/%s", to.Namespace, to.Name)
	}
	if why := r.t.Services.Refusal(svc); why != "" {
		return "", faultf(string(gwv1.RouteReasonRefNotPermitted), field, "Service %s/%s: %s", to.Namespace, to.Name, why)
	}
	port := service.Port(svc, number)
	if port == nil {
		return "", faultf(string(gwv1.RouteReasonBackendNotFound), field, "Service %s/%s has no TCP port %d",
			to.Namespace, to.Name, number)
	}
	if _, spoken := service.Protocol(port); !spoken {
		return "", faultf(string(gwv1.RouteReasonUnsupportedProtocol), field,
			"Service %s/%s port %d has appProtocol %q, which is not supported yet", to.Namespace, to.Name, number, *port.AppProtocol)
	}
	return service.BackendName(r.t.Services.Host(to.Namespace, to.Name), number, ""), nil
}
