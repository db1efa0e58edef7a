package manifest

import (
	"net/netip"
	"strings"

	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// Contract is what Edge becomes in the contract, in its YAML form.
func Contract(listen, origin netip.AddrPort) (string, error) {
	const gateway, listener, backend, set = "gatewayapi/bench/edge", "gatewayapi/bench/edge/http",
		"outbound|80||origin.bench.svc.cluster.local", "origin.bench.svc.cluster.local|80"
	resources := []*config.Resource{
		{Kind: &config.Resource_Gateway{Gateway: &config.Gateway{Name: gateway}}},
		{Kind: &config.Resource_Listener{Listener: &config.Listener{
			Name: listener, Gateway: gateway, Protocol: config.Protocol_PROTOCOL_HTTP,
			Address: listen.Addr().String(), Port: uint32(listen.Port()),
		}}},
		{Kind: &config.Resource_Backend{Backend: &config.Backend{Name: backend, EndpointSet: set}}},
		{Kind: &config.Resource_Endpoint{Endpoint: &config.Endpoint{
			Name: set + "/" + origin.String(), Set: set,
			Address: origin.Addr().String(), Port: uint32(origin.Port()),
		}}},
	}
	for i, prefix := range Prefixes {
		route := contractRoute(prefix, listener, backend)
		if i == 0 {
			http := route.GetHttp()
			http.Filters = append(http.Filters,
				&config.HttpFilter{Kind: &config.HttpFilter_RequestHeaders{RequestHeaders: &config.HeaderModifier{
					Set: []*config.HeaderValue{{Name: RequestField, Value: RequestValue}},
				}}},
				&config.HttpFilter{Kind: &config.HttpFilter_ResponseHeaders{ResponseHeaders: &config.HeaderModifier{
					Add: []*config.HeaderValue{{Name: ResponseField, Value: ResponseValue}},
				}}},
			)
		}
		resources = append(resources, &config.Resource{Kind: &config.Resource_Route{Route: route}})
	}
	text, err := config.MarshalYAML(resources)
	return string(text), err
}

// contractRoute is the Route of a prefix, with its rewrite.
func contractRoute(prefix, listener, backend string) *config.Route {
	return &config.Route{
		Name:        "httproute/bench/" + strings.Trim(prefix, "/") + "/0",
		Attachments: []*config.Attachment{{Listener: listener}},
		Order:       &config.Order{Key: "bench/" + strings.Trim(prefix, "/")},
		Rule: &config.Route_Http{Http: &config.HttpRule{
			Precedence: config.Precedence_PRECEDENCE_BY_SPECIFICITY,
			Matches: []*config.HttpMatch{{
				Path: &config.PathMatch{Kind: &config.PathMatch_SegmentPrefix{SegmentPrefix: prefix}},
			}},
			Action: &config.HttpRule_Forward{Forward: &config.Forward{Backends: []*config.WeightedBackend{
				{Target: &config.WeightedBackend_Backend{Backend: backend}, Weight: 1},
			}}},
			Filters: []*config.HttpFilter{{Kind: &config.HttpFilter_Rewrite{Rewrite: &config.UrlRewrite{
				Path: &config.PathRewrite{Kind: &config.PathRewrite_ReplacePrefix{ReplacePrefix: "/"}},
			}}}},
		}},
	}
}
