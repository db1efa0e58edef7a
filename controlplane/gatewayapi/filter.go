package gatewayapi

import (
	"strings"

	gwv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// filterSet is a rule's or a backendRef's filters.
type filterSet struct {
	filters  []*config.HttpFilter
	redirect *config.Redirect
}

// httpFilters translates the filters of a rule or of a backendRef. The contract has one
// order for all kinds; those here do not depend on each other.
func httpFilters(in []gwv1.HTTPRouteFilter, field string, prefixes bool, out *faults) filterSet {
	var set filterSet
	seen := map[gwv1.HTTPRouteFilterType]bool{}
	for i := range in {
		f, at := &in[i], fieldAt(field, i)
		if seen[f.Type] {
			out.add(unsupported(at+".type", "%s is there twice", f.Type))
			continue
		}
		seen[f.Type] = true
		set.take(f, at, prefixes, out)
	}
	if seen[gwv1.HTTPRouteFilterRequestRedirect] && seen[gwv1.HTTPRouteFilterURLRewrite] {
		out.add(faultf(string(gwv1.RouteReasonIncompatibleFilters), field,
			"RequestRedirect and URLRewrite exclude each other"))
	}
	return set
}

func (s *filterSet) take(f *gwv1.HTTPRouteFilter, at string, prefixes bool, out *faults) {
	switch f.Type {
	case gwv1.HTTPRouteFilterRequestHeaderModifier:
		if m := headerModifier(f.RequestHeaderModifier, at+".requestHeaderModifier", out); m != nil {
			s.filters = append(s.filters, &config.HttpFilter{Kind: &config.HttpFilter_RequestHeaders{RequestHeaders: m}})
		}
	case gwv1.HTTPRouteFilterResponseHeaderModifier:
		if m := headerModifier(f.ResponseHeaderModifier, at+".responseHeaderModifier", out); m != nil {
			s.filters = append(s.filters, &config.HttpFilter{Kind: &config.HttpFilter_ResponseHeaders{ResponseHeaders: m}})
		}
	case gwv1.HTTPRouteFilterURLRewrite:
		if w := urlRewrite(f.URLRewrite, at+".urlRewrite", prefixes, out); w != nil {
			s.filters = append(s.filters, &config.HttpFilter{Kind: &config.HttpFilter_Rewrite{Rewrite: w}})
		}
	case gwv1.HTTPRouteFilterRequestRedirect:
		s.redirect = redirect(f.RequestRedirect, at+".requestRedirect", prefixes, out)
	default:
		out.add(unsupported(at+".type", "%q is not supported yet", f.Type))
	}
}

func missing(field string) *Fault { return unsupported(field, "is missing") }

// unmodifiable are fields that frame the message or belong to the connection (RFC 9110
// §7.6.1, RFC 9112 §6), and Host, which URLRewrite's hostname sets.
var unmodifiable = map[string]bool{
	"connection": true, "content-length": true, "host": true, "keep-alive": true, "proxy-connection": true,
	"te": true, "trailer": true, "transfer-encoding": true, "upgrade": true,
}

// headerEdit makes a HeaderModifier and checks it.
type headerEdit struct {
	out *faults
	// by holds the list that first named each field.
	by map[string]string
}

func headerModifier(in *gwv1.HTTPHeaderFilter, field string, out *faults) *config.HeaderModifier {
	if in == nil {
		out.add(missing(field))
		return nil
	}
	e := headerEdit{out: out, by: map[string]string{}}
	m := &config.HeaderModifier{Set: e.values(in.Set, field, "set"), Add: e.values(in.Add, field, "add")}
	for i, name := range in.Remove {
		if e.mayEdit(name, field, "remove", i) {
			m.Remove = append(m.Remove, name)
		}
	}
	return m
}

func (e *headerEdit) values(in []gwv1.HTTPHeader, field, list string) []*config.HeaderValue {
	var out []*config.HeaderValue
	for i, h := range in {
		if !e.mayEdit(string(h.Name), field, list, i) {
			continue
		}
		e.out.add(valueFault(h.Value, fieldAt(field+"."+list, i)+".value"))
		out = append(out, &config.HeaderValue{Name: string(h.Name), Value: h.Value})
	}
	return out
}

// mayEdit reports whether to take an entry. Of equal names in one list the first counts;
// equal names in two lists are a fault.
func (e *headerEdit) mayEdit(name, field, list string, i int) bool {
	at := fieldAt(field+"."+list, i)
	lower := strings.ToLower(name)
	switch first := e.by[lower]; {
	case !isToken(name):
		e.out.add(unsupported(at, "%q is not a field name", name))
		return false
	case unmodifiable[lower]:
		e.out.add(unsupported(at, "%s cannot be modified", name))
		return false
	case first == list:
		return false
	case first != "":
		e.out.add(unsupported(at, "%s is in %s too", name, first))
		return false
	}
	e.by[lower] = list
	return true
}

// valueFault refuses what RFC 9110 §5.5 does not allow in a field value.
func valueFault(value, field string) *Fault {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return unsupported(field, "%q holds a control byte", value)
		}
	}
	if strings.Trim(value, " \t") != value {
		return unsupported(field, "%q begins or ends with a blank", value)
	}
	return nil
}
