package controlplane

import (
	networking "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/fairlead-mesh/fairlead/controlplane/collect"
)

const istioNetworking = "networking.istio.io"

// istioInputs are the kinds of Istio's API.
type istioInputs struct {
	gateways         *collect.Source[*networking.Gateway]
	virtualServices  *collect.Source[*networking.VirtualService]
	destinationRules *collect.Source[*networking.DestinationRule]
	serviceEntries   *collect.Source[*networking.ServiceEntry]
}

func newIstioInputs(g *collect.Graph, in *inputs) istioInputs {
	return istioInputs{
		gateways:         input[*networking.Gateway](g, in, istioNetworking, "Gateway"),
		virtualServices:  input[*networking.VirtualService](g, in, istioNetworking, "VirtualService"),
		destinationRules: input[*networking.DestinationRule](g, in, istioNetworking, "DestinationRule"),
		serviceEntries:   input[*networking.ServiceEntry](g, in, istioNetworking, "ServiceEntry"),
	}
}
