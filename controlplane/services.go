package controlplane

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/collect"
	"github.com/fairlead-mesh/fairlead/controlplane/service"
	"github.com/fairlead-mesh/fairlead/gateway/config"
)

// serviceKey is the key of the Service that an EndpointSlice belongs to.
func serviceKey(s *discoveryv1.EndpointSlice) []string {
	name := s.Labels[discoveryv1.LabelServiceName]
	if name == "" {
		return nil
	}
	return []string{objectKey(s.Namespace, name)}
}

// endpoints are those of every Service.
func endpoints(in *inputs, options service.Options) collect.Collection[*config.Resource] {
	byService := collect.NewIndex("slices by service", in.slices, serviceKey)
	return collect.FlatMap("service endpoints", in.services, resourceKey,
		func(ctx *collect.Context, svc *corev1.Service) []*config.Resource {
			labels := func(ref *corev1.ObjectReference) map[string]string {
				if pod, ok := collect.Get(ctx, in.pods, objectKey(ref.Namespace, ref.Name)); ok {
					return pod.Labels
				}
				return nil
			}
			return wrap(options.Endpoints(svc, collect.Lookup(ctx, byService, ctx.Key()), labels))
		})
}

func resourceKey(r *config.Resource) string { return config.NameOf(r).String() }

func wrap[M config.Message](messages []M) []*config.Resource {
	out := make([]*config.Resource, len(messages))
	for i, m := range messages {
		out[i] = config.Wrap(m)
	}
	return out
}
