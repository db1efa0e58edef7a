package snapshot

import (
	"errors"
	"fmt"

	"github.com/fairlead-mesh/fairlead/gateway/config"
	"github.com/fairlead-mesh/fairlead/gateway/filter"
	"github.com/fairlead-mesh/fairlead/gateway/filter/headers"
	"github.com/fairlead-mesh/fairlead/gateway/filter/rewrite"
	"github.com/fairlead-mesh/fairlead/gateway/filter/unavailable"
)

// compileFilter makes the filter of a config.HttpFilter.
func compileFilter(f *config.HttpFilter) (filter.Filter, error) {
	switch k := f.GetKind().(type) {
	case *config.HttpFilter_RequestHeaders:
		out, err := headers.Request(k.RequestHeaders)
		return named("request_headers", out, err)
	case *config.HttpFilter_ResponseHeaders:
		out, err := headers.Response(k.ResponseHeaders)
		return named("response_headers", out, err)
	case *config.HttpFilter_Rewrite:
		out, err := rewrite.New(k.Rewrite)
		return named("rewrite", out, err)
	}
	return nil, errors.New("kind: this proxy knows no such filter")
}

func named(name string, f filter.Filter, err error) (filter.Filter, error) {
	if err != nil {
		return nil, fmt.Errorf("%s.%w", name, err)
	}
	return f, nil
}

// compileFilters makes the filters of one place.
func compileFilters(where string, fs []*config.HttpFilter, level filter.Level) ([]filter.Placed, error) {
	out := make([]filter.Placed, 0, len(fs))
	for i, f := range fs {
		c, err := compileFilter(f)
		if err != nil {
			return nil, fmt.Errorf("%s.filters[%d].%w", where, i, err)
		}
		out = append(out, filter.Placed{Filter: c, Level: level})
	}
	return out, nil
}

// policy is a compiled config.Policy.
type policy struct {
	cfg     *config.Policy
	filters []filter.Filter
}

// closed returns the policy as one that refuses everything at its targets.
func closed(cfg *config.Policy) *policy {
	return &policy{cfg: cfg, filters: []filter.Filter{unavailable.New()}}
}

func compilePolicy(cfg *config.Policy) (*policy, error) {
	p := &policy{cfg: cfg}
	switch k := cfg.GetKind().(type) {
	case *config.Policy_Headers:
		if m := k.Headers.GetRequest(); m != nil {
			f, err := headers.Request(m)
			if err != nil {
				return nil, fmt.Errorf("headers.request.%w", err)
			}
			p.filters = append(p.filters, f)
		}
		if m := k.Headers.GetResponse(); m != nil {
			f, err := headers.Response(m)
			if err != nil {
				return nil, fmt.Errorf("headers.response.%w", err)
			}
			p.filters = append(p.filters, f)
		}
		return p, nil
	case *config.Policy_Unenforced:
		return closed(cfg), nil
	}
	return nil, errors.New("kind: this proxy knows no such policy")
}
